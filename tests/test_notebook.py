"""The face for notebooks: what it gives, and that it is what the command line gives."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gis
import gis.notebook
from gis.base.errors import DatumError, UnknownIdError, UsageError
from gis.model.schema import LAYER_COLUMNS, LAYER_KINDS
from tests import ROOT


@pytest.fixture(scope="module")
def park() -> gis.Park:
    return gis.open(str(ROOT))


def test_the_face_is_what_it_was() -> None:
    assert gis.__all__ == [
        "Area", "Import", "Park", "Picture", "__version__", "convert", "count", "expected", "map", "open",
    ]  # fmt: skip
    assert all(getattr(gis, name) is not None for name in gis.__all__)


def test_importing_the_package_loads_nothing_heavy() -> None:
    probe = "import gis, sys; print([m for m in ('numpy', 'shapely', 'pandas', 'geopandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_park_and_a_city_say_what_they_are_in_a_line(park: gis.Park) -> None:
    assert "3 cities" in repr(park)
    assert all(len(repr(thing)) < 120 and "\n" not in repr(thing) for thing in (park, *park))


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_a_layer_has_every_column_in_the_same_dtype_in_every_city(park: gis.Park, kind: str) -> None:
    frames = [getattr(area, kind) for area in park]
    assert {frame.crs.to_epsg() for frame in frames} == {4326}
    assert {frame.index.name for frame in frames} == {"id"}
    names = [column.name for column in LAYER_COLUMNS[kind] if column.name != "id"]
    assert all(list(frame.columns) == [*names, "geometry"] for frame in frames)
    assert len({tuple(map(str, frame.dtypes)) for frame in frames}) == 1
    first, empty = frames[0], frames[0].iloc[:0]
    assert tuple(empty.dtypes) == tuple(first.dtypes)


def test_coverage_is_that_of_the_command(park: gis.Park) -> None:
    command = [sys.executable, "-m", "gis", "coverage", "--city", "huli", "--on", "2025-12-31", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, encoding="utf-8")
    rows = json.loads(done.stdout)
    said = (rows[0] if isinstance(rows, list) else rows)["zones"]
    frame = park["huli"].coverage(on="2025-12-31")
    assert list(frame.index) == [row["id"] for row in said]
    assert list(frame["area_km2"].dropna()) == [row["area_km2"] for row in said if row["area_km2"] is not None]


def test_a_point_is_in_the_same_zones_in_every_datum(park: gis.Park) -> None:
    lon, lat = 121.1575, 31.2904
    zones = [zone["id"] for zone in park["jiading"].at(lon, lat)]
    assert "anting-town" in zones
    shifted = gis.convert(lon, lat, "wgs84", "gcj02")
    assert [zone["id"] for zone in park["jiading"].at(*shifted, datum="gcj02")] == zones


def test_the_page_of_a_city_is_the_one_that_a_build_writes(park: gis.Park, tmp_path: Path) -> None:
    from gis.measures.results import city_results
    from gis.views.map.page import render_page
    from gis.views.site import page_of

    drawn = park["huli"].map()
    project = park.project
    assert drawn.html.encode() == render_page(page_of(project, "huli", city_results(project, "huli")), "zh")
    assert "sandbox" in drawn._repr_html_()
    assert len(repr(drawn)) < 80
    saved = drawn.save(tmp_path / "huli.html")
    assert saved.read_text("utf-8") == drawn.html
    with pytest.raises(UsageError, match="there already"):
        drawn.save(saved)


def test_counts_expectations_and_maps_take_the_frames_of_the_face(park: gis.Park) -> None:
    area = park["jiading"]
    firms, zones = area.enterprises, area.zones
    drawn = zones[zones.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    counted = gis.count(firms, drawn, by="segment")
    assert list(counted.columns) == ["id", "segment", "count"]
    known = firms[firms["accuracy_m"].notna() & ~firms.geometry.is_empty & firms.geometry.notna()]
    guessed = gis.expected(known, drawn, zones_accuracy="accuracy_m")
    assert (guessed["low"] <= guessed["high"]).all()
    assert list(guessed.index) == list(drawn.index)
    page = gis.map(known, drawn, by="segment", title="试图")
    assert "试图" in page.html


def test_a_frame_is_imported_as_its_file_is(tmp_path: Path) -> None:
    from gis.intake.starting import start_project

    start_project(tmp_path / "mine", city="jiading", name="嘉定", adcode=None, as_of=date(2026, 1, 1))
    mine = gis.open(tmp_path / "mine")
    lon, lat = gis.convert(121.16, 31.29, "wgs84", "gcj02")
    frame = pd.DataFrame({"企业名称": ["甲汽车零部件有限公司"], "经度": [lon], "纬度": [lat]})
    plan = mine["jiading"].import_frame(frame, "enterprises", datum="gcj02")
    assert "1 new" in repr(plan)
    assert len(mine["jiading"].enterprises) == 0
    assert list(plan.preview()["name"]) == ["甲汽车零部件有限公司"]
    assert plan.apply() == 1
    (firm,) = gis.open(tmp_path / "mine")["jiading"].enterprises.geometry
    assert (firm.x, firm.y) == pytest.approx((121.16, 31.29), abs=1e-5)


def test_the_notebook_of_the_docs_runs() -> None:
    cells = json.loads((ROOT / "docs" / "notebook.ipynb").read_text("utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "docs/notebook.ipynb", "exec"), names)
    assert names["counted"]["count"].sum() > 0
    assert (names["expected"]["low"] <= names["expected"]["estimate"].round(2)).all()
    assert "三家企业" in names["page"].html


def test_what_is_wrong_is_said(park: gis.Park) -> None:
    with pytest.raises(UnknownIdError, match="jiading"):
        park["jiadin"]
    with pytest.raises(UsageError, match="a day like"):
        park["huli"].coverage(on="yesterday")
    with pytest.raises(DatumError):
        park["huli"].at(121.0, 31.0, datum="xian80")


def test_the_examples_of_the_docstrings_hold() -> None:
    failed, tried = doctest.testmod(gis.notebook)
    assert tried
    assert not failed
