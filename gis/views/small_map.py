"""Draw a city as a small SVG map: districts, the zones of one system by role, test roads, firms, scale bar."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import cos, floor, hypot, log10, pi, radians, sin
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.measures.coverage import is_open_test_road
from gis.model.layers import Layer, is_sketched
from gis.model.project import Project

WIDTH: Final = 400.0
HEIGHT: Final = 300.0
_MARGIN: Final = 18.0
_METRES_A_DEGREE: Final = 111_320.0
_TOLERANCE: Final = 0.35  # units of the picture, about a third of a pixel on a card
_COLOURS: Final = 8
_Box = tuple[float, float, float, float]
_CHINA: Final[_Box] = (73.5, 18.0, 135.1, 53.6)


@dataclass(frozen=True, slots=True)
class Member:
    """A place of the system that is drawn: its role's position (for the colour), its number, and what it is called."""

    id: str
    role: int
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """From WGS 84 degrees to the picture: a local equirectangular projection, true to scale at its middle latitude."""

    lon: float
    lat: float
    squeeze: float
    scale: float

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        x = (points[:, 0] - self.lon) * self.squeeze * self.scale + WIDTH / 2
        y = HEIGHT / 2 - (points[:, 1] - self.lat) * self.scale
        return np.column_stack([x, y])

    @property
    def metres_a_unit(self) -> float:
        return _METRES_A_DEGREE / self.scale


def small_map(project: Project, city: str, members: Sequence[Member], day: date, title: str, lang: str = "zh") -> str:
    """Draw one city as an `<svg>` element without style of its own; its classes are those of overview.css.

    Args:
        project: the checked project.
        city: id of the city.
        members: the places that are filled, numbered, in the order of their numbers.
        day: the outlines that hold on this day are drawn.
        title: what the picture is called for those who do not see it.
        lang: language of the names on it, `zh` or `en`.
    """
    districts, places = project.layer(city, "districts").holding_on(day), project.places(city)
    zones = [
        (member, places.record(member.id), geometry)
        for member in members
        if member.id in places and (geometry := places.geometry_of(member.id)) is not None
    ]
    ground = sorted(districts, key=lambda item: (item[0]["role"] == "subject", item[0]["level"] == "town"))
    frame = _frame(_extent(project, city, districts, [geometry for *_, geometry in zones]))
    placed = [(m, record, _picture(geometry, frame)) for m, record, geometry in zones]
    placed = [item for item in placed if not item[2].is_empty]
    shapes = [(record, _picture(geometry, frame)) for record, geometry in ground if geometry is not None]
    parts = [f'<path class="{_district_class(record)}" d="{_path(shape)}"/>' for record, shape in shapes]
    patterns = sorted({m.role % _COLOURS for m, record, _ in placed if is_sketched(record)})
    for member, record, shape in sorted(placed, key=lambda item: -item[2].area):
        parts.append(_zone(city, member, shape, sketched=is_sketched(record)))
    roads = [
        _picture(geometry, frame)
        for record, geometry in project.layer(city, "roads").holding_on(day)
        if geometry is not None and is_open_test_road(record)
    ]
    course = "".join(_path(road) for road in roads)
    if course:
        parts += [f'<path class="road casing" d="{course}"/>', f'<path class="road" d="{course}"/>']
    parts += _firms(project.layer(city, "enterprises").holding_on(day), frame)
    bar, taken = _scale_bar(frame)
    labels, taken = _numbers([(m, shape) for m, _, shape in placed], taken)
    parts += [*_names(shapes, taken, lang), *labels, bar]
    defs = "".join(_hatch(city, role) for role in patterns)
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{html.escape(title)}">'
        f"<defs>{defs}</defs>{''.join(parts)}</svg>"
    )


def swatch(city: str, role: int, *, sketched: bool) -> str:
    """Draw a role's fill as a sign for the legend; the hatching is that of the city's map on the same page."""
    colour = role % _COLOURS
    fill = f'class="z sketch s{colour}" fill="url(#{_hatch_id(city, colour)})"' if sketched else _fill(colour)
    return f'<svg viewBox="0 0 20 14" aria-hidden="true"><rect x="1" y="1" width="18" height="12" {fill}/></svg>'


