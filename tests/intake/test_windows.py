"""What can be held on any system of Windows: names of files, paths in archives, consoles in other encodings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from gis.base.errors import UsageError
from gis.base.text import is_file_name
from gis.intake.recipe import recipe_path
from gis.intake.starting import start_project
from gis.io.reading import read_table
from tests.faults.make import archive, table
from tests.fixtures import intake
from tests.intake.test_importing import FIRM_HEADER, firms

FIRM = "企业名称,经度,纬度\n甲公司,121.16,31.28\n".encode("gbk")


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "aux"])
def test_what_windows_keeps_for_its_devices_is_no_name_of_a_recipe_or_city(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Windows"):
        recipe_path(name)
    with pytest.raises(UsageError, match="Windows"):
        start_project(tmp_path / "p", city=name.lower(), name=None, adcode=None, as_of=intake.AS_OF)
    assert not (tmp_path / "p").exists()


def test_every_file_of_a_project_has_a_name_that_windows_takes(tmp_path: Path) -> None:
    root = intake.new_project(tmp_path / "我的 园区")
    intake.import_parks(root)
    rows, _ = firms(3, "wgs84")
    intake.run(root, table(tmp_path, [FIRM_HEADER, *rows]), datum="wgs84", recipe="月报-2026.1")
    written = [path.relative_to(root) for path in root.rglob("*")]
    assert len(written) > 10
    assert [path for path in written if not all(map(is_file_name, PureWindowsPath(path).parts))] == []
    assert max(len(str(path)) for path in written) < 100


@pytest.mark.parametrize("name", ["数据\\\\表.csv", "数据/表:1.csv", "con/aux.csv", "数据./表.csv", "数 据/表?.csv"])
def test_an_archive_with_names_that_windows_cannot_have_is_read(name: str, tmp_path: Path) -> None:
    assert read_table(archive(tmp_path, {name: FIRM})).rows[0].cells["企业名称"] == "甲公司"


COMMANDS = (
    ("list", "zones"),
    ("coverage",),
    ("imports",),
    ("import", "表.csv", "--kind", "enterprises", "--datum", "wgs84", "--dry-run"),
    ("import", "没有.csv", "--kind", "enterprises"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with names that GBK does not have, and a file to import."""
    root = intake.new_project(tmp_path_factory.mktemp("console") / "园区")
    intake.import_parks(root)
    intake.run(
        root, table(root.parent, [["企业名称", "经度", "纬度"], ["𠮷🚗公司", 121.17, 31.295]], "一.csv"), datum="wgs84"
    )
    table(root, [["企业名称", "经度", "纬度"], ["㊣😀公司\u202e", 121.171, 31.296]], "表.csv")
    return root


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of Unix")
@pytest.mark.parametrize("encoding", ["gbk", "cp936", "ascii"])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_a_terminal_in_another_encoding_shows_what_it_can(words: tuple[str, ...], encoding: str, project: Path) -> None:
    import pty

    before = intake.state(project)
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gis", *words],
        cwd=project,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C", "COLUMNS": "200"},
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    while block := _read(controller):
        shown += block
    os.close(controller)
    assert process.wait() == (1 if "没有.csv" in words else 0), shown.decode(encoding, "replace")
    assert b"Traceback" not in shown
    assert shown.strip()
    if encoding != "ascii":  # click takes ASCII for a mistake and writes UTF-8.
        shown.decode(encoding)
    assert intake.state(project) == before


def _read(terminal: int) -> bytes:
    """What a terminal shows next; nothing where its program has ended."""
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux ends a terminal like this.
        return b""
