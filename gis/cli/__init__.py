"""Offer the program at the command line: each command loads, calls and shows."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gis import __version__
from gis.cli import catalogue, layers, numbers, outcome, queries
from gis.cli.show import note, prepare_streams
from gis.errors import GisError

app = typer.Typer(
    name="gis",
    help="Turn the zones that planning documents describe into geodata, coverage statistics and offline maps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"gis {__version__}")
        raise typer.Exit


outcome.register(app)
catalogue.register(app)
numbers.register(app)
queries.register(app)
layers.register(app)


def main() -> None:
    """Run a command; a fault that the user can mend ends with its message on stderr and exit code 1."""
    prepare_streams()
    try:
        app()
    except GisError as error:
        note(f"error: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        note("stopped; nothing was changed by the command that was stopped")
        sys.exit(130)