def _extent(project: Project, city: str, districts: Layer, zones: Sequence[BaseGeometry]) -> _Box:
    """West, south, east, north of what must be seen: the city's own district, else what is drawn, else all there is.

    Zones that all lie elsewhere than the district are taken in too.
    """
    subject = project.city(city).subject
    own = [geometry for record, geometry in districts if record["id"] == subject and geometry is not None]
    layers = (districts, project.layer(city, "districts"), project.layer(city, "zones"))
    every = [[geometry for geometry in layer.geometry if geometry is not None] for layer in layers]
    things = [
        geometry
        for kind in ("enterprises", "roads", "facilities")
        for geometry in project.layer(city, kind).placed().geometry
        if geometry is not None
    ]
    chosen: list[BaseGeometry] = own or list(zones) or next((found for found in (*every, things) if found), [])
    if not chosen:
        return _CHINA
    if own and zones and _apart(shapely.total_bounds(own), shapely.total_bounds(list(zones))):
        chosen = [*own, *zones]
    west, south, east, north = (float(value) for value in shapely.total_bounds(chosen))
    return west, south, east, north


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two boxes (west, south, east, north) have nothing in common."""
    return bool((one[2:] < other[:2]).any() or (other[2:] < one[:2]).any())


def _frame(extent: _Box) -> _Frame:
    west, south, east, north = extent
    squeeze = cos(radians((south + north) / 2))
    width, height = max((east - west) * squeeze, 1e-4), max(north - south, 1e-4)
    scale = min((WIDTH - 2 * _MARGIN) / width, (HEIGHT - 2 * _MARGIN) / height)
    return _Frame((west + east) / 2, (south + north) / 2, squeeze, scale)


def _picture(geometry: BaseGeometry, frame: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> BaseGeometry:
    """Bring a geometry into the picture: projected, simplified to what can be seen, cut off a little outside."""
    shape = shapely.transform(shapely.force_2d(geometry), frame)
    if shape.geom_type == "Point":
        return shape
    return shapely.clip_by_rect(shapely.simplify(shape, _TOLERANCE), -6, -6, WIDTH + 6, HEIGHT + 6)


def _centre(shape: BaseGeometry) -> tuple[float, float]:
    """A point on the shape, well inside it where it has an area."""
    point = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
    return float(point[0]), float(point[1])


def _district_class(record: Any) -> str:
    return "d-town" if record["level"] == "town" else f"d-{record['role']}"


def _path(shape: BaseGeometry) -> str:
    """Write the outlines or lines of a shape as path data; a point as a small circle."""
    if shape.geom_type == "Point":
        x, y = _centre(shape)
        return f"M{_xy(x - 5, y)}a5 5 0 1 0 10 0a5 5 0 1 0-10 0z"
    lines: list[str] = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            lines += [_line(ring.coords, closed=True) for ring in (part.exterior, *part.interiors)]
        elif part.geom_type == "LineString":
            lines.append(_line(part.coords, closed=False))
    return "".join(lines)


def _line(points: Iterable[Sequence[float]], *, closed: bool) -> str:
    steps = [_xy(x, y) for x, y in points]
    if closed:
        steps = steps[:-1]
    return (
        "M" + "L".join(step for i, step in enumerate(steps) if not i or step != steps[i - 1]) + ("z" if closed else "")
    )


def _xy(x: float, y: float) -> str:
    return f"{round(x, 1) + 0.0:g} {round(y, 1) + 0.0:g}"


def _hatch_id(city: str, colour: int) -> str:
    # Only letters, digits and - go into url(#…).
    return f"hatch-{city.encode().hex()}-{colour}"


def _hatch(city: str, colour: int) -> str:
    return (
        f'<pattern id="{_hatch_id(city, colour)}" width="5.5" height="5.5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect class="hatch-ground f{colour}" width="5.5" height="5.5"/>'
        f'<path class="hatch-line s{colour}" d="M0 0V5.5"/></pattern>'
    )


def _fill(colour: int) -> str:
    return f'class="z f{colour} s{colour}"'


def _zone(city: str, member: Member, shape: BaseGeometry, *, sketched: bool) -> str:
    colour = member.role % _COLOURS
    fill = f'class="z sketch s{colour}" fill="url(#{_hatch_id(city, colour)})"' if sketched else _fill(colour)
    return f'<path {fill} d="{_path(shape)}"><title>{member.number} {html.escape(member.name)}</title></path>'


def _firms(firms: Layer, frame: _Frame) -> list[str]:
    """Draw the firms whose own position is known; those known only by their place have none to draw."""
    points = [_centre(_picture(geometry, frame)) for geometry in firms.placed().geometry]
    return [
        f'<circle class="firm" cx="{x:.1f}" cy="{y:.1f}" r="2.1"/>'
        for x, y in points
        if 0 <= x <= WIDTH and 0 <= y <= HEIGHT
    ]


def _scale_bar(frame: _Frame) -> tuple[str, list[_Box]]:
    most = 0.25 * WIDTH * frame.metres_a_unit
    power = 10.0 ** floor(log10(most))
    metres = max(step * power for step in (1, 2, 5) if step * power <= most)
    length = metres / frame.metres_a_unit
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    right, y = WIDTH - 10, HEIGHT - 9
    path = f"M{_xy(right - length, y - 5)}V{y:g}H{right:g}v-5"
    bar = (
        f'<path class="scale-bar" d="{path}"/><text class="scale-text" x="{right - length / 2:.1f}" y="{y - 4:g}" '
        f'text-anchor="middle">{text}</text>'
    )
    return bar, [(right - length - 4, y - 16, WIDTH, HEIGHT)]


def _numbers(zones: Sequence[tuple[Member, BaseGeometry]], taken: list[_Box]) -> tuple[list[str], list[_Box]]:
    """Put each zone's number on it, or beside it with a leader where there is no room; large zones come first."""
    drawn: list[str] = []
    taken = [*taken]
    for member, shape in sorted(zones, key=lambda item: (-item[1].area, item[0].number)):
        colour = member.role % _COLOURS
        half = 6.0 if member.number < 10 else 8.0
        home = _centre(shape)
        spot = next((xy for xy in _around(*home) if _is_free(_box(*xy, half, 6.5), taken)), None)
        if spot is None:
            continue
        x, y = spot
        taken.append(_box(x, y, half, 6.5))
        if hypot(x - home[0], y - home[1]) > 9:
            drawn.insert(0, f'<path class="leader s{colour}" d="M{_xy(*home)}L{_xy(x, y)}"/>')
        drawn.append(
            f'<rect class="badge s{colour}" x="{x - half:.1f}" y="{y - 6.5:.1f}" width="{2 * half:g}" height="13" '
            f'rx="6"/>'
            f'<text class="number" x="{x:.1f}" y="{y + 3.2:.1f}">{member.number}</text>'
        )
    return drawn, taken


