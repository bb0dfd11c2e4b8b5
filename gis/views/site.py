"""Assemble what `gis build` makes: for each city a map, tables and layers, and an overview of them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from gis.io.geojson import dump_features
from gis.measures.results import CityResults, city_results
from gis.model.project import Project
from gis.views import tables

if TYPE_CHECKING:
    from gis.measures.reach import Reach
    from gis.views.map.payload import MapPayload

_EXPORTED = ("zones", "enterprises", "roads", "facilities")


@dataclass(frozen=True, slots=True)
class Site:
    """The files of a build by their path in the output folder, the pages among them, and a short table."""

    files: dict[PurePosixPath, bytes]
    pages: list[PurePosixPath]
    summary: list[dict[str, Any]]


def build_site(
    project: Project,
    lang: str = "zh",
    basemap: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Site:
    """Compute each city's results and make all files of them; the same project gives the same bytes.

    Args:
        project: the checked project.
        lang: language of pages and workbooks, `zh` or `en`.
        basemap: an online ground, such as `osm` or `tianditu:KEY`; without one the pages make no request.
        progress: told what is being done.

    Raises:
        UsageError: the basemap is not known, or a city has nothing drawn.
    """
    from gis.views.map.basemap import basemap as online_ground
    from gis.views.map.page import render_page
    from gis.views.overview import render_overview
    from gis.views.workbook import coverage_workbook

    name, _, key = (basemap or "").partition(":")
    ground = online_ground(name, key or None) if basemap else None
    files: dict[PurePosixPath, bytes] = {}
    pages = [PurePosixPath("index.html")]
    results: dict[str, CityResults] = {}
    for number, (id_, city) in enumerate(project.cities.items(), 1):
        progress(f"[{number}/{len(project.cities)}] {city.name}: coverage, reach, overlap …")
        found = results[id_] = city_results(project, id_)
        progress(f"[{number}/{len(project.cities)}] {city.name}: map, tables, layers …")
        folder = PurePosixPath(id_)
        files[folder / "index.html"] = render_page(_payload(project, id_, found), lang, ground)
        files[folder / "coverage.json"] = tables.as_json(found.coverage.as_json()).encode()
        files[folder / "coverage.csv"] = (
            b"\xef\xbb\xbf" + tables.as_csv([row.flat() for row in found.coverage.zones]).encode()
        )
        files[folder / "coverage.xlsx"] = coverage_workbook(project, found, lang)
        for kind in _EXPORTED:
            layer = project.places(id_) if kind == "zones" else project.layer(id_, kind)
            files[folder / f"{kind}.geojson"] = dump_features(
                ((dict(record), geometry) for record, geometry in layer), datum="wgs84"
            )
        pages.append(folder / "index.html")
    files[PurePosixPath("index.html")] = render_overview(project, results, lang)
    return Site(files, pages, [_summary(found) for found in results.values()])


def _payload(project: Project, city: str, found: CityResults) -> MapPayload:
    from gis.views.map.city import build_city_payload

    curves: dict[str, list[Reach]] = {}
    for curve in found.reach:
        curves.setdefault(curve.source, []).append(curve)
    return build_city_payload(project, city, found.coverage, curves, found.overlaps, found.indicators)


def _summary(found: CityResults) -> dict[str, Any]:
    result = found.coverage
    return {
        "city": result.city,
        "zones": result.zone_count,
        "systems": len(result.systems),
        "firms": result.enterprises,
        "known position": result.placed,
        "known by place": result.known_by_place,
        "unplaced": result.unplaced,
        "test road km": None if result.total.test_road_km is None else round(result.total.test_road_km, 1),
    }
