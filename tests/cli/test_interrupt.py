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

# As the console script starts: the line that it writes says that the entry point is reached.
SCRIPT = "import sys; sys.stderr.write('-'); sys.stderr.flush(); from gis.cli import main; sys.exit(main())"
MODULE = "import sys, runpy; sys.stderr.write('-'); sys.stderr.flush(); runpy.run_module('gis', run_name='__main__')"


@pytest.mark.parametrize("way", [SCRIPT, MODULE], ids=["script", "module"])
@pytest.mark.parametrize("after_s", [0.02, 0.06, 0.12, 0.2, 0.35, 0.5, 0.8, 1.2, 1.7])
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
        assert said.splitlines()[-1].startswith("stopped; "), said
        assert out.exists() == ("nothing was changed" not in said)
    else:
        assert (out / "index.html").exists()
