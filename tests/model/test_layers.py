"""A layer is read against its schema: every fault has file, feature and words; what is sound is asked simply."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.base.errors import Fault
from gis.model.layers import Layer, is_sketched, layer_of, read_layer
from tests.fixtures.small_project import Feature, box, feature, point

WHERE = "layers/port/zones.geojson"


def read(root: Path, features: list[Feature], kind: str = "zones") -> tuple[Layer, list[Fault]]:
    folder = root / "layers" / "port"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{kind}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    faults: list[Fault] = []
    return read_layer(root, "port", kind, faults), faults


def park(**properties: Any) -> Feature:
    return feature("park", box(121.0, 31.0, 121.1, 31.1), **{"category": "park", **properties})


def test_a_sound_layer_has_no_faults(tmp_path: Path) -> None:
    layer, faults = read(tmp_path, [park()])
    assert faults == []
    assert layer.ids == ["park"]


def without(name: str) -> Callable[[Feature], object]:
    return lambda found: found["properties"].pop(name)


def having(**properties: Any) -> Callable[[Feature], object]:
    return lambda found: found["properties"].update(properties)


def at(geometry: dict[str, Any] | None) -> Callable[[Feature], object]:
    return lambda found: found.update(geometry=geometry)


TWO_ENDS = {"type": "LineString", "coordinates": [[121.0, 31.0], [121.1, 31.1]]}
EMPTY = {"type": "Polygon", "coordinates": []}


@pytest.mark.parametrize(
    ("break_", "words"),
    [
        (without("name"), "name is missing (the official or usual name)"),
        (having(name=""), "name is missing"),
        (without("category"), "category is missing"),
        (having(category="garden"), "category is 'garden'; allowed: axis, base"),
        (having(name=7), "name is 7; it must be text"),
        (having(name=True), "name is True; it must be text"),
        (having(aliases="新能港"), "aliases is '新能港'; it must be a list of texts"),
        (having(aliases=["新能港", 3]), "aliases is ['新能港', 3]; it must be a list of texts"),
        (having(accuracy_m="50"), "accuracy_m is '50'; it must be a number"),
        (having(accuracy_m=True), "accuracy_m is True; it must be a number"),
        (having(accuracy_m=0), "accuracy_m is 0; it must be above 0"),
        (having(accuracy_m=-5.5), "accuracy_m is -5.5; it must be above 0"),
        (without("accuracy_m"), "there is a geometry but no accuracy_m"),
        (without("geometry_basis"), "there is a geometry but no geometry_basis"),
        (having(geometry_basis="guessed"), "geometry_basis is 'guessed'; allowed: administrative"),
        (having(geometry_source=""), "there is a geometry but no geometry_source"),
        (having(valid_from="2021-4-9"), "valid_from is '2021-4-9'; it must be a date like 2021-04-09"),
        (having(valid_to="20210409"), "valid_to is '20210409'; it must be a date like 2021-04-09"),
        (having(valid_from="2022-01-01", valid_to="2021-01-01"), "not after valid_from, 2022-01-01"),
        (having(note="\ud800"), "note holds half of a surrogate pair"),
        (having(aliases=["\udfff"]), "aliases holds half of a surrogate pair"),
        (at(None), "there is no geometry and no unplaced_reason that says why"),
        (at(TWO_ENDS), "the geometry is a LineString; allowed: MultiPolygon, Point, Polygon"),
        (at(EMPTY), "the geometry is empty"),
        (at(point(31.2, 121.1)), "they must be degrees of WGS 84"),
        (at(point(40512345.0, 3463000.0)), "they must be degrees of WGS 84"),
    ],
)
def test_a_fault_names_file_feature_and_rule(tmp_path: Path, break_: Callable[[Feature], object], words: str) -> None:
    broken = park()
    break_(broken)
    _, faults = read(tmp_path, [broken])
    assert [(fault.where, fault.row) for fault in faults] == [(WHERE, "park")]
    assert words in faults[0].what


def test_a_number_too_large_for_a_computer_is_named(tmp_path: Path) -> None:
    read(tmp_path, [park()])
    path = tmp_path / WHERE
    path.write_text(path.read_text("utf-8").replace('"accuracy_m": 50', '"accuracy_m": 1e999'), "utf-8")
    faults: list[Fault] = []
    read_layer(tmp_path, "port", "zones", faults)
    assert [fault.what for fault in faults] == ["accuracy_m is inf, which is not a finite number"]


def test_a_crossing_outline_is_named_with_the_place_where_it_crosses(tmp_path: Path) -> None:
    crossing = [[121.0, 31.0], [121.1, 31.1], [121.1, 31.0], [121.0, 31.1], [121.0, 31.0]]
    _, faults = read(tmp_path, [{**park(), "geometry": {"type": "Polygon", "coordinates": [crossing]}}])
    assert [fault.what for fault in faults] == ["the geometry is not valid: Self-intersection[121.05 31.05]"]


def test_all_faults_of_all_features_are_listed(tmp_path: Path) -> None:
    nameless = park(category="garden")
    del nameless["properties"]["id"], nameless["properties"]["name"]
    _, faults = read(tmp_path, [park(), nameless, park(category="meadow")])
    assert [fault.row for fault in faults] == [2, 2, 2, "park", "park"]
    assert sorted(fault.what.split()[0] for fault in faults) == ["category", "category", "id", "name", "the"]


def test_what_is_of_a_wrong_type_is_not_passed_on(tmp_path: Path) -> None:
    layer, _ = read(tmp_path, [park(within=["port-district"], aliases=[1], accuracy_m="50")])
    record = layer.record("park")
    assert (record["within"], record["aliases"], record["accuracy_m"]) == (None, None, None)


def test_a_layer_without_a_file_is_empty(tmp_path: Path) -> None:
    faults: list[Fault] = []
    assert len(read_layer(tmp_path, "port", "zones", faults)) == 0
    assert faults == []


def test_a_file_that_is_no_geojson_is_one_fault(tmp_path: Path) -> None:
    read(tmp_path, [])
    (tmp_path / WHERE).write_text("id,name\n", "utf-8")
    faults: list[Fault] = []
    assert len(read_layer(tmp_path, "port", "zones", faults)) == 0
    assert [fault.where for fault in faults] == [WHERE]


def test_columns_of_ones_own_are_kept(tmp_path: Path) -> None:
    layer, faults = read(tmp_path, [park(负责人="张三")])
    assert faults == []
    assert layer.record("park")["负责人"] == "张三"


# --- What a layer answers ---------------------------------------------------------------------------------------------


@pytest.fixture
def three() -> Layer:
    return layer_of(
        "port",
        "zones",
        [
            ({"id": "c", "valid_to": "2021-04-09", "geometry_basis": "proxy"}, shapely.Point(3, 0)),
            ({"id": "a", "valid_from": "2021-04-09", "geometry_basis": "statutory"}, shapely.box(0, 0, 1, 1)),
            ({"id": "b"}, None),
        ],
    )


def test_features_are_in_the_order_of_their_ids(three: Layer) -> None:
    assert three.ids == ["a", "b", "c"]
    assert three.column("geometry_basis") == ["statutory", None, "proxy"]


def test_a_feature_is_found_by_its_id(three: Layer) -> None:
    assert "c" in three
    assert "d" not in three
    assert three.geometry_of("c") == shapely.Point(3, 0)
    assert three.geometry_of("b") is None
    with pytest.raises(KeyError):
        three.record("d")


@pytest.mark.parametrize(
    ("day", "ids"),
    [(None, ["a", "b", "c"]), (date(2021, 4, 8), ["b", "c"]), (date(2021, 4, 9), ["a", "b"])],
)
def test_a_layer_of_a_day_holds_from_the_first_day_to_the_day_before_the_last(
    three: Layer, day: date | None, ids: list[str]
) -> None:
    assert three.holding_on(day).ids == ids


def test_placed_leaves_out_what_has_no_geometry(three: Layer) -> None:
    assert three.placed().ids == ["a", "c"]
    assert three.placed().geometry_of("c") == shapely.Point(3, 0)


def test_sketches_are_told_from_outlines(three: Layer) -> None:
    assert [is_sketched(record) for record, _ in three] == [False, False, True]


def test_a_frame_has_a_row_a_feature_in_wgs84(three: Layer) -> None:
    frame = three.frame()
    assert list(frame["id"]) == three.ids
    assert frame.crs.to_epsg() == 4326
    assert frame.geometry.isna().tolist() == [False, True, False]
