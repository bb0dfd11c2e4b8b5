"""No command writes over a file that it did not make, its own input or a project's source, unless it is forced."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gis import cli
from tests.fixtures.small_project import SmallProject

MINE = "mine, and nobody else's"
Run = Callable[..., tuple[int, str]]
posix = pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return SmallProject().write(tmp_path / "project")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["gis", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        return code if isinstance(code, int) else 0, capfd.readouterr().err

    return run


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Path]:
    firms, zones = tmp_path / "firms.csv", tmp_path / "zones.geojson"
    firms.write_text("企业名称,经度,纬度\n甲,121.015,31.005\n", "utf-8")
    ring = [[121.01, 31.0], [121.02, 31.0], [121.02, 31.01], [121.01, 31.01], [121.01, 31.0]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"id": "a", "name": "甲园"}, "geometry": polygon}
    zones.write_text(json.dumps({"type": "FeatureCollection", "datum": "wgs84", "features": [feature]}), "utf-8")
    return {"firms": firms, "zones": zones}


def writers(root: Path, given: dict[str, Path]) -> dict[str, Callable[[Path], list[object]]]:
    """Every command that writes a file that the user names; the words of each by the file."""
    loose = [given["firms"], given["zones"]]
    return {
        "export": lambda out: ["export", "zones", "--format", "geojson", "--project", root, "-o", out],
        "coverage": lambda out: ["coverage", "--format", "csv", "--city", "port", "--project", root, "-o", out],
        "coverage xlsx": lambda out: ["coverage", "--format", "xlsx", "--city", "port", "--project", root, "-o", out],
        "overlap": lambda out: ["overlap", "--format", "json", "--project", root, "-o", out],
        "indicators": lambda out: ["indicators", "--format", "json", "--project", root, "-o", out],
        "structure": lambda out: ["structure", "--format", "json", "--project", root, "-o", out],
        "map": lambda out: ["map", *loose, "--datum", "wgs84", "-o", out],
        "count": lambda out: ["count", *loose, "--datum", "wgs84", "--format", "csv", "-o", out],
    }


NAMES = ["export", "coverage", "coverage xlsx", "overlap", "indicators", "structure", "map", "count"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_there_is_written_over_only_where_it_is_forced(
    tmp_path: Path, root: Path, given: dict[str, Path], run: Run, name: str
) -> None:
    words = writers(root, given)[name]
    out = tmp_path / "mine.txt"
    out.write_text(MINE, "utf-8")
    before = snapshot(tmp_path)
    code, said = run(*words(out))
    assert (code, "--force" in said, str(out) in said) == (1, True, True), said
    assert snapshot(tmp_path) == before
    code, said = run(*words(out), "--force")
    assert code == 0, said
    assert out.read_bytes() != MINE.encode()
    assert {name for name, data in snapshot(tmp_path).items() if data != before.get(name)} == {"mine.txt"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_put_into_what_a_project_is_made_of(
    tmp_path: Path, root: Path, given: dict[str, Path], run: Run, name: str
) -> None:
    words = writers(root, given)[name]
    (root / "imports").mkdir()
    before = snapshot(tmp_path)
    for where in (
        "gis.toml", "segments.csv", "layers/port/zones.geojson", "layers/new.geojson", "seeds/new.csv",
        "imports/1.json", "LAYERS/new.geojson", "maps/../layers/port/new.geojson",
    ):  # fmt: skip
        code, said = run(*words(root / where))
        assert (code, "--force" in said) == (1, True) or "does not exist" in said, (where, said)
        assert snapshot(tmp_path) == before, where


@pytest.mark.parametrize("name", ["map", "count"])
@pytest.mark.parametrize("which", ["firms", "zones"])
def test_the_input_of_a_command_is_not_its_output(
    tmp_path: Path, root: Path, given: dict[str, Path], run: Run, name: str, which: str
) -> None:
    before = snapshot(tmp_path)
    code, said = run(*writers(root, given)[name](given[which]))
    assert (code, "--force" in said) == (1, True), said
    assert snapshot(tmp_path) == before


def test_a_converted_file_is_not_written_over_its_input_or_another(
    tmp_path: Path, given: dict[str, Path], run: Run
) -> None:
    other = tmp_path / "other.csv"
    other.write_text(MINE, "utf-8")
    before = snapshot(tmp_path)
    for out in (given["firms"], other, tmp_path / "." / "firms.csv"):
        code, said = run("datum", "convert", given["firms"], out, "--from", "gcj02")
        assert (code, "--force" in said) == (1, True), said
        assert snapshot(tmp_path) == before
    assert run("datum", "convert", given["firms"], given["firms"], "--from", "gcj02", "--force")[0] == 0
    assert "121.0" in given["firms"].read_text("utf-8-sig")


@pytest.mark.parametrize("ending", ["_fields.csv", ".dbf", ".prj", ".cpg", ".shx"])
def test_no_file_of_a_set_is_written_where_one_is_in_the_way(tmp_path: Path, root: Path, run: Run, ending: str) -> None:
    assert run("export", "facilities", "--project", root, "-o", tmp_path / "a.shp")[0] == 0
    made = sorted(tmp_path.glob("a*"))
    companion = next(path.name for path in made if path.name.endswith(ending))
    for path in made:
        path.unlink()
    (tmp_path / companion).write_text(MINE, "utf-8")
    before = snapshot(tmp_path)
    code, said = run("export", "facilities", "--project", root, "-o", tmp_path / "a.shp")
    assert (code, "--force" in said, companion in said) == (1, True, True), said
    assert snapshot(tmp_path) == before
    assert run("export", "facilities", "--project", root, "-o", tmp_path / "a.shp", "--force")[0] == 0
    assert (tmp_path / companion).read_bytes() != MINE.encode()


@posix
def test_a_link_and_a_pipe_are_not_written_over(tmp_path: Path, root: Path, run: Run) -> None:
    (tmp_path / "target.txt").write_text(MINE, "utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "target.txt")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere.txt")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "dangling", "pipe"):
        code, said = run("export", "zones", "--format", "geojson", "--project", root, "-o", tmp_path / name)
        assert (code, name in said) == (1, True), said
    assert run("export", "zones", "--format", "csv", "--project", root, "-o", tmp_path / "pipe", "--force")[0] == 1
    assert run("export", "zones", "--format", "csv", "--project", root, "-o", "/dev/null", "--force")[0] == 1
    assert (tmp_path / "target.txt").read_text("utf-8") == MINE
    assert not (tmp_path / "nowhere.txt").exists()


# --- The folder of a build --------------------------------------------------------------------------------------------


def test_a_build_writes_over_what_it_made_and_over_nothing_else(tmp_path: Path, root: Path, run: Run) -> None:
    out = tmp_path / "out"
    words = ["build", "--project", root, "--out", out]
    assert run(*words, "--city", "port")[0] == 0
    assert run(*words)[0] == 0
    whole = snapshot(out)
    assert run(*words, "--lang", "en")[0] == 0
    assert run(*words, "--city", "hill")[0] == 0
    assert run(*words)[0] == 0
    assert snapshot(out) == whole
    (out / "notes.txt").write_text(MINE, "utf-8")
    assert run(*words)[0] == 0
    (out / "port" / "coverage.csv").write_text(MINE, "utf-8")
    before = snapshot(tmp_path)
    code, said = run(*words)
    assert (code, "port/coverage.csv: was changed since" in said, "--force" in said) == (1, True, True), said
    assert snapshot(tmp_path) == before
    assert run(*words, "--force")[0] == 0
    assert {k: v for k, v in snapshot(out).items() if k != "notes.txt"} == whole
    assert (out / "notes.txt").read_text("utf-8") == MINE


@pytest.mark.parametrize("name", ["index.html", "port/zones.geojson", "hill/coverage.xlsx", ".gis-build.json"])
def test_a_build_leaves_a_folder_with_other_files_alone(tmp_path: Path, root: Path, run: Run, name: str) -> None:
    out = tmp_path / "out"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text(MINE, "utf-8")
    before = snapshot(tmp_path)
    code, said = run("build", "--project", root, "--out", out)
    assert (code, f"{name}: " in said, "--force" in said) == (1, True, True), said
    assert snapshot(tmp_path) == before
    assert run("build", "--project", root, "--out", out, "--force")[0] == 0
    assert run("build", "--project", root, "--out", out)[0] == 0


def test_a_build_does_not_know_its_files_by_name(tmp_path: Path, root: Path, run: Run) -> None:
    out = tmp_path / "out"
    assert run("build", "--project", root, "--out", out)[0] == 0
    (out / ".gis-build.json").unlink()
    (out / "index.html").write_text(MINE, "utf-8")
    assert run("build", "--project", root, "--out", out)[0] == 1
    assert (out / "index.html").read_text("utf-8") == MINE


@pytest.mark.parametrize("name", [".", "layers", "layers/port", "seeds", "imports", "recipes/new"])
def test_a_build_does_not_go_into_what_a_project_is_made_of(tmp_path: Path, root: Path, run: Run, name: str) -> None:
    before = snapshot(tmp_path)
    code, said = run("build", "--project", root, "--out", root / name)
    assert (code, "--force" in said) == (1, True), said
    assert snapshot(tmp_path) == before


@posix
def test_a_build_follows_no_link_that_came_with_the_project(tmp_path: Path, root: Path, run: Run) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / "maps").symlink_to(elsewhere)
    code, said = run("build", "--project", root)
    assert (code, "link" in said) == (1, True), said
    assert list(elsewhere.iterdir()) == []
    (root / "maps").unlink()
    (root / "maps").mkdir()
    (elsewhere / "page.html").write_text(MINE, "utf-8")
    (root / "maps" / "index.html").symlink_to(elsewhere / "page.html")
    code, said = run("build", "--project", root)
    assert (code, "index.html" in said) == (1, True), said
    assert (elsewhere / "page.html").read_text("utf-8") == MINE
