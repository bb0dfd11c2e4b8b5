"""`gis doctor`: one screen that says how the installation and the project stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gis.cli import tree
from tests import ROOT
from tests.fixtures.small_project import SmallProject, feature, point


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    with pytest.raises(SystemExit) as ended:
        tree(words)(list(words), prog_name="gis")
    assert not ended.value.code
    said = capsys.readouterr()
    return said.out, said.err


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> dict[tuple[str, str], tuple[str, str]]:
    out, _ = run(capsys, "doctor", "--format", "json", *words)
    return {(row["what"], row["name"]): (row["state"], row["note"]) for row in json.loads(out)}


def test_it_names_versions_both_gdals_formats_extras_and_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "--project", str(ROOT))
    assert {"GDAL (pyogrio)", "GDAL (fiona)", "GEOS", "PROJ"} <= {name for what, name in found if what == "library"}
    assert found["format", "GPKG"] == ("reads and writes", "")
    assert {name for what, name in found if what == "extra"} == {"boundary", "dask", "figures", "xls"}
    assert found["project", "三城汽车产业园区"][0] == "no faults"


def test_a_project_with_faults_is_counted_not_raised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = SmallProject()
    small.layers["port", "enterprises"].append(feature("lost", point(0.0, 0.0), segment="no link"))
    found = rows(capsys, "--project", str(small.write(tmp_path)))
    assert any(state.endswith("gis check lists them") for (what, _), (state, _) in found.items() if what == "project")


def test_a_folder_that_is_no_project_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(capsys, "--project", str(tmp_path))["project", ""][0] == "cannot be read"


def test_a_cache_that_cannot_be_written_is_said_with_what_it_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "nowhere"))
    state, note = rows(capsys, "--project", str(ROOT))["folder", "numba cache"]
    assert state == "not writable"
    assert "20 s" in note


def test_a_command_that_falls_back_to_the_bundled_project_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _, outside = run(capsys, "list", "cities")
    monkeypatch.chdir(ROOT)
    _, inside = run(capsys, "list", "cities")
    assert "bundled project" in outside
    assert inside == ""
