"""Write docs/cli.md from the commands' own help: `python -m gis.cli.reference > docs/cli.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer

_WIDTH = 100


def reference() -> str:
    """Give the command line reference as Markdown: every command with its help, as `--help` prints it."""
    from gis.cli import tree

    parts = [
        "# Command line reference",
        "Generated from `--help`; a test holds it to the program.",
        "Data goes to the standard output, progress and warnings to the standard error; exit code 0 is success, "
        "1 a fault in the input (its message says what to do), 2 a command that was not understood.",
    ]
    for name, text in _commands(typer.main.get_command(tree()), "gis", None):
        parts += [f"## `{name}`", f"```text\n{text.rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


def _commands(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True, terminal_width=_WIDTH)
    yield name, command.get_help(context)
    for child in sorted(getattr(command, "commands", {})):
        yield from _commands(command.commands[child], f"{name} {child}", None)


if __name__ == "__main__":
    sys.stdout.write(reference())
