"""Outlines and roads that the project knows by name say which datum a file is in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import InputError
from gis.earth.shifting import convert_geometries
from gis.io.geojson import dump_features, read_features
from gis.model.layers import Layer
from tests.fixtures import intake

ROADS = {
    "创新大道": shapely.LineString([(121.16, 31.285), (121.172, 31.292), (121.171, 31.31), (121.19, 31.312)]),
    "环港路": shapely.LineString([(121.2, 31.3), (121.21, 31.31), (121.22, 31.305), (121.215, 31.29)]),
}
# The corners that a park was drawn with on a map, by hand.
DRAWN_M = 15 / 111_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = intake.new_project(tmp_path / "园区")
    intake.import_parks(root)
    return root


def layer(shapes: Mapping[str, BaseGeometry], kind: str = "zones") -> Layer:
    geometry = np.empty(len(shapes), dtype=object)
    geometry[:] = list(shapes.values())
    return Layer(intake.CITY, kind, tuple({"name": name} for name in shapes), geometry)


def written(folder: Path, shapes: Mapping[str, BaseGeometry], datum: str, format_: str = "geojson") -> Path:
    """A file that says nothing of its datum, or, as a shapefile, that it is WGS 84."""
    moved = convert_geometries(np.array(list(shapes.values()), dtype=object), "wgs84", datum)
    if format_ == "shp":
        return intake.write(folder / "shp", layer(dict(zip(shapes, moved, strict=True))), "shp")[0]
    path = folder / "outlines.geojson"
    path.write_bytes(dump_features([({"name": name}, one) for name, one in zip(shapes, moved, strict=True)]))
    return path


def by_hand(outline: BaseGeometry, seed: int = 0) -> BaseGeometry:
    random = np.random.default_rng(seed)
    return shapely.transform(
        outline, lambda xy: np.vstack([moved := xy[:-1] + random.normal(0, DRAWN_M, xy[:-1].shape), moved[:1]])
    )


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_shapefile_that_is_shifted_against_its_word_is_refused_with_metres(
    root: Path, tmp_path: Path, datum: str, count: int
) -> None:
    shapes = {name: by_hand(outline) for name, outline in list(intake.PARKS.items())[:count]}
    path = written(tmp_path, shapes, datum, "shp")
    with pytest.raises(InputError) as caught:
        intake.plan(root, path, kind="zones", merge=True)
    text = str(caught.value)
    assert "m off the known outline of 汽车创新港" in text
    assert f"as {datum} they coincide" in text
    assert f"--datum {datum}" in text
    assert str(intake.plan(root, path, kind="zones", merge=True, datum="wgs84").decision.reference) == "wgs84"
    plan = intake.plan(root, path, kind="zones", merge=True, datum=datum)
    assert plan.counts["changed"] == count


def test_a_shapefile_that_says_what_it_is_is_taken(root: Path, tmp_path: Path) -> None:
    plan = intake.plan(root, written(tmp_path, intake.PARKS, "wgs84", "shp"), kind="zones", merge=True)
    assert str(plan.decision.reference) == "wgs84"


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_an_undeclared_file_of_known_parks_is_taken_for_what_they_say(root: Path, tmp_path: Path, datum: str) -> None:
    new = {"零部件园": shapely.box(121.23, 31.33, 121.25, 31.34)}
    plan = intake.plan(root, written(tmp_path, {**intake.PARKS, **new}, datum), kind="zones", merge=True)
    assert str(plan.decision.reference) == datum
    park = next(geometry for record, geometry in plan.features if record["name"] == "零部件园")
    assert park is not None
    assert park.hausdorff_distance(new["零部件园"]) < 2 / 111_000


@pytest.mark.parametrize("properties", [{"adcode": 310114, "name": "?"}, {"name": "嘉定区"}, {"name": "嘉定"}])
def test_a_district_is_known_by_code_or_name(root: Path, tmp_path: Path, properties: dict[str, Any]) -> None:
    districts = root / "layers" / intake.CITY / "districts.geojson"
    (known,) = read_features(districts)
    districts.write_bytes(dump_features([({**known.properties, "accuracy_m": 100}, known.geometry)]))
    (moved,) = convert_geometries(np.array([known.geometry], dtype=object), "wgs84", "gcj02")
    path = tmp_path / "district.geojson"
    path.write_bytes(dump_features([(properties, moved)]))
    plan = intake.plan(root, path, kind="districts", again=True)
    assert str(plan.decision.reference) == "gcj02"


def test_roads_are_held_against_the_known_ones(root: Path, tmp_path: Path) -> None:
    path = written(tmp_path, ROADS, "wgs84")
    intake.run(root, path, kind="roads", datum="wgs84", constants={"accuracy_m": "20"})
    # A piece of one, and one that goes on beyond the known end.
    longer = shapely.LineString([*ROADS["环港路"].coords, (121.215, 31.285)])
    pieces = {"创新大道": shapely.LineString(list(ROADS["创新大道"].coords)[1:]), "环港路": longer}
    with pytest.raises(InputError, match="as gcj02 they coincide"):
        intake.plan(root, written(tmp_path, pieces, "gcj02", "shp"), kind="roads", merge=True)


def test_another_outline_of_the_same_name_says_nothing(root: Path, tmp_path: Path) -> None:
    (name, _), *_ = intake.PARKS.items()
    elsewhere = {name: shapely.box(121.19, 31.33, 121.20, 31.345)}
    with pytest.raises(InputError, match="is not sure"):
        intake.plan(root, written(tmp_path, elsewhere, "wgs84"), kind="zones", again=True)


def test_a_sketch_is_no_witness(tmp_path: Path) -> None:
    root = intake.new_project(tmp_path / "sketched")
    path = written(tmp_path, intake.PARKS, "wgs84")
    intake.run(root, path, kind="zones", datum="wgs84", accuracy_m=900)
    with pytest.raises(InputError, match="is not sure"):
        intake.plan(root, written(tmp_path, intake.PARKS, "gcj02"), kind="zones", merge=True)


def test_members_of_the_atlas_are_a_word_for_gcj02(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "310114.json"
    feature = {
        "type": "Feature",
        "properties": {"adcode": 310999, "name": "别处", "level": "district", "centroid": [121.2, 31.3]},
        "geometry": shapely.geometry.mapping(shapely.box(121.2, 31.3, 121.25, 31.35)),
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    from gis.io.columns import datum_hints
    from gis.io.reading import read_table

    assert [datum for datum, _ in datum_hints(read_table(path).preamble)] == ["gcj02"]
