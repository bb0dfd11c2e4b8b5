"""What is exported by the command line comes back by the command line, in a project of its own, in every format."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gis.io.geojson import read_features
from gis.model.project import load_project
from gis.views.geodata import FORMATS
from tests.faults.make import table
from tests.fixtures import intake
from tests.intake.test_importing import FIRM_HEADER, firms
from tests.intake.test_session import gis

# These say their datum themselves; the export says of the others that they do not.
SPEAKING = {"geojson", "gpkg", "fgb", "parquet", "shp", "kml"}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its two parks, five firms with a position, and two without."""
    root = intake.new_project(tmp_path_factory.mktemp("first") / "第一 园区")
    intake.import_parks(root)
    rows, _ = firms(5, "gcj02")
    more: list[list[Any]] = [
        ["=甲+1 有限公司", "", "激光雷达", "", "", "汽车创新港"],
        ["'乙;“引号”", "", "", "", "", ""],
    ]
    intake.run(root, table(root.parent, [FIRM_HEADER, *rows, *more]), datum="gcj02")
    return root


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, first: Path) -> Path:
    """An empty project of the same district, whose outline went through an export."""
    folder = tmp_path_factory.mktemp("second")
    outline = folder / "区界.geojson"
    gis("export", "districts", "-o", str(outline), "--project", str(first), at=folder)
    gis("init", "第二", "--city", intake.CITY, "--name", "安亭", "--as-of", "2026-11-21", at=folder)
    gis("import", str(outline), "--kind", "districts", at=folder / "第二")
    return folder / "第二"


def features(root: Path, kind: str) -> dict[str, tuple[dict[str, Any], BaseGeometry | None]]:
    """The features of a layer by id, without what is empty."""
    found = read_features(root / "layers" / intake.CITY / f"{kind}.geojson")
    return {
        str(f.properties["id"]): ({k: v for k, v in f.properties.items() if v not in (None, "", [])}, f.geometry)
        for f in found
    }


def same_value(one: Any, other: Any) -> bool:
    """Whether two values are the same, in formats that know only text and numbers too."""
    if isinstance(one, int | float) and not isinstance(one, bool):
        return float(one) == float(other)
    return str(one) == str(other)


def is_same_place(one: BaseGeometry | None, other: BaseGeometry | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.geom_type == other.geom_type and bool(shapely.hausdorff_distance(one, other) < 2e-6)


@pytest.mark.parametrize("datum", ["wgs84", "EPSG:4528"])
@pytest.mark.parametrize("format_", FORMATS)
def test_zones_and_firms_come_back_from_every_format(
    format_: str, datum: str, first: Path, empty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if datum != "wgs84" and format_ in {"kml", "geojson"}:
        pytest.skip(f"{format_} is WGS 84 only")
    second = tmp_path / "第二"
    shutil.copytree(empty, second)
    for kind in ("zones", "enterprises"):
        file = tmp_path / f"{kind}.{format_}"
        gis("export", kind, "-o", str(file), "--datum", datum, "--project", str(first), at=tmp_path)
        losses = capsys.readouterr().err
        assert ("cannot say its datum" in losses) == (format_ not in SPEAKING)
        said = [] if format_ in SPEAKING else ["--datum", datum]
        gis("import", str(file), "--kind", kind, *said, at=second)
        before, after = features(first, kind), features(second, kind)
        if format_ == "dxf":
            # A drawing has only names, and nothing of what is known by its park: the export says so.
            assert "no attributes" in losses
            names = {record["name"]: geometry for record, geometry in after.values()}
            for id_, (record, geometry) in before.items():
                if geometry is not None:
                    assert is_same_place(names.pop(record["name"]), geometry)
                else:
                    assert f"{id_}: has no geometry" in losses
            assert not names
            continue
        assert set(after) == set(before)
        for id_, (record, geometry) in before.items():
            came, place = after[id_]
            assert set(came) == set(record), id_
            assert [name for name in record if not same_value(record[name], came[name])] == [], id_
            assert is_same_place(place, geometry), id_
    load_project(second)
