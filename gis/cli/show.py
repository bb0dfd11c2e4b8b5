"""Print: data to stdout, everything else to stderr."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import typer

from gis.base.errors import GisError
from gis.base.text import printable
from gis.cli.options import FeatureFormat, Format
from gis.views import tables


def prepare_streams() -> None:
    """Let both streams take any text: piped output is UTF-8, a console shows what it can and escapes the rest.

    Raises:
        GisError: the standard output is closed.
    """
    if sys.stdout is None:
        raise GisError("the standard output is closed; send it to a file or to the terminal")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="backslashreplace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")


def note(message: str) -> None:
    """Say something to the person: progress, a warning, a fault."""
    typer.echo("\n".join(printable(line) for line in message.split("\n")), err=True)


def emit(text: str) -> None:
    """Print data as it is."""
    typer.echo(text, nl=False)


def emit_rows(
    rows: Sequence[Mapping[str, Any]],
    format_: Format | FeatureFormat,
    columns: Sequence[str] | None = None,
    headings: Mapping[str, str] | None = None,
) -> None:
    """Print rows in the format asked for; `columns` narrows the table for people, JSON and CSV hold all.

    At a terminal the table is made to fit it; piped, every cell is whole.
    """
    if format_ == "json":
        emit(tables.as_json(list(rows)))
    elif format_ == "csv":
        emit(tables.as_csv(rows))
    elif not rows:
        note("nothing found")
    elif sys.stdout.isatty():
        _emit_fitted(rows, columns if columns is not None else tables.columns_of(rows), headings or {})
    else:
        emit(tables.as_table(rows, columns, headings))


def _emit_fitted(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], headings: Mapping[str, str]) -> None:
    """Print a table as the terminal has room for it; say which columns have none."""
    whole = tables.as_table(rows, columns, headings)
    shown = tables.as_table(rows, columns, headings, get_terminal_size().columns)
    emit(shown)
    if shown == whole:
        return
    rule = shown.splitlines()[1]
    left_out = [headings.get(name, name) for name in columns[len(rule.split()) :]]
    what = f"there is no room for {', '.join(left_out)}" if left_out else "long texts are shortened"
    note(f"{what}: widen the terminal, or ask for --format csv or json")


def check_output(output: Path | None, *, force: bool) -> None:
    """Refuse a file that would be written over, before the work for it is done.

    Raises:
        UsageError: the file is there, or belongs to a project, and nothing is forced.
    """
    if output is not None and str(output) != "-":
        from gis.base.files import check_free

        check_free([output], force=force)


def write_output(data: bytes, output: Path | None, *, force: bool) -> None:
    """Write data to a file, or to stdout where the file is None or `-`.

    Raises:
        UsageError: the file is there, or belongs to a project, and nothing is forced.
    """
    if output is None or str(output) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from gis.base.files import write_outputs

    write_outputs({output: data}, force=force)
    note(f"wrote {output}")


def write_set(files: Mapping[str, bytes], output: Path, command: str, *, force: bool) -> None:
    """Write a set of files, such as a shapefile, beside each other; `output` names its folder.

    Raises:
        UsageError: one of them is there, or belongs to a project, and nothing is forced.
    """
    from gis.base.files import write_outputs

    write_outputs({output.with_name(name): data for name, data in files.items()}, command, force=force)
    note(f"wrote {', '.join(sorted(files))} into {output.parent}")
