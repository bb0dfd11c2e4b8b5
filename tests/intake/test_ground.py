"""Import what lies under the map, and derive it from the road package or an extract of OpenStreetMap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import InputError, MissingExtraError, UsageError
from gis.earth import geodesy
from gis.intake import ground
from gis.io.geojson import dump_features
from gis.model.project import load_project
from tests.fixtures import intake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return intake.new_project(tmp_path / "park")


def test_a_survey_layer_becomes_ground_by_its_own_words(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "水系.geojson"
    shapes: list[tuple[dict[str, Any], BaseGeometry]] = [
        ({"名称": "蕰藻浜", "class": "河流"}, shapely.LineString([(121.17, 31.29), (121.2, 31.3)])),
        ({"名称": None, "class": "湖泊"}, shapely.box(121.17, 31.29, 121.18, 31.30)),
    ]
    file.write_bytes(dump_features(shapes))
    intake.run(root, file, kind="ground", datum="wgs84", accuracy_m=20)
    found = intake.records(root, "ground")
    assert {f.properties["class"] for f in found.values()} == {"river", "water"}
    assert found["蕰藻浜"].properties["accuracy_m"] == 20
    assert found[None].properties["id"] == "water"  # type: ignore[index]  # a pond without a name


def test_what_has_no_class_or_another_shape_than_its_class_is_refused(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.geojson"
    file.write_bytes(dump_features([({"name": "x"}, shapely.LineString([(121.17, 31.29), (121.2, 31.3)]))]))
    with pytest.raises(InputError, match="--set class=water"):
        intake.plan(root, file, kind="ground", datum="wgs84")
    with pytest.raises(InputError, match="is of the class water and a LineString"):
        intake.plan(root, file, kind="ground", datum="wgs84", constants={"class": "water"})
    assert intake.plan(root, file, kind="ground", datum="wgs84", constants={"class": "metro"}).counts["added"] == 1


# --- The package of roads ---------------------------------------------------------------------------------------------

BOX = (121.0, 31.2, 121.4, 31.5)
# Latitude before longitude, rounded to 0.001 degree: a road in steps, its other carriageway beside it, and a road that
# leaves it; then an edge far too long for its straight way, and one on the other side of the world.
NODES = [(31.3, 121.1), (31.301, 121.15), (31.3, 121.2), (31.301, 121.1), (31.301, 121.2), (31.35, 121.15),
         (31.4, 121.3), (31.45, 121.3), (21.0, 105.8), (21.1, 105.8)]  # fmt: skip
EDGES = [(0, 1), (1, 2), (3, 4), (1, 5), (8, 9)]


def network(folder: Path, nodes: object = None) -> Path:
    rows: list[dict[int, float]] = [{} for _ in NODES]
    for i, j in EDGES:
        km = float(geodesy.distance_m(NODES[i][1], NODES[i][0], NODES[j][1], NODES[j][0])) / 1000
        rows[i][j] = rows[j][i] = round(km, 3)
    rows[6][7] = rows[7][6] = 25.0
    path = folder / "world_highways.py"
    points = [list(node) for node in NODES] if nodes is None else nodes
    path.write_text(f"\nfrom scgraph.core import GeoGraph\ngraph={rows}\nnodes={points}\nworld = 1\n", "utf-8")
    return path


def test_a_network_is_read_as_text_within_a_box_without_edges_that_lost_their_course(tmp_path: Path) -> None:
    lines = ground.read_network(network(tmp_path), BOX)
    assert len(lines) == 4
    assert all(shapely.box(*BOX).covers(line) for line in lines)


def test_two_carriageways_become_one_line_and_what_leaves_it_stays_joined(tmp_path: Path) -> None:
    smooth = ground.smooth(ground.read_network(network(tmp_path), BOX), BOX)
    assert smooth is not None
    parts = shapely.get_parts(smooth)
    along = [part for part in parts if geodesy.length_km(part) > 6]
    assert len(along) == 1
    assert float(geodesy.length_km(smooth)) == pytest.approx(9.5 + 5.4, rel=0.05)
    # It leaves where the main road runs: within the tolerance of the smoothing.
    assert max(shapely.distance(part, along[0]) for part in parts) * 111_320 < 100


@pytest.mark.parametrize("nodes", [[[31.3, 121.1]], "none"])
def test_a_network_of_another_make_is_refused(tmp_path: Path, nodes: object) -> None:
    with pytest.raises(InputError, match=r"scgraph_data/world_highways\.py: is not as expected"):
        ground.read_network(network(tmp_path, nodes), BOX)


def test_without_the_extra_the_error_says_how_to_get_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"park-gis\[ground\]"):
        ground.derive_ground(load_project(root), intake.CITY)


# --- OpenStreetMap ----------------------------------------------------------------------------------------------------

OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
{nodes}
 <way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="motorway"/><tag k="name" v="G2"/></way>
 <way id="2"><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/>
  <tag k="name" v="曹安公路"/><tag k="name:en" v="Cao'an"/></way>
 <way id="3"><nd ref="1"/><nd ref="3"/><tag k="highway" v="residential"/></way>
 <way id="4"><nd ref="1"/><nd ref="4"/><tag k="railway" v="rail"/><tag k="service" v="yard"/></way>
 <way id="5"><nd ref="1"/><nd ref="4"/><tag k="railway" v="subway"/></way>
 <way id="6"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
  <tag k="natural" v="water"/><tag k="name" v="湖"/></way>
 <way id="7"><nd ref="5"/><nd ref="6"/><tag k="waterway" v="river"/></way>
</osm>
"""


