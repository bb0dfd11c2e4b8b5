"""Name every fault a user can cause, in one small hierarchy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

_MOST_KNOWN = 12


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where.

    `where` is a file (relative to the project where possible); `row` is the 1-based row or line in it, or a feature id.
    """

    where: str
    what: str
    row: int | str | None = None

    def __str__(self) -> str:
        place = self.where if self.row is None else f"{self.where}:{self.row}"
        return f"{place}: {self.what}"


class GisError(Exception):
    """The base of all faults that a user can cause; the command line shows its text and exits with 1."""


class UsageError(GisError):
    """A command or function was asked for something it cannot do; the text says what was given and what is allowed."""


class UnknownIdError(UsageError):
    """An id was given that nothing in the project has; the text names the nearest ids, by spelling or by name.

    `names` may hold the names of ids, for whoever gives a name where an id is asked for.
    """

    def __init__(
        self, noun: str, given: str, known: Iterable[str], names: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        ids = sorted(set(known))
        named = _named(given, names or {})
        near = named or get_close_matches(given, ids, n=3, cutoff=0.4) or [id_ for id_ in ids if given in id_][:3]
        shown = [f"{id_} ({names[id_][0]})" if names and names.get(id_) else id_ for id_ in near or ids[:_MOST_KNOWN]]
        more = f" and {len(ids) - _MOST_KNOWN} more" if len(ids) > _MOST_KNOWN else ""
        hint = f"; did you mean {', '.join(shown)}?" if near else f"; known: {', '.join(shown)}{more}" if ids else ""
        super().__init__(f"no {noun} has the id {given!r}{hint}")
        self.given = given
        self.near = near


def _named(given: str, names: Mapping[str, Sequence[str]]) -> list[str]:
    """Up to five ids one of whose names holds what was given; the shortest name, being the nearest, first."""
    hits = {
        id_: min(len(name) for name in of_id if given in name)
        for id_, of_id in names.items()
        if given and any(given in name for name in of_id)
    }
    return sorted(hits, key=lambda id_: (hits[id_], id_))[:5]


class FaultsError(GisError):
    """One or more faults were found in the input; all of them are listed, one a line."""

    def __init__(self, faults: Sequence[Fault], heading: str | None = None) -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(self.faults) == 1 else "faults"
        head = heading or f"{len(self.faults)} {noun} found"
        super().__init__("\n".join([f"{head}:", *(f"  {fault}" for fault in self.faults)]))


class ProjectError(FaultsError):
    """The project breaks its own rules."""


class InputError(FaultsError):
    """A file given to a command cannot be used as it is."""


class DatumError(GisError):
    """Coordinates have no known datum, or one that the tool does not convert."""


class MissingExtraError(GisError):
    """A command needs an optional package that is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}; install it with: pip install 'park-gis[{extra}]'")


def raise_if_any(faults: Sequence[Fault], kind: type[FaultsError] = InputError, heading: str | None = None) -> None:
    """Raise `kind` with all `faults`, if there are any.

    Raises:
        FaultsError: `faults` is not empty.
    """
    if faults:
        raise kind(faults, heading)
