"""The drawn layers against independent references and against the text: nothing is further off than it promises.

The references lie beside the project (`../shared/reference`), not in it; where they are not, what needs them
is skipped. That parts lie in their wholes and members of one layout do not overlap is held always.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.earth import geodesy
from gis.io.geojson import Feature, read_features
from tests import ROOT

REFERENCES = ROOT.parent / "shared" / "reference"
needs_references = pytest.mark.skipif(
    not REFERENCES.is_dir(), reason="the references that the layers are held against are not here (../shared/reference)"
)
STEP_M = 25.0
# What two outlines that share a side may overlap by rounding to six decimals and by clipping along other vertices.
SEAM_KM2 = 0.001

# Drawn road, names of the reference's centre lines, stretch (west, south, east, north) where both are drawn.
ROADS = [
    ("caoan-road", "曹安公路", (121.15, 31.25, 121.36, 31.30)),
    ("icv-first-test-roads", "北安德路", (121.16, 31.26, 121.18, 31.28)),
    ("icv-first-test-roads", "博园路", (121.17, 31.26, 121.1898, 31.29)),
    ("software-park-axis", "曹安公路", (121.1715, 31.28, 121.1895, 31.30)),
]
# Zone or site, the road that is its side, stretch of the side.
SIDES = [
    ("auto-city-parts-park", "嘉松北路", (121.194, 31.3196, 121.2139, 31.342)),
    ("new-energy-base", "嘉松北路", (121.18, 31.3437, 121.1924, 31.355)),
    ("new-energy-port", "恒谐路", (121.18, 31.34, 121.195, 31.345)),
    ("f1-circuit", "宝安公路", (121.2152, 31.31, 121.2285, 31.33)),
]
ON_CAOAN_ROAD = [
    "anting-automobile-manufacturing-base",
    "saic-vw-anting-base",
    "hydrogen-port",
    "anting-huantongji-area",
    "auto-city-core-area",
    "software-linkage-axis",
    "caoan-road-corridor",
    "auto-software-park",
]
# Zone or firm, street crossing or gate of the public route list.
STOPS = [
    ("auto-city-parts-park", "园国路园大路"),
    ("auto-city-parts-park", "园国路百安公路"),
    ("auto-city-parts-park", "园大路园际路"),
    ("auto-city-parts-park", "园大路宝安公路"),
    ("auto-city-parts-park", "园工路于塘路"),
    ("auto-city-parts-park", "园汽路园福路"),
    ("auto-city-parts-park", "百安路泰顺路"),
    ("auto-city-parts-park", "恩坦华西南门"),
    ("auto-innovation-port", "创新港（舍弗勒）"),
    ("auto-software-park", "创新港（舍弗勒）"),
    ("smart-sensor-park", "管委会"),
    ("united-imaging", "联影医疗正门"),
    ("shengchuang-tech-park", "盛创企业家园华东 32所"),
    ("f1-circuit", "上海赛车场"),
    ("icv-first-test-roads", "会展中心(博物馆)"),
    ("icv-first-test-roads", "嘉亭荟（安亭站)"),
    ("caoan-road", "同济大学"),
]
# Feature, control point that lies on it or in it.
CONTROLS = [
    ("caoan-road", "封浜站(地铁14号线)"),
    ("caoan-road", "乐秀路站"),
    ("caoan-road", "嘉怡路站"),
    ("auto-city-core-area", "安亭汽车城"),
    ("auto-city-core-area", "上海汽车博物馆"),
    ("anting-huantongji-area", "同济大学嘉定校区"),
    ("f1-circuit", "上海赛车场站(地铁11号线)"),
    ("jiading-new-town", "白银路站(地铁11号线)"),
    ("jiading-new-town", "嘉定区政府"),
    ("jiading-new-town", "嘉定西站(地铁11号线)"),
    ("huli-old-industrial-area", "湖里公园站"),
    ("huli-old-industrial-area", "华荣路站"),
    ("gaoqi-airport-block", "厦门高崎国际机场 跑道05/23 端点a"),
    ("gaoqi-airport-block", "厦门高崎国际机场 跑道05/23 端点b"),
    ("future-sci-tech-city", "良睦路站"),
    ("future-sci-tech-city", "葛巷站"),
    ("future-sci-tech-city", "永福站"),
    ("open-test-roads-2020", "葛巷站"),
    ("xiaoshan-international-airport", "杭州萧山国际机场 跑道06/24 端点a"),
    ("xiaoshan-district", "杭州萧山国际机场 跑道06/24 端点a"),
]
# Firm or site, address of a road stretch of the public dashboard.
ADDRESSES = [
    ("wpg-smart-water", "嘉定区外冈镇嘉松北路上海威派格"),
    ("gemdale-viseen", "嘉定区外冈镇恒永路金地威新智造园"),
    ("gemdale-viseen-complex", "嘉定区外冈镇恒永路金地威新智造园"),
    ("new-energy-port", "嘉定区外冈镇恒永路金地威新智造园"),
    ("new-energy-base", "嘉定区外冈镇嘉松北路上海威派格"),
]
AIRPORTS = [("gaoqi-airport-block", "airside_hull_huli"), ("xiaoshan-international-airport", "airside_hull_hangzhou")]
# Members of one layout that the tables do not nest and that are drawn over each other, each with its reason.
DRAWN_OVER_EACH_OTHER = {
    frozenset(
        {"jiading-new-town", "jiading-industrial-zone"}
    ): "the southern part of the zone is ground of the new town",
    frozenset({"auto-software-park", "auto-innovation-port"}): "the park's core is the port and what surrounds it",
    frozenset(
        {"huli-old-industrial-area", "king-long-global-rd-hq"}
    ): "both in the incubation area; the HQ's site is not published",
    frozenset(
        {"huli-old-industrial-area", "tiandi-smart-transport-park"}
    ): "the same; the park's site is not published",
    frozenset(
        {"king-long-global-rd-hq", "tiandi-smart-transport-park"}
    ): "two proxies of nominal size; neither site is published, both are known only to lie in the incubation area",
}


@cache
def features() -> dict[str, Feature]:
    return {
        feature.properties["id"]: feature
        for path in sorted((ROOT / "layers").glob("*/*.geojson"))
        for feature in read_features(path)
        if feature.geometry is not None
    }


def drawn(id_: str) -> BaseGeometry:
    geometry = features()[id_].geometry
    assert geometry is not None
    return geometry


def accuracy_m(id_: str) -> float:
    return float(features()[id_].properties["accuracy_m"])


def metric(geometry: BaseGeometry, near: BaseGeometry) -> BaseGeometry:
    return geodesy.to_metric(geometry, geodesy.metric_crs_for(near.bounds))


def distance_m(one: BaseGeometry, other: BaseGeometry) -> float:
    return float(metric(one, other).distance(metric(other, other)))


def distances_m(line: BaseGeometry, to: BaseGeometry) -> NDArray[np.float64]:
    """Distances of points every 25 m along a line from a geometry."""
    there = metric(to, to)
    points = [
        part.interpolate(along)
        for part in shapely.get_parts(metric(line, to))
        for along in np.append(np.arange(0, part.length, STEP_M), part.length)
    ]
    return np.asarray(shapely.distance(points, there))


def ground(name: str) -> list[tuple[dict[str, Any], BaseGeometry]]:
    found = read_features(REFERENCES / "ground" / f"{name}.geojson")
    return [(properties, geometry) for properties, geometry in found if geometry is not None]


@cache
def centre_line(name: str, status: str | None = None) -> BaseGeometry:
    lines = [
        geometry
        for properties, geometry in ground("named_roads_jiading_centrelines")
        if properties["name"] == name and status in {None, properties["status"]}
    ]
    assert lines, name
    return shapely.union_all(lines)


@cache
def listed(file: str) -> dict[str, list[tuple[shapely.Point, float]]]:
    """The points of a CSV of the references by name, each with its tolerance in metres."""
    found: dict[str, list[tuple[shapely.Point, float]]] = {}
    with (REFERENCES / file).open(encoding="utf-8-sig", newline="") as rows:
        for row in csv.DictReader(rows):
            place = shapely.Point(float(row["lon"]), float(row["lat"]))
            found.setdefault(row["name"], []).append((place, float(row["tolerance_m"])))
    return found


@needs_references
@pytest.mark.parametrize(("id_", "name", "stretch"), ROADS, ids=[f"{row[0]}-{row[1]}" for row in ROADS])
def test_a_road_is_drawn_where_its_centre_line_runs(
    id_: str, name: str, stretch: tuple[float, float, float, float]
) -> None:
    window = shapely.box(*stretch)
    measured = centre_line(name, "measured").intersection(window)
    if not measured.is_empty:
        off = float(np.percentile(distances_m(measured, drawn(id_)), 95))
        assert off <= accuracy_m(id_), f"{id_}: {name} lies {off:.0f} m off at 95 %, promised {accuracy_m(id_):.0f} m"
    if id_ in {"caoan-road", "software-park-axis"}:
        off = float(np.percentile(distances_m(drawn(id_).intersection(window), centre_line(name)), 95))
        assert off <= accuracy_m(id_), f"{id_} runs {off:.0f} m off {name} at 95 %, promised {accuracy_m(id_):.0f} m"


@needs_references
@pytest.mark.parametrize(("id_", "name", "stretch"), SIDES, ids=[f"{row[0]}-{row[1]}" for row in SIDES])
def test_a_side_that_follows_a_road_lies_on_it(id_: str, name: str, stretch: tuple[float, float, float, float]) -> None:
    road = centre_line(name, "measured").intersection(shapely.box(*stretch))
    off = float(np.percentile(distances_m(road, drawn(id_).boundary), 95))
    assert off <= min(accuracy_m(id_), 400), f"{id_}: its side along {name} lies {off:.0f} m off at 95 %"


@needs_references
@pytest.mark.parametrize(("id_", "name"), STOPS, ids=[f"{row[0]}-{row[1]}" for row in STOPS])
def test_a_street_crossing_or_gate_lies_at_the_feature_that_it_belongs_to(id_: str, name: str) -> None:
    for place, tolerance in listed("street_points_jiading.csv")[name]:
        off = distance_m(place, drawn(id_))
        allowed = min(accuracy_m(id_), 700) + tolerance
        assert off <= allowed, f"{name} lies {off:.0f} m from {id_}, allowed {allowed:.0f} m"


@needs_references
def test_every_surveyed_crossing_of_the_parts_park_lies_inside_it() -> None:
    for id_, name in STOPS:
        if id_ == "auto-city-parts-park":
            for place, _ in listed("street_points_jiading.csv")[name]:
                assert drawn(id_).covers(place), f"{name} lies {distance_m(place, drawn(id_)):.0f} m outside {id_}"


@needs_references
@pytest.mark.parametrize(("id_", "name"), CONTROLS, ids=[f"{row[0]}-{row[1]}" for row in CONTROLS])
def test_a_control_point_lies_on_or_in_its_feature(id_: str, name: str) -> None:
    [(place, tolerance)] = listed("control_points.csv")[name]
    off = distance_m(place, drawn(id_))
    allowed = min(accuracy_m(id_), 500) + tolerance
    assert off <= allowed, f"{name} lies {off:.0f} m from {id_}, allowed {allowed:.0f} m"


@needs_references
@pytest.mark.parametrize(("id_", "address"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_an_address_of_the_dashboard_lies_at_the_firm_or_park(id_: str, address: str) -> None:
    [place] = [
        geometry for properties, geometry in ground("road_stretches_jiading") if properties.get("address") == address
    ]
    off = distance_m(place, drawn(id_))
    assert off <= min(accuracy_m(id_), 500), f"{address} lies {off:.0f} m from {id_}"


@needs_references
@pytest.mark.parametrize(("id_", "hull"), AIRPORTS, ids=[row[0] for row in AIRPORTS])
def test_an_airport_holds_its_airside_and_follows_its_outer_edge(id_: str, hull: str) -> None:
    [(_, airside)] = ground(hull)
    outside = float(geodesy.area_km2(airside.difference(drawn(id_)))) if not drawn(id_).covers(airside) else 0.0
    assert outside <= 0.01 * float(geodesy.area_km2(airside)), f"{id_} leaves {outside:.2f} km² of its airside out"
    off = float(np.percentile(distances_m(airside.convex_hull.boundary, drawn(id_).boundary), 95))
    assert off <= accuracy_m(id_), f"{id_}: the airside's outer edge lies {off:.0f} m off at 95 %"


@pytest.mark.parametrize("id_", ON_CAOAN_ROAD)
def test_a_zone_on_caoan_road_touches_the_road_as_drawn(id_: str) -> None:
    road = drawn("caoan-road").intersection(shapely.box(*drawn(id_).bounds).buffer(0.001))
    off = distance_m(drawn(id_), road)
    assert off <= 1, f"{id_} ends {off:.0f} m off the drawn 曹安公路"


@pytest.mark.parametrize("id_", ["anting-automobile-manufacturing-base", "hydrogen-port", "anting-huantongji-area"])
def test_a_zone_north_of_caoan_road_does_not_cross_it(id_: str) -> None:
    across = distances_m(drawn("caoan-road").intersection(drawn(id_)), drawn(id_).boundary)
    assert across.max(initial=0.0) <= 1, f"the drawn 曹安公路 runs {across.max():.0f} m inside {id_}"


def rows(table: str) -> Iterator[dict[str, str]]:
    for path in sorted((ROOT / "seeds").glob(f"*/{table}.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)


@cache
def wholes() -> dict[str, set[str]]:
    """What each place is directly a part of: by the documents (a parent, or part_of) or as the layer says (within)."""
    found: dict[str, set[str]] = {}
    for id_, feature in features().items():
        if feature.properties.get("within"):
            found.setdefault(id_, set()).add(feature.properties["within"])
    for row in rows("zones"):
        if row["parent"]:
            found.setdefault(row["id"], set()).add(row["parent"])
    for row in rows("relations"):
        if row["relation"] == "part_of" and row["object"]:
            found.setdefault(row["subject"], set()).add(row["object"])
    return found


def lies_in(part: str, whole: str) -> bool:
    return any(one == whole or lies_in(one, whole) for one in wholes().get(part, ()))


def outlines(ids: set[str]) -> list[str]:
    return sorted(id_ for id_ in ids if id_ in features() and shapely.get_dimensions(drawn(id_)) == 2)


def nested_pairs() -> list[tuple[str, str]]:
    return sorted(
        (part, whole)
        for part, found in wholes().items()
        for whole in found
        if part in features() and whole in features() and shapely.get_dimensions(drawn(whole)) == 2
    )


@pytest.mark.parametrize(("part", "whole"), nested_pairs(), ids=[f"{a}-in-{b}" for a, b in nested_pairs()])
def test_a_part_lies_in_its_whole(part: str, whole: str) -> None:
    outside = drawn(part).difference(drawn(whole))
    if shapely.get_dimensions(drawn(part)) == 2:
        share = outside.area / drawn(part).area
        assert share <= 0.002, f"{share:.1%} of {part} lies outside {whole}"
    else:
        assert outside.is_empty, f"{part} lies {distance_m(drawn(part), drawn(whole)):.0f} m outside {whole}"


def layouts() -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for row in rows("zones"):
        if row["system"]:
            found.setdefault(row["system"], set()).add(row["id"])
    return {system: outlines(ids) for system, ids in sorted(found.items()) if len(outlines(ids)) > 1}


@pytest.mark.parametrize("system", layouts())
def test_members_of_one_layout_do_not_overlap_unless_the_text_nests_them(system: str) -> None:
    for one, other in combinations(layouts()[system], 2):
        if lies_in(one, other) or lies_in(other, one) or frozenset({one, other}) in DRAWN_OVER_EACH_OTHER:
            continue
        shared = drawn(one).intersection(drawn(other))
        km2 = (
            float(geodesy.area_km2(shapely.union_all([p for p in shapely.get_parts(shared) if p.area])))
            if shared.area
            else 0
        )
        assert km2 <= SEAM_KM2, f"{one} and {other} overlap by {km2:.3f} km²"


def test_a_pair_that_may_overlap_does() -> None:
    for pair in DRAWN_OVER_EACH_OTHER:
        one, other = sorted(pair)
        assert drawn(one).intersects(drawn(other)), f"{one} and {other} do not meet; take them off the list"


@needs_references
@pytest.mark.parametrize("id_", ["caoan-road", "icv-first-test-roads"])
def test_a_road_is_an_own_digitising_and_no_copy_of_its_reference(id_: str) -> None:
    theirs = {
        tuple(point) for _, line in ground("named_roads_jiading_centrelines") for point in shapely.get_coordinates(line)
    }
    ours = [tuple(point) for point in shapely.get_coordinates(drawn(id_))]
    assert sum(point in theirs for point in ours) <= 1, f"{id_} has the vertices of its reference"