def extract(path: Path) -> Path:
    places = [(121.17, 31.29), (121.19, 31.29), (121.19, 31.31), (121.17, 31.31), (100.0, 30.0), (100.1, 30.0)]
    nodes = [f'<node id="{i}" lon="{lon}" lat="{lat}"/>' for i, (lon, lat) in enumerate(places, 1)]
    nodes.append('<node id="9" lon="121.18" lat="31.3"><tag k="place" v="town"/><tag k="name" v="安亭"/></node>')
    path.write_text(OSM.format(nodes="\n".join(nodes)), "utf-8")
    return path


def test_an_extract_of_openstreetmap_becomes_ground(root: Path, tmp_path: Path) -> None:
    found = ground.derive_ground(load_project(root), intake.CITY, extract(tmp_path / "anting.osm"))
    found.path.write_bytes(found.data)
    layer = load_project(root).ground(intake.CITY)
    classes = {record["class"]: record for record in layer.records}
    assert set(classes) == {"motorway", "main_road", "metro", "water", "town"}
    assert (classes["main_road"]["name"], classes["main_road"]["name_en"]) == ("曹安公路", "Cao'an")
    assert "ODbL" in classes["water"]["geometry_source"]


def test_what_was_drawn_by_hand_stays_and_what_was_derived_is_replaced(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "lake.geojson"
    file.write_bytes(dump_features([({"name": "池"}, shapely.box(121.17, 31.29, 121.18, 31.30))]))
    intake.run(root, file, kind="ground", datum="wgs84", constants={"class": "water"})
    for _ in range(2):
        found = ground.derive_ground(load_project(root), intake.CITY, extract(tmp_path / "anting.osm"))
        assert (found.derived, found.kept) == (5, 1)
        found.path.write_bytes(found.data)


def test_a_damaged_extract_and_any_other_file_are_refused(root: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"no blocks")
    with pytest.raises(InputError, match=r"broken\.osm\.pbf: is damaged"):
        ground.derive_ground(load_project(root), intake.CITY, broken)
    with pytest.raises(UsageError, match="--kind ground"):
        ground.derive_ground(load_project(root), intake.CITY, tmp_path / "lakes.shp")
