"""A project keeps every rule or names every fault with file and row; what is loaded holds for a day, and stands in."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from gis.base.errors import Fault, GisError, ProjectError, UnknownIdError, UsageError
from gis.base.files import PREFIX, recover
from gis.measures.catalogue import audit
from gis.model.position import Knowledge, knowledge
from gis.model.project import examine_project, find_project, load_project
from tests.fixtures.small_project import Feature, SmallProject, box, feature, point, row

Break = Callable[[SmallProject], object]


@pytest.fixture
def small() -> SmallProject:
    return SmallProject()


def faults_of(small: SmallProject, root: Path) -> list[Fault]:
    return examine_project(small.write(root))[1]


def test_the_small_project_keeps_every_rule(small: SmallProject, tmp_path: Path) -> None:
    assert faults_of(small, tmp_path) == []


def test_a_project_and_its_layers_say_in_a_line_what_they_are_and_are_compared_without_fault(
    small: SmallProject, tmp_path: Path
) -> None:
    project = load_project(str(small.write(tmp_path)))
    layer = project.layer("port", "zones")
    assert "port" in repr(project)
    assert len(repr(project)) < 300 + len(str(tmp_path))
    assert repr(layer) == f"<Layer port/zones: {len(layer)} features>"
    assert project == project
    assert layer != project.layer("hill", "zones")


def change(city: str, kind: str, id_: str, **properties: object) -> Break:
    return lambda small: small.feature(city, kind, id_)["properties"].update(properties)


def cell(plan: str, kind: str, number: int, **cells: str) -> Break:
    return lambda small: small.tables[plan, kind][number].update(cells)


def link(**cells: str) -> dict[str, str]:
    """A row of chain.csv."""
    names = (
        "id",
        "name",
        "line",
        "section",
        "label",
        "label_en",
        "chain",
        "stage",
        "segment",
        "supplies",
        "basis",
        "note",
    )
    return dict.fromkeys(names, "") | {"line": "1", "section": "1", "label_en": "x", "basis": "assumed"} | cells


def put(city: str, kind: str, id_: str, geometry: object) -> Break:
    return lambda small: small.feature(city, kind, id_).update(geometry=geometry)


BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[121.01, 31.0], [121.02, 31.01], [121.02, 31.0], [121.01, 31.01], [121.01, 31.0]]],
}
PORT, HILL = "layers/port", "layers/hill"
SEEDS = "seeds/port-plan"

# Each rule once: how it is broken, and the file, row and words of the one fault that this makes.
RULES: dict[str, tuple[Break, str, int | str | None, str]] = {
    "an id stands for one thing": (
        lambda small: small.layers["port", "facilities"].append(
            feature("seastar", point(121.02, 31.0), type="other")
        ),
        f"{PORT}/facilities.geojson", "seastar", "also in layers/port/enterprises.geojson",
    ),
    "an id is there once in its layer": (
        lambda small: small.layers["port", "roads"].append(small.layers["port", "roads"][0]),
        f"{PORT}/roads.geojson", "quay-road", "the id is there twice",
    ),
    "an id is not also that of an organisation elsewhere": (
        lambda small: small.elsewhere.append({**small.elsewhere[0], "id": "h2-station"}),
        f"{PORT}/facilities.geojson", "h2-station", "also in seeds/elsewhere.csv",
    ),
    "a plan is of a known city": (
        lambda small: small.plans.update({"port-plan": "portt"}),
        f"{SEEDS}/plan.toml", None, "city 'portt' is not one of gis.toml's",
    ),
    "a membership names a system of its plan": (
        lambda small: small.tables["port-plan", "zones"].append(
            {**small.tables["port-plan", "zones"][0], "system": "three-ports"}
        ),
        f"{SEEDS}/zones.csv", 4, "system 'three-ports' is not in the plan's systems.csv",
    ),
    "a listed system has members": (
        cell("port-plan", "systems", 1, members="listed"), f"{SEEDS}/systems.csv", 3, "zones.csv has none",
    ),
    "a system that is only named has none": (
        cell("port-plan", "systems", 0, members="named-only"), f"{SEEDS}/systems.csv", 2, "zones.csv lists 2 members",
    ),
    "a system is there once": (
        lambda small: small.tables["port-plan", "systems"].append(small.tables["port-plan", "systems"][0]),
        f"{SEEDS}/systems.csv", 4, "'two-ports' is also in row 2",
    ),
    "a system holds from a day": (
        cell("port-plan", "systems", 0, valid_from="2021"), f"{SEEDS}/systems.csv", 2, "valid_from is '2021'",
    ),
    "a system holds to a day": (
        cell("port-plan", "systems", 0, valid_to="soon"), f"{SEEDS}/systems.csv", 2, "valid_to is 'soon'",
    ),
    "a zone lies within a known district": (
        change("port", "zones", "east-port", within="west-district"),
        f"{PORT}/zones.geojson", "east-port", "'west-district', which no districts layer has",
    ),
    "a zone lies inside its district": (
        put("port", "zones", "south-park", box(121.05, 31.05, 121.12, 31.06)),
        f"{PORT}/zones.geojson", "south-park", "28.6% of it lies outside port-district",
    ),
    "a zone that is a point lies inside its district": (
        put("port", "zones", "south-park", point(121.2, 31.05)),
        f"{PORT}/zones.geojson", "south-park", "100.0% of it lies outside",
    ),
    "a membership's place is on the map": (
        lambda small: small.tables["port-plan", "zones"].append({**small.tables["port-plan", "zones"][0], "id": "x"}),
        f"{SEEDS}/zones.csv", 4, "the place 'x' is in no zones or districts layer",
    ),
    "a membership's parent is on the map": (
        cell("port-plan", "zones", 1, parent="x"), f"{SEEDS}/zones.csv", 3, "parent 'x' is in no zones",
    ),
    "a mention's place is on the map": (
        cell("port-plan", "enterprises", 1, place="x"), f"{SEEDS}/enterprises.csv", 3, "place 'x' is in no zones",
    ),
    "a mention names a known organisation": (
        cell("port-plan", "enterprises", 2, id="shark"), f"{SEEDS}/enterprises.csv", 4, "'shark' is in no enterprises",
    ),
    "a road that a plan names is in a layer": (
        cell("port-plan", "roads", 0, id="x"), f"{SEEDS}/roads.csv", 2, "'x' is in no roads layer",
    ),
    "a facility that a plan names is in a layer": (
        cell("port-plan", "facilities", 0, id="x"), f"{SEEDS}/facilities.csv", 2, "'x' is in no facilities layer",
    ),
    "an indicator is of a city or place": (
        cell("port-plan", "indicators", 1, scope="x"), f"{SEEDS}/indicators.csv", 3, "scope 'x' is neither",
    ),
    "an indicator's baseline is one of the plan's": (
        cell("port-plan", "indicators", 1, baseline="x"), f"{SEEDS}/indicators.csv", 3, "baseline 'x' is not",
    ),
    "a stand-in stands for a place": (
        change("port", "enterprises", "anchor", within="x"),
        f"{PORT}/enterprises.geojson", "anchor", "within is 'x', which is no place",
    ),
    "a mention's segment is known": (
        cell("port-plan", "enterprises", 1, segment="boats"), f"{SEEDS}/enterprises.csv", 3, "segment 'boats' is not",
    ),
    "a firm's segment is known": (
        change("port", "enterprises", "anchor", segment="boats"),
        f"{PORT}/enterprises.geojson", "anchor", "segment 'boats' is not one of gis.toml's: vehicle, parts, unknown",
    ),
    "the segment of an organisation elsewhere is known": (
        lambda small: small.elsewhere[0].update(segment="boats"),
        "seeds/elsewhere.csv", 2, "segment 'boats' is not one of gis.toml's",
    ),
    "the segment of a link of a chain is known": (
        lambda small: small.tables.update({("port-plan", "chain"): [
            link(id="boats", name="船", label="船"),
            link(id="hulls", name="船体", label="船体", chain="boats", stage="上游", segment="boats"),
        ]}),
        f"{SEEDS}/chain.csv", 3, "segment 'boats' is not one of gis.toml's",
    ),
    "a keyword's segment is known": (
        lambda small: setattr(small, "keywords", "keyword,segment\n船,boats\n"),
        "segments.csv", 2, "segment 'boats' is not one of gis.toml's",
    ),
    "the keywords' table has its header": (
        lambda small: setattr(small, "keywords", "word,chain\n船,boats\n"),
        "segments.csv", 1, "it must begin with keyword,segment",
    ),
    "a city is there once": (
        lambda small: setattr(small, "config", small.config + '[[city]]\nid = "port"\nname = "二"\n'),
        "gis.toml", None, "the city 'port' is there twice",
    ),
    "a city has a name": (
        lambda small: setattr(small, "config", small.config + '[[city]]\nid = "vale"\n'),
        "gis.toml", None, "city 3 lacks name",
    ),
    "a city's id can name a folder": (
        lambda small: setattr(small, "config", small.config + '[[city]]\nid = "../up"\nname = "上"\n'),
        "gis.toml", None, "the city id is '../up'",
    ),
    "a segment has a label": (
        lambda small: setattr(small, "config", small.config + '[[segment]]\nid = "boats"\n'),
        "gis.toml", None, "segment 3 lacks label",
    ),
    "a broken outline is named, and not compared": (
        put("port", "zones", "east-port", BOW_TIE), f"{PORT}/zones.geojson", "east-port", "not valid: Self-inter",
    ),
    "a broken district is named, and not compared": (
        put("port", "districts", "port-district", BOW_TIE),
        f"{PORT}/districts.geojson", "port-district", "not valid: Self-inter",
    ),
    "what is of a wrong type is named, and not looked up": (
        change("port", "zones", "east-port", within=["port-district"]),
        f"{PORT}/zones.geojson", "east-port", "within is ['port-district']; it must be text",
    ),
    "a stand-in that is no text is named, and not looked up": (
        change("port", "enterprises", "anchor", within={"id": "south-park"}, unplaced_reason="no text"),
        f"{PORT}/enterprises.geojson", "anchor", "within is {'id': 'south-park'}; it must be text",
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_one_fault_with_file_and_row(small: SmallProject, tmp_path: Path, rule: str) -> None:
    break_, where, at, words = RULES[rule]
    break_(small)
    faults = faults_of(small, tmp_path)
    if rule == "a plan is of a known city":  # Its indicators and scopes are still read.
        faults = [fault for fault in faults if fault.where.endswith("plan.toml")]
    assert [(fault.where, fault.row) for fault in faults] == [(where, at)]
    assert words in faults[0].what


def test_an_organisation_that_is_located_is_in_a_layer_and_not_elsewhere(small: SmallProject, tmp_path: Path) -> None:
    small.tables["port-plan", "enterprises"][2]["standing"] = "located"
    found = {(fault.where, fault.row): fault.what for fault in faults_of(small, tmp_path)}
    assert set(found) == {(f"{SEEDS}/enterprises.csv", 4), ("seeds/elsewhere.csv", 2)}
    assert "'whale' is located here" in found[f"{SEEDS}/enterprises.csv", 4]
    assert "has a mention that locates it" in found["seeds/elsewhere.csv", 2]


def test_every_fault_is_listed_at_once(small: SmallProject, tmp_path: Path) -> None:
    broken = [
        "a mention's segment is known",
        "a zone lies inside its district",
        "an indicator's baseline is one of the plan's",
        "a keyword's segment is known",
        "a city has a name",
    ]
    for rule in broken:
        RULES[rule][0](small)
    small.tables["hill-plan", "enterprises"][0]["line"] = "four"
    with pytest.raises(ProjectError) as caught:
        load_project(small.write(tmp_path))
    found = {(fault.where, fault.row) for fault in caught.value.faults}
    assert found == {(RULES[rule][1], RULES[rule][2]) for rule in broken} | {("seeds/hill-plan/enterprises.csv", 2)}
    assert str(caught.value).count("\n") == len(caught.value.faults)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("name = ", "not readable as TOML"),
        ('name = "x"\n', "as_of is None"),
        ('as_of = "2024-12-31"\n', "as_of is '2024-12-31'"),
        ("as_of = 2024-12-31T08:00:00\n", "write the date that counts as now"),
        ("as_of = 2024-12-31\n", "names no [[city]]"),
        ('as_of = 2024-12-31\ncity = "port"\n', "begins with [[city]]"),
        ("as_of = 2024-12-31\n[[city]]\nid = 7\nname = 'x'\n", "city 1 lacks id"),
    ],
)
def test_a_gis_toml_that_cannot_be_used_says_why(small: SmallProject, tmp_path: Path, config: str, words: str) -> None:
    small.config = config
    with pytest.raises(ProjectError) as caught:
        load_project(small.write(tmp_path))
    assert words in str(caught.value)
    assert caught.value.faults[0].where == "gis.toml"


def test_a_gis_toml_in_another_encoding_says_so(small: SmallProject, tmp_path: Path) -> None:
    (small.write(tmp_path) / "gis.toml").write_bytes(small.config.encode("gbk"))
    with pytest.raises(ProjectError, match="not readable as TOML"):
        load_project(tmp_path)


def test_a_byte_order_mark_does_no_harm(small: SmallProject, tmp_path: Path) -> None:
    (small.write(tmp_path) / "gis.toml").write_bytes(b"\xef\xbb\xbf" + small.config.encode())
    assert load_project(tmp_path).name == "两港"


def test_a_folder_without_gis_toml_says_what_a_project_is(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"gis\.toml.*is not there; a project is a folder with"):
        load_project(tmp_path)


# --- Parts of a project -----------------------------------------------------------------------------------------------


def test_one_city_loads_without_the_other(small: SmallProject, tmp_path: Path) -> None:
    project = load_project(small.write(tmp_path), cities=["hill"])
    assert list(project.cities) == ["hill"]
    assert set(project.facts.plans) == {"hill-plan"}
    assert {city for city, _ in project.layers} == {"hill"}


def test_faults_of_another_city_do_not_stop_one(small: SmallProject, tmp_path: Path) -> None:
    RULES["a zone lies inside its district"][0](small)
    load_project(small.write(tmp_path), cities=["hill"])
    with pytest.raises(ProjectError, match="south-park"):
        load_project(tmp_path, cities=["port"])


def test_layers_that_are_not_asked_for_are_not_read(small: SmallProject, tmp_path: Path) -> None:
    root = small.write(tmp_path)
    (root / "layers" / "port" / "enterprises.geojson").write_text("{", "utf-8")
    project = load_project(root, kinds=("districts", "zones"), fact_kinds=("systems", "zones"))
    assert {kind for _, kind in project.layers} == {"districts", "zones"}
    assert project.facts.mentions == []
    with pytest.raises(ProjectError, match=r"enterprises\.geojson: is not readable as JSON"):
        load_project(root)


def test_an_unknown_city_suggests_by_spelling_and_by_name(small: SmallProject, tmp_path: Path) -> None:
    root = small.write(tmp_path)
    with pytest.raises(UnknownIdError, match=r"did you mean port \(港城\)\?"):
        load_project(root, cities=["prot"])
    with pytest.raises(UnknownIdError, match=r"did you mean hill \(山城\)\?"):
        load_project(root, cities=["山城"])


def test_an_unknown_place_suggests_by_name_and_alias(small: SmallProject, tmp_path: Path) -> None:
    small.feature("port", "zones", "south-park")["properties"]["aliases"] = ["南岸汽车园"]
    project = load_project(small.write(tmp_path))
    with pytest.raises(UnknownIdError, match=r"no zone .* did you mean south-park \(名south-park\)\?"):
        project.find("zones", "南岸")
    with pytest.raises(UnknownIdError, match=r"no facility .* did you mean h2-station"):
        project.find("facilities", "h2-staton")
    with pytest.raises(UnknownIdError, match=r"did you mean hill-plan \(hill规划\)"):
        project.plan("hill规划")


def test_a_district_is_found_as_a_zone(small: SmallProject, tmp_path: Path) -> None:
    city, record, _ = load_project(small.write(tmp_path)).find("zones", "hill-district")
    assert (city, record["level"]) == ("hill", "district")


def cut_short(root: Path, path: str, was: bytes | None, new: bytes) -> None:
    """Leave what a run leaves that is killed between its commit point and its moves."""
    stage = root / f"{PREFIX}stage-0123456789abcdef"
    stage.mkdir()
    (stage / "0").write_bytes(new)
    entry = {
        "path": path,
        "from": "0",
        "sha256": hashlib.sha256(new).hexdigest(),
        "was": None if was is None else hashlib.sha256(was).hexdigest(),
    }
    (root / f"{PREFIX}commit").write_text(json.dumps({"stage": stage.name, "files": [entry]}), "utf-8")


def test_a_change_that_was_cut_short_is_said_by_who_reads_and_finished_by_who_writes(
    small: SmallProject, tmp_path: Path
) -> None:
    root = small.write(tmp_path)
    cut_short(root, "recipes/firms.toml", None, b"a = 1")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(GisError, match=r"begun and not finished.*gis layers recover"):
        load_project(root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    recover(root)
    load_project(root)
    assert (root / "recipes/firms.toml").read_bytes() == b"a = 1"
    assert not list(root.glob(f"{PREFIX}*"))


# --- Names that are paths -------------------------------------------------------------------------------------------

PATHS = ["../../x", "/x", "C:x", "C:\\x", "a/b", "..", ".", "a\0b", "nul", "CON.txt", "com1", "a ", "x" * 300]


@pytest.mark.parametrize("name", PATHS)
def test_an_id_that_is_a_path_is_a_fault_wherever_it_stands(small: SmallProject, tmp_path: Path, name: str) -> None:
    def texts(of: str) -> list[str]:
        folder = tmp_path / of
        broken = SmallProject()
        if of == "feature":
            broken.layers["port", "roads"][0]["properties"]["id"] = name
        elif of == "fact":
            broken.tables["port-plan", "roads"][0]["id"] = name.strip()
        else:
            quoted = json.dumps(name)
            old, new = {
                "city": ('id = "hill"', f"id = {quoted}"),
                "segment": ('id = "parts"', f"id = {quoted}"),
                "adcode": ('adcode = "310000"', f"adcode = {quoted}"),
                "district": ('adcode = "310000"', f'[[city.district]]\nid = {quoted}\nadcode = "310000"'),
                "code": ('adcode = "310000"', f'[[city.district]]\nid = "a"\nadcode = ["310000", {quoted}]'),
            }[of]
            assert old in broken.config
            broken.config = broken.config.replace(old, new, 1)
        return [str(fault) for fault in faults_of(broken, folder)]

    of_all = ("city", "segment", "adcode", "district", "code", "feature")
    for of in (*of_all, "fact") if name.strip() == name and "\0" not in name else of_all:
        shown = name if of != "fact" else name.strip()
        assert any(repr(shown) in text and ("id" in text or "code" in text) for text in texts(of)), of


@pytest.mark.parametrize("name", PATHS)
def test_a_document_that_lies_elsewhere_is_a_fault(small: SmallProject, tmp_path: Path, name: str) -> None:
    root = small.write(tmp_path)
    path = root / "seeds" / "port-plan" / "plan.toml"
    text = path.read_text("utf-8").replace('"port-plan.txt"', json.dumps(name))
    path.write_text(text, "utf-8")
    said = [fault.what for fault in examine_project(root)[1] if fault.where == "seeds/port-plan/plan.toml"]
    assert [what.split(";")[0] for what in said] == ([] if name == "a/b" else [f"file is {name!r}"])


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize(
    "name", ["seeds/port-plan/plan.toml", "seeds/port-plan/roads.csv", "layers/port/roads.geojson"]
)
def test_a_pipe_in_a_project_is_a_fault_and_hangs_nothing(small: SmallProject, tmp_path: Path, name: str) -> None:
    root = small.write(tmp_path)
    (root / name).unlink()
    os.mkfifo(root / name)
    assert f"{name}: is no regular file" in [str(fault) for fault in examine_project(root)[1]]


# --- Which project ----------------------------------------------------------------------------------------------------


def test_the_nearest_project_upwards_is_found(small: SmallProject, tmp_path: Path) -> None:
    root = small.write(tmp_path / "outer")
    inner = SmallProject().write(root / "inner")
    deep = root / "layers" / "port"
    assert find_project(deep) == root.resolve()
    assert find_project(inner / "seeds") == inner.resolve()


def test_outside_of_any_project_the_bundled_one_is_found(tmp_path: Path) -> None:
    assert "jiading" in load_project(find_project(tmp_path), kinds=(), fact_kinds=()).cities


def test_where_there_is_no_project_at_all_the_message_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.model.project.BUNDLED", (tmp_path / "bundled",))
    with pytest.raises(UsageError, match=r"no gis\.toml in"):
        find_project(tmp_path)


# --- The ground -------------------------------------------------------------------------------------------------------

LAKE = feature("lake", box(121.0, 31.0, 121.01, 31.01), **{"class": "water", "rank": 1})
STRETCH = feature("stretch", {"type": "LineString", "coordinates": [[121, 31], [121.1, 31.1]]}, **{"class": "railway"})


def test_the_ground_is_drawn_and_stands_in_no_layer_that_is_counted(small: SmallProject, tmp_path: Path) -> None:
    without = load_project(small.write(tmp_path / "without"))
    assert len(without.ground("port")) == 0
    del STRETCH["properties"]["name"]  # A stretch of railway needs no name.
    small.layers["port", "ground"] = [LAKE, STRETCH]
    project = load_project(small.write(tmp_path / "with"))
    assert project.ground("port").ids == ["lake", "stretch"]
    assert project.layers.keys() == without.layers.keys()
    assert list(project.unplaced("port")) == list(without.unplaced("port"))
    assert [row.kind for row in audit(project)] == [row.kind for row in audit(without)]


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (feature("x", box(121, 31, 121.1, 31.1), **{"class": "railway"}), "the geometry is a Polygon; allowed: LineS"),
        (feature("x", box(121, 31, 121.1, 31.1), **{"class": "lake"}), "class is 'lake'; allowed: airfield, built_up"),
        (feature("x", box(121, 31, 121.1, 31.1)), "class is missing"),
        (feature("x", None, **{"class": "water"}), "no geometry, and the ground is there only to be drawn"),
        (feature("x", box(121, 31, 121.1, 31.1), **{"class": "water", "accuracy_m": None}), "but no accuracy_m"),
        (feature("seastar", box(121, 31, 121.1, 31.1), **{"class": "water"}), "the id is also in layers/port/enterpr"),
    ],
)
def test_the_ground_is_checked_as_every_layer(small: SmallProject, tmp_path: Path, broken: Feature, what: str) -> None:
    small.layers["port", "ground"] = [broken]
    (fault,) = faults_of(small, tmp_path)
    assert fault.where == "layers/port/ground.geojson"
    assert what in fault.what


# --- How a position is known ------------------------------------------------------------------------------------------


def test_what_is_known_by_its_place_has_no_geometry_and_is_not_lost(small: SmallProject, tmp_path: Path) -> None:
    project = load_project(small.write(tmp_path))
    _, firm, geometry = project.find("enterprises", "anchor")
    assert knowledge(firm, geometry) == Knowledge.WITHIN
    assert ("enterprises", "anchor") not in [(kind, record["id"]) for kind, record in project.unplaced("port")]


def test_a_point_of_more_than_a_kilometre_is_no_position(small: SmallProject, tmp_path: Path) -> None:
    small.feature("port", "enterprises", "seastar")["properties"]["accuracy_m"] = 1500
    with pytest.raises(ProjectError, match="a point is known to at most 1000 m"):
        load_project(small.write(tmp_path))


def test_a_place_needs_the_source_that_says_so(small: SmallProject, tmp_path: Path) -> None:
    del small.feature("port", "enterprises", "anchor")["properties"]["within_source"]
    with pytest.raises(ProjectError, match="there is no within_source"):
        load_project(small.write(tmp_path))


def test_a_point_and_a_place_are_two_positions(small: SmallProject, tmp_path: Path) -> None:
    small.feature("port", "enterprises", "seastar")["properties"]["within"] = "south-park"
    with pytest.raises(ProjectError, match="there is a geometry and within too"):
        load_project(small.write(tmp_path))


def test_a_street_is_known_along(small: SmallProject, tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[121.01, 31.005], [121.02, 31.005]]}
    small.feature("port", "enterprises", "seastar")["geometry"] = line
    _, firm, geometry = load_project(small.write(tmp_path)).find("enterprises", "seastar")
    assert knowledge(firm, geometry) == Knowledge.ALONG


def test_a_list_is_complete_only_where_a_source_says_so(small: SmallProject, tmp_path: Path) -> None:
    assert load_project(small.write(tmp_path)).complete("port", "roads") is None


# --- The layout of a day ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "system", "place"),
    [
        (date(2021, 4, 8), "old-layout", "old-hill"),
        (date(2021, 4, 9), "new-layout", "new-hill"),
        (date(2030, 1, 1), "new-layout", "new-hill"),
    ],
)
def test_a_layout_ends_on_the_day_on_which_the_next_begins(
    small: SmallProject, tmp_path: Path, day: date, system: str, place: str
) -> None:
    project = load_project(small.write(tmp_path))
    assert [found.id for found in project.systems("hill", day)] == [system]
    assert project.places("hill", day).ids == ["hill-park", place]


def test_before_the_old_layout_its_district_was_not_there(small: SmallProject, tmp_path: Path) -> None:
    project = load_project(small.write(tmp_path))
    assert project.places("hill", date(2019, 4, 3)).ids == ["hill-park"]
    assert project.places("hill", date(2019, 4, 4)).ids == ["hill-park", "old-hill"]


def test_without_a_day_every_layout_is_there(small: SmallProject, tmp_path: Path) -> None:
    project = load_project(small.write(tmp_path))
    assert [system.id for system in project.systems("hill")] == ["old-layout", "new-layout"]
    assert project.places("hill").ids == ["hill-park", "new-hill", "old-hill"]


def test_a_district_that_no_plan_names_is_not_a_place(small: SmallProject, tmp_path: Path) -> None:
    project = load_project(small.write(tmp_path))
    assert "hill-district" not in project.places("hill")
    small.tables["hill-plan", "zones"].append(
        {**row("hill-district", 5), **{k: v for k, v in small.tables["hill-plan", "zones"][0].items() if k == "role"},
         "system": "", "functions": "", "area_km2": "", "parent": "", "status": "", "note": ""}
    )  # fmt: skip
    assert "hill-district" in load_project(small.write(tmp_path)).places("hill")