def _around(x: float, y: float) -> Iterator[tuple[float, float]]:
    yield x, y
    for distance in (15.0, 24.0, 34.0, 46.0):
        for eighth in range(16):
            angle = (eighth * 2 + 1) * pi / 16
            yield x + distance * cos(angle), y - distance * sin(angle)


def _names(shapes: Sequence[tuple[Any, BaseGeometry]], taken: list[_Box], lang: str) -> list[str]:
    """Write the districts' names where there is room."""
    drawn: list[str] = []
    for record, shape in sorted(shapes, key=lambda item: (item[0]["role"] != "subject", -item[1].area)):
        if shape.is_empty or record["level"] == "town":
            continue
        name = str((record.get("name_en") or record["name"]) if lang == "en" else record["name"])
        if len(name) > 24:
            continue
        half = sum(5.4 if ord(letter) > 0x2E80 else 2.9 for letter in name)
        seen = shape.intersection(shapely.box(0, 0, WIDTH, HEIGHT))
        if seen.is_empty:
            continue
        x, y = _centre(seen)
        spots = [(x, y + step) for step in (0, -14, 14, -26, 26)]
        spot = next((s for s in spots if seen.covers(shapely.Point(s)) and _is_free(_box(*s, half, 6), taken)), None)
        if spot is None:
            continue
        taken.append(_box(*spot, half, 6))
        drawn.append(f'<text class="place-name" x="{spot[0]:.1f}" y="{spot[1] + 3.3:.1f}">{html.escape(name)}</text>')
    return drawn


def _box(x: float, y: float, half_width: float, half_height: float) -> _Box:
    return x - half_width, y - half_height, x + half_width, y + half_height


def _is_free(box: _Box, taken: Iterable[_Box]) -> bool:
    west, top, east, bottom = box
    if west < 2 or top < 2 or east > WIDTH - 2 or bottom > HEIGHT - 2:
        return False
    return not any(west < e and w < east and top < b and t < bottom for w, t, e, b in taken)
