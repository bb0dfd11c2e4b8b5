"""An interrupt at any moment, while modules load too, ends with exit code 130, one line and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fixtures.small_project import SmallProject

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

# As the console script and `python -m gis` start. A sign is written when the entry point is reached and the first
# module of the program begins to load; what Python itself does before cannot be caught.
SIGN = """import sys, runpy
seen = []
def watch(event, arguments):
    if event == "import" and arguments[0] == "gis.cli.program" and not seen:
        seen.append(1); sys.stderr.write("-"); sys.stderr.flush()
sys.addaudithook(watch)
"""
SCRIPT = SIGN + "from gis.cli import main; sys.exit(main())"
MODULE = SIGN + "runpy.run_module('gis', run_name='__main__')"


@pytest.mark.parametrize("way", [SCRIPT, MODULE], ids=["script", "module"])
@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.15, 0.4, 0.8, 1.5])
def test_an_interrupt_ends_without_a_traceback(tmp_path: Path, way: str, after_s: float) -> None:
    root = SmallProject().write(tmp_path / "project")
    out = tmp_path / "out"
    words = ["build", "--project", str(root), "--out", str(out)]
    process = subprocess.Popen([sys.executable, "-c", way, *words], stderr=subprocess.PIPE, encoding="utf-8")
    assert process.stderr is not None
    assert process.stderr.read(1) == "-"
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    assert process.returncode in {0, 130}, said
    if process.returncode:
        assert said.splitlines()[-1].startswith("中断"), said
        assert out.exists() == ("nothing was changed" not in said)
    else:
        assert (out / "index.html").exists()
