"""An interrupt that a library swallows still stops the program before it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOST = """
import signal, sys
from contextlib import suppress
from pathlib import Path
from gis import cli
from gis.cli import program

def run():
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    {then}
    sys.exit(0)

program.run = run
cli.main()
"""


def ended(then: str) -> subprocess.CompletedProcess[str]:
    code = LOST.format(then=then)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False)


def test_nothing_is_written_after_an_interrupt_that_got_lost(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    done = ended(f"from gis.base.files import write_text_atomic; write_text_atomic(Path({str(out)!r}), 'x')")
    assert done.returncode == 130
    assert "中断，未作更改" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_writes_nothing_ends_as_interrupted_too() -> None:
    done = ended("pass")
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


def test_a_process_that_was_told_not_to_mind_interrupts_does_not() -> None:
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + LOST.format(then="pass")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
