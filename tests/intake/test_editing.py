"""Features are retired, edited and replaced by hand; each is in the journal and goes back as an import does."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import shapely

from gis.base.errors import InputError, UnknownIdError, UsageError
from gis.intake.editing import retire, set_columns
from gis.intake.replacing import replace_geometry
from gis.io.geojson import dump_features
from gis.measures.coverage import coverage
from gis.model import journal
from gis.model.project import load_project
from tests.faults.make import table
from tests.fixtures import intake
from tests.intake.test_importing import FIRM_HEADER, firms
from tests.intake.test_session import gis

FIRST = next(iter(intake.PARKS))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = intake.new_project(tmp_path / "园区")
    intake.import_parks(root)
    rows, _ = firms(6, "wgs84")
    intake.run(root, table(tmp_path, [FIRM_HEADER, *rows]), datum="wgs84")
    return root


def id_of(root: Path, number: int) -> str:
    return sorted(str(f.properties["id"]) for f in intake.records(root).values())[number]


def layer(root: Path, kind: str = "enterprises") -> Path:
    return root / "layers" / intake.CITY / f"{kind}.geojson"


def inside(root: Path) -> int:
    project = load_project(root)
    return coverage(project, intake.CITY).total.inside or 0


def outline(folder: Path, east: float = 0.0005, name: str = "新.geojson") -> Path:
    path = folder / name
    path.write_bytes(dump_features([({"name": FIRST}, shapely.affinity.translate(intake.PARKS[FIRST], east))]))
    return path


def zone_id(root: Path) -> str:
    return str(intake.records(root, "zones")[FIRST].properties["id"])


def test_a_retired_firm_counts_until_the_day_and_comes_back_by_undo(root: Path) -> None:
    before = layer(root).read_bytes()
    assert inside(root) == 6
    done = retire(root, [id_of(root, 0), id_of(root, 1)], date(2026, 10, 1), intake.WHEN)
    assert inside(root) == 4
    assert len(intake.records(root)) == 6
    assert all("valid_to: (empty) → 2026-10-01" in line for line in done.words)
    (entry,) = [entry for entry in journal.read_journal(root) if entry.action == "retire"]
    assert (entry.number, len(entry.changed)) == (3, 2)
    journal.undo(root, 3, intake.WHEN)
    assert layer(root).read_bytes() == before
    retire(root, [id_of(root, 0)], date(2027, 1, 1), intake.WHEN)
    assert inside(root) == 6


def test_values_are_set_as_a_cell_would_say_them_and_taken_back(root: Path) -> None:
    before = layer(root).read_bytes()
    id_ = id_of(root, 0)
    old = load_project(root).layer(intake.CITY, "enterprises").record(id_)
    set_columns(
        root, id_, {"name": "新名有限公司", "segment": "动力电池", "aliases": "一；二", "accuracy_m": "12"}, intake.WHEN
    )
    new = load_project(root).layer(intake.CITY, "enterprises").record(id_)
    assert (new["name"], new["accuracy_m"]) == ("新名有限公司", 12)
    assert set(new["aliases"]) == {"一", "二"}
    set_columns(root, id_, {"name": "又名有限公司"}, intake.WHEN)
    assert "新名有限公司" in load_project(root).layer(intake.CITY, "enterprises").record(id_)["aliases"]
    for number in (4, 3):
        journal.undo(root, number, intake.WHEN)
    assert layer(root).read_bytes() == before
    assert load_project(root).layer(intake.CITY, "enterprises").record(id_)["name"] == old["name"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"id": "x"}, "no such column"),
        ({"history": "[]"}, "no such column"),
        ({"nmae": "x"}, "no such column"),
        ({"kind": "铺子"}, "none of what the column may say"),
        ({"segment": "铺子"}, "none of what the column may say"),
        ({"uscc": "91310114MA1000001X"}, "check sign"),
        ({"accuracy_m": "-3"}, "above 0"),
        ({"valid_to": "neulich"}, "valid_to"),
    ],
)
def test_what_a_column_cannot_say_is_refused_and_nothing_changes(root: Path, values: dict[str, str], says: str) -> None:
    before = intake.state(root)
    with pytest.raises((UsageError, InputError), match=says):
        set_columns(root, id_of(root, 0), values, intake.WHEN)
    with pytest.raises(InputError):
        set_columns(root, id_of(root, 0), {"name": ""}, intake.WHEN)
    assert {k: v for k, v in intake.state(root).items() if not k.startswith(".")} == {
        k: v for k, v in before.items() if not k.startswith(".")
    }


def test_ids_that_are_none_or_of_two_layers_are_refused(root: Path) -> None:
    with pytest.raises(UnknownIdError):
        retire(root, ["nobody"], date(2026, 10, 1), intake.WHEN)
    with pytest.raises(UsageError, match="2 layers"):
        retire(root, [id_of(root, 0), zone_id(root)], date(2026, 10, 1), intake.WHEN)
    assert retire(root, [id_of(root, 0)], date(2026, 10, 1), intake.WHEN, dry_run=True).number is None
    assert len(journal.read_journal(root)) == 2


def test_a_replacement_is_in_the_journal_and_undone_to_the_byte(root: Path, tmp_path: Path) -> None:
    before = layer(root, "zones").read_bytes()
    replace_geometry(root, zone_id(root), outline(tmp_path), source="a survey", accuracy_m=1, datum="wgs84")
    entry = journal.read_journal(root)[-1]
    assert (entry.number, entry.action, entry.file, entry.datum) == (3, "replace", "新.geojson", "wgs84")
    assert any("overlap" in note for note in entry.notes)
    # The import of the zones waits for its features to be set back; that of the firms does not.
    with pytest.raises(InputError, match="undo the later imports first"):
        journal.undo(root, 1, intake.WHEN)
    journal.undo(root, 3, intake.WHEN)
    assert layer(root, "zones").read_bytes() == before
    journal.undo(root, 2, intake.WHEN)
    journal.undo(root, 1, intake.WHEN)
    assert not layer(root, "zones").exists()


def test_an_earlier_change_of_another_feature_is_undone_while_a_later_one_stands(root: Path, tmp_path: Path) -> None:
    other = str(intake.records(root, "zones")[list(intake.PARKS)[1]].properties["id"])
    set_columns(root, other, {"note": "一"}, intake.WHEN)
    replace_geometry(root, zone_id(root), outline(tmp_path), source="a survey", accuracy_m=1, datum="wgs84")
    journal.undo(root, 3, intake.WHEN)
    zones = {f.properties["id"]: f for f in intake.records(root, "zones").values()}
    assert zones[other].properties.get("note") is None
    assert zones[zone_id(root)].properties["geometry_source"] == "a survey"


@pytest.mark.parametrize("suffix", ["gpkg", "csv", "xlsx", "geojson", "parquet", "fgb", "kml"])
def test_a_history_comes_back_as_objects_from_every_format(root: Path, tmp_path: Path, suffix: str) -> None:
    replace_geometry(root, zone_id(root), outline(tmp_path), source="a", accuracy_m=1, datum="wgs84")
    out = tmp_path / f"z.{suffix}"
    gis("export", "zones", "-o", str(out), "--project", str(root), at=tmp_path)
    words = ["--kind", "zones", "--merge", "--again", "--datum", "wgs84", "--project", str(root)]
    gis("import", str(out), *words, at=tmp_path)
    replace_geometry(root, zone_id(root), outline(tmp_path), source="b", accuracy_m=1, datum="wgs84")
    history = intake.records(root, "zones")[FIRST].properties["history"]
    assert [type(one) for one in history] == [dict, dict]
    assert history[1]["geometry_source"].startswith("a")
    assert json.dumps(history)


@pytest.mark.parametrize("text", ["{'a': 1}", "[1, 2]", "abc", '{"a": 1}', '["a"]'])
def test_a_history_that_is_none_is_a_fault(root: Path, tmp_path: Path, text: str) -> None:
    rows = [["名称", "WKT", "history"], ["丙园", intake.PARKS[FIRST].wkt, text]]
    with pytest.raises(InputError, match="history"):
        intake.run(root, table(tmp_path, rows, "丙.csv"), kind="zones", datum="wgs84")


def test_the_commands_say_what_they_did(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gis("layers", "retire", id_of(root, 0), "--on", "2026-10-01", "--project", str(root), at=tmp_path)
    gis("layers", "set", id_of(root, 1), "note=搬走", "--dry-run", "--project", str(root), at=tmp_path)
    gis("layers", "set", id_of(root, 1), "note=搬走", "address=", "kind=机构", "--project", str(root), at=tmp_path)
    said = capsys.readouterr().err
    assert "valid_to: (empty) → 2026-10-01" in said
    assert "nothing was written" in said
    assert "note: (empty) → 搬走; " in said or "kind: enterprise → institution" in said
    gis("imports", "undo", "4", "--project", str(root), at=tmp_path)
    gis("imports", "--project", str(root), at=tmp_path)
    listed = capsys.readouterr()
    assert "set 4 is undone" in listed.err
    assert "retire" in listed.out
