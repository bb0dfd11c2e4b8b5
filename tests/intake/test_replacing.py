"""A sketch gives way to an authoritative outline; its id, facts and history stay."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from gis.base.errors import DatumError, InputError, UnknownIdError, UsageError
from gis.earth.datum import convert
from gis.intake.replacing import replace_geometry
from gis.model.project import load_project
from tests import ROOT

PORT = "auto-innovation-port"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("gis.toml", "segments.csv"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("seeds", "layers"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def surveyed(tmp_path: Path, crs: str | None = "EPSG:4490", lon: float = 121.17, lat: float = 31.29) -> Path:
    outline = shapely.box(lon, lat, lon + 0.005, lat + 0.004)
    if crs is None:
        path = tmp_path / "surveyed.geojson"
        path.write_text(gpd.GeoSeries([outline]).to_json(), "utf-8")
        return path
    path = tmp_path / "surveyed.gpkg"
    gpd.GeoDataFrame({"名称": ["创新港"]}, geometry=[outline], crs=crs).to_file(path, driver="GPKG", engine="pyogrio")
    return path


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_new_outline_stands_with_its_source_and_the_old_one_in_the_history(copy: Path, tmp_path: Path) -> None:
    before = load_project(copy)
    replace_geometry(copy, PORT, surveyed(tmp_path), source="2025 survey", accuracy_m=2, elsewhere=True)
    after = load_project(copy)
    _, record, outline = after.find("zones", PORT)
    assert outline is not None
    assert shapely.box(121.17, 31.29, 121.175, 31.294).equals_exact(outline.normalize(), 1e-6) or outline.area > 0
    assert (record["geometry_basis"], record["accuracy_m"], record["geometry_source"]) == (
        "statutory",
        2,
        "2025 survey",
    )
    assert record["history"][0]["geometry_basis"] == before.find("zones", PORT)[1]["geometry_basis"]
    assert record["name"] == before.find("zones", PORT)[1]["name"]
    assert after.facts == before.facts


def test_a_geometry_in_gcj02_is_brought_to_wgs84(copy: Path, tmp_path: Path) -> None:
    lon, lat = convert(121.17, 31.29, "wgs84", "gcj02")
    replace_geometry(
        copy, PORT, surveyed(tmp_path, None, lon, lat), source="a map", accuracy_m=20, datum="gcj02", elsewhere=True
    )
    _, _, outline = load_project(copy).find("zones", PORT)
    assert outline is not None
    assert outline.bounds[:2] == pytest.approx((121.17, 31.29), abs=2e-6)


def test_a_geometry_without_a_stated_datum_is_refused(copy: Path, tmp_path: Path) -> None:
    before = snapshot(copy)
    with pytest.raises(DatumError, match="--datum"):
        replace_geometry(copy, PORT, surveyed(tmp_path, None), source="a map", accuracy_m=20)
    assert snapshot(copy) == before


def test_a_geometry_outside_its_district_is_refused_unless_told_so(copy: Path, tmp_path: Path) -> None:
    before = snapshot(copy)
    far = surveyed(tmp_path, lon=120.0, lat=30.0)
    with pytest.raises(InputError, match="outside"):
        replace_geometry(copy, PORT, far, source="a map", accuracy_m=20)
    assert snapshot(copy) == before
    replace_geometry(copy, PORT, far, source="a map", accuracy_m=20, allow_outside=True, elsewhere=True)
    assert load_project(copy).find("zones", PORT)[1]["within"] is None


def test_an_unknown_id_suggests_the_nearest(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownIdError, match=PORT):
        replace_geometry(copy, "auto-inovation-port", surveyed(tmp_path), source="a map", accuracy_m=20)


def test_a_sketch_does_not_replace_a_sketch(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="schematic"):
        replace_geometry(copy, PORT, surveyed(tmp_path), source="a map", accuracy_m=20, basis="schematic")


def test_an_outline_off_the_old_one_beyond_its_accuracy_is_refused_unless_told_so(copy: Path, tmp_path: Path) -> None:
    before = snapshot(copy)
    with pytest.raises(InputError, match=r"1,588 m off the outline .* accurate to 700 m .*--elsewhere"):
        replace_geometry(copy, PORT, surveyed(tmp_path), source="a survey", accuracy_m=1)
    assert snapshot(copy) == before


def test_an_outline_where_the_old_one_lies_is_taken_and_compared_and_a_dry_run_writes_nothing(
    copy: Path, tmp_path: Path
) -> None:
    before = snapshot(copy)
    old = load_project(copy).find("zones", PORT)[2]
    assert old is not None
    here = surveyed(tmp_path, lon=old.centroid.x - 0.0025, lat=old.centroid.y - 0.002)
    tried = replace_geometry(copy, PORT, here, source="a survey", accuracy_m=1, dry_run=True)
    assert snapshot(copy) == before
    assert "overlap" in tried
    assert "distance 0 m" in tried
    assert "area 0.120 km² before, 0.211 km² after" in tried
    assert replace_geometry(copy, PORT, here, source="a survey", accuracy_m=1).startswith(tried)
    assert snapshot(copy) != before
