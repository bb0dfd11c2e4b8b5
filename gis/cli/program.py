"""Build the tree of commands, run the one that is asked for, and say every fault in one line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from copy import copy
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from gis.base.errors import GisError
from gis.cli.show import note, prepare_streams
from gis.io.libraries import library_errors, said_by

_INTERRUPTED = 130

# Which module offers which words, in the order of --help: only the module that is asked for is imported.
MODULES: Mapping[str, tuple[str, ...]] = {
    "outcome": ("build", "check", "export"),
    "catalogue": ("list", "facts"),
    "numbers": ("coverage", "overlap", "indicators", "structure"),
    "chain": ("chain",),
    "explain": ("explain",),
    "queries": ("query",),
    "layers": ("layers",),
    "intake": ("init", "import", "imports", "datum"),
    "count": ("count",),
    "map": ("map",),
    "doctor": ("doctor",),
}


def _print_version(wanted: bool) -> None:
    if wanted:
        from gis import __version__

        typer.echo(f"gis {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def tree(words: Sequence[str] = ()) -> typer.Typer:
    """The commands: all of them, or only those of the module that offers the first of the words."""
    app = typer.Typer(
        name="gis",
        help="Turn the zones that planning documents describe into geodata, coverage statistics and offline maps.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    asked = [module for module, offered in MODULES.items() if words and words[0] in offered]
    for module in asked or MODULES:
        import_module(f"gis.cli.{module}").register(app)
    return _narrowed(app, words)


def run() -> None:
    """Run the command that the arguments ask for; a fault is said on stderr and ends with exit code 1.

    Here, and nowhere else, what a library raises and nobody expected becomes a message.

    Raises:
        SystemExit: always, with the exit code.
        KeyboardInterrupt: the user interrupted it.
    """
    try:
        prepare_streams()
        tree(sys.argv[1:])(prog_name="gis")
    except GisError as error:
        _end(str(error))
    except OSError as error:  # A full disk behind the standard output or the temporary folder, a file that is barred …
        _end(f"{said_by(error)}; {what_was_done()}")
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # typer turns an interrupt into this code, without a word.
            raise KeyboardInterrupt from end
        raise
    except library_errors() as error:
        _end(f"{said_by(error)}; {what_was_done()}")
    finally:
        _remark()


def _end(message: str) -> NoReturn:
    note(f"error: {message}")
    sys.exit(1)


def _remark() -> None:
    """Say what the compiled code, where it was used, has to say of its files."""
    compiling = sys.modules.get("gis.engine.compiling")
    for remark in () if compiling is None else compiling.remarks():
        note(f"note: {remark}")


def what_was_done() -> str:
    """What this run wrote, in words; nothing where it never came to writing."""
    files = sys.modules.get("gis.base.files")
    return "nothing was changed" if files is None else str(files.what_was_done())


def _narrowed(whole: typer.Typer, words: Sequence[str]) -> typer.Typer:
    """The tree with only the command that the words name, where they name one: typer builds every one it holds."""
    asked = words[0] if words else None
    commands = [command for command in whole.registered_commands if command.name == asked]
    groups = [copy(group) for group in whole.registered_groups if group.name == asked]
    if not commands and not groups:
        return whole
    for group in groups:
        if group.typer_instance is not None:
            group.typer_instance = _narrowed(group.typer_instance, words[1:])
    narrowed = copy(whole)
    narrowed.registered_commands, narrowed.registered_groups = commands, groups
    return narrowed
