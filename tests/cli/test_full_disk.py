"""A disk that is full, or a limit of a file's size, ends in a message; what was there stays, nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gis.views.geodata import FORMATS
from tests.fixtures.small_project import SmallProject

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
MINE = b"earlier output" * 3
LIBRARIES = "gis.views.geodata, gis.views.site, gis.model.project, openpyxl, pyarrow.parquet, geopandas"

# Commands in one process, under a limit of the size of files that is set when everything is loaded.
RUNNER = f"""
import contextlib, io, json, resource, sys, traceback
import {LIBRARIES}
from gis.io import gdal
from gis import cli
gdal.pyogrio()
commands = json.loads(sys.argv[1])
ended = []
before = resource.getrlimit(resource.RLIMIT_FSIZE)
for words, limit in commands:
    err, sys.argv = io.StringIO(), ["gis", *words]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    with contextlib.redirect_stderr(err):
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            traceback.print_exc()
            code = 99
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    ended.append([code, err.getvalue()])
print(json.dumps(ended))
"""


def under_limit(commands: list[tuple[list[str], int]], temporary: Path) -> list[tuple[int, str]]:
    """Run commands in a child process, each with the most bytes of a file; how each ended and what it said."""
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, json.dumps(commands)],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        timeout=300,
        check=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    assert list(temporary.iterdir()) == []
    return [(code, said) for code, said in json.loads(done.stdout.splitlines()[-1])]


def export(root: Path, out: Path) -> list[str]:
    return ["export", "zones", "--project", str(root), "--force", "-o", str(out)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SmallProject().write(tmp_path_factory.mktemp("full") / "project")


def test_an_export_is_whole_or_refused(root: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    for format_ in FORMATS:
        (whole / format_).mkdir(parents=True)
    ended = under_limit(
        [(export(root, whole / format_ / f"a.{format_}"), 1 << 30) for format_ in FORMATS], tmp_path / "tmp"
    )
    assert {code for code, _ in ended} == {0}, ended
    commands: list[tuple[list[str], int]] = []
    folders: list[tuple[Path, dict[str, bytes]]] = []
    for format_ in FORMATS:
        made = contents(whole / format_)
        for number, share in enumerate([0.0, 0.3, 0.6, 0.9, 0.999]):
            folder = tmp_path / f"{format_}-{number}"
            folder.mkdir()
            for name in made:
                (folder / name).write_bytes(MINE)
            commands.append((export(root, folder / f"a.{format_}"), int(max(map(len, made.values())) * share)))
            folders.append((folder, made))
    for (folder, made), (code, said) in zip(folders, under_limit(commands, tmp_path / "tmp"), strict=True):
        assert (code, "Traceback" in said) == (1, False), (folder.name, said)
        assert "full" in said or "whole" in said, (folder.name, said)
        assert contents(folder) == dict.fromkeys(made, MINE), (folder.name, said)


def test_a_build_is_whole_or_refused(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    words = ["build", "--project", str(root), "--out", str(out)]
    assert under_limit([(words, 1 << 30)], tmp_path / "tmp")[0][0] == 0
    before = contents(out)
    limits = [0, 3_000, 20_000, 100_000]
    for code, said in under_limit([([*words, "--lang", "en"], limit) for limit in limits], tmp_path / "tmp"):
        assert (code, "Traceback" in said, "full" in said or "whole" in said) == (1, False, True), said
    assert contents(out) == before
