"""Offer the program at the command line: each command loads, calls and shows.

What is imported here is imported before `main` can hear an interrupt: nothing but what Python has loaded at its start.
"""

import atexit
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

_INTERRUPTED = 130


def main() -> None:
    """Run a command; a fault that the user can mend ends with its message on stderr and exit code 1.

    An interrupt ends with exit code 130 and one line that says what was changed, even while modules are loading.
    """
    try:
        _mind_interrupts()
        from gis.base.interrupts import stop_if_heard
        from gis.cli.program import run

        try:
            run()
        finally:
            stop_if_heard()
    except KeyboardInterrupt:
        try:
            message = _stopped()
        except KeyboardInterrupt:  # A second one, at once.
            message = "stopped"
        if sys.stderr is not None:
            sys.stderr.write(f"{message}\n")
        sys.exit(_INTERRUPTED)


def tree(words: "Sequence[str]" = ()) -> "typer.Typer":
    """The commands: all of them, or only those of the module that offers the first of the words."""
    from gis.cli.program import tree as built

    return built(words)


def _mind_interrupts() -> None:
    """Let no interrupt get lost in a finaliser, nor end in a traceback when the work is done."""
    import signal

    from gis.base.interrupts import listen

    listen()
    before = sys.unraisablehook
    if getattr(before, "__name__", "") != "heard":

        def heard(lost: "sys.UnraisableHookArgs") -> None:
            if issubclass(lost.exc_type, KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            elif not issubclass(lost.exc_type, OSError):  # What failed to close was said to fail before.
                before(lost)

        sys.unraisablehook = heard
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)


def _stopped() -> str:
    files = sys.modules.get("gis.base.files")
    done = "" if files is None else files.what_was_done()
    return (
        "中断，未作更改 (stopped; nothing was changed)"
        if done in {"", "nothing was changed"}
        else f"中断 (stopped); {done}"
    )
