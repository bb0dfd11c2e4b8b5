"""The documentation is a contract: the reference is the program's own help, and every example runs."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gis.cli import tree
from gis.cli.reference import reference
from tests import ROOT

_EXAMPLE = re.compile(r"^ *Example: (gis .+)$", re.MULTILINE)
# Examples that name files of the user, or derive from the boundary package; they have tests of their own.
_ELSEWHERE = ("gis import", "gis count", "gis map", "gis layers replace", "gis layers retire", "gis layers set",
              "gis layers districts", "gis layers ground", "gis facts verify",
              "gis init", "gis datum", "gis imports", "gis check --project", "gis build")  # fmt: skip


def examples() -> list[str]:
    return _EXAMPLE.findall(reference())


def test_the_command_line_reference_is_what_help_prints() -> None:
    written = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert written == reference(), "run: uv run python -m gis.cli.reference > docs/cli.md"


def test_every_command_has_an_example_in_its_help() -> None:
    commands = re.findall(r"^## `(gis .+)`$", reference(), re.MULTILINE)
    groups = {name.rsplit(" ", 1)[0] for name in commands if name.count(" ") > 1}
    lacking = [name for name in commands if name not in groups and not any(e.startswith(name) for e in examples())]
    assert not lacking


@pytest.mark.parametrize("example", [e for e in examples() if not e.startswith(_ELSEWHERE)])
def test_an_example_of_the_help_runs(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(tree(), shlex.split(example)[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_the_readme_names_only_commands_that_exist() -> None:
    known = set(re.findall(r"^## `(gis .+)`$", reference(), re.MULTILINE))
    for name in ("README.md", "README.zh-CN.md"):
        for block in re.findall(
            r"```(?:bash|text|console|powershell)\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S
        ):
            for line in re.findall(r"(?:^|uv run )(gis [a-z]+(?: [a-z]+)?)", block, re.MULTILINE):
                assert any(line == k or line.startswith(f"{k} ") or k.startswith(f"{line} ") for k in known), line


def test_the_two_commands_of_the_readme_are_the_ones_promised() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text("utf-8")
        assert "uv run gis build" in text
        assert "uv run pytest" in text


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_nothing_made_by_the_program_is_committed() -> None:
    import subprocess

    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    tracked = subprocess.run(["git", "ls-files", "maps"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert tracked.split() == ["maps/README.md"]
