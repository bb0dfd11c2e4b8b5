"""Hear every interrupt: one that a library swallows is raised again before anything is put in its place."""

import signal
from types import FrameType

_heard: list[int] = []


def listen() -> None:
    """Take the interrupts that Python would turn into KeyboardInterrupt, and remember them."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _hear)


def _hear(number: int, _frame: FrameType | None) -> None:
    _heard.append(number)
    raise KeyboardInterrupt


def was_heard() -> bool:
    """Whether the user interrupted this process, even if the interrupt got lost."""
    return bool(_heard)


def stop_if_heard() -> None:
    """Raise the interrupt again that got lost.

    Raises:
        KeyboardInterrupt: the user interrupted this process.
    """
    if _heard:
        raise KeyboardInterrupt
