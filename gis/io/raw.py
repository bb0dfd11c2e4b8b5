"""Hold a foreign file as it was read: its headings, its rows, and what it says of itself."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

from gis.base.errors import UsageError
from gis.io.containers import refuse

MAX_ROWS: Final = 200_000
# The column of the folder that a point of KML is in, where points are all there is.
FOLDER: Final = "文件夹"


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a foreign table: its number in the file (from 1), its cells, and its geometry as it stands there.

    `flaw` is what its reader had to make good to have a geometry at all.
    """

    number: int
    cells: Mapping[str, Any]
    geometry: BaseGeometry | None = None
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class RawTable:
    """A foreign table as read.

    `crs` is what the file says of its coordinates, as WKT or an authority's code; None where it says nothing.
    `spatial` tells whether the geometry comes from the file itself, not from columns. `cut_names` tells that headings
    may have been cut to ten bytes. `preamble` holds the text around the table: titles, notes.
    """

    name: str
    format: str
    part: str | None
    header: tuple[str, ...]
    rows: tuple[RawRow, ...]
    spatial: bool = False
    crs: str | None = None
    encoding: str | None = None
    cut_names: bool = False
    preamble: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sha256: str = ""
    dropped: tuple[tuple[int, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: the name for messages, and the encoding and part given by the user."""

    where: str
    encoding: str | None
    part: str | None
    ignore_crs: bool


def choose(parts: Mapping[str, Any], wanted: str | None, where: str) -> Any:
    """The part (a sheet, layer or file in an archive) that is wanted, or the only one.

    Raises:
        InputError: there is none, or several and none is wanted.
        UsageError: the one wanted is not there.
    """
    if not parts:
        raise refuse(where, "holds nothing that is read")
    names = ", ".join(repr(name) for name in list(parts)[:20])
    if wanted is not None:
        if wanted not in parts:
            raise UsageError(f"{where} has no part {wanted!r}; it has {names}")
        return parts[wanted]
    if len(parts) > 1:
        raise refuse(where, f"holds {len(parts)} tables: {names}; say which: --layer NAME")
    return next(iter(parts.values()))


def reason_of(error: BaseException) -> str:
    """What a library says of a file, in one short line without the name of the copy that was read."""
    lines = str(error.__cause__ or error).splitlines()
    text = re.sub(r"/?\S*[/\\](?:gis-[^\s/\\]*)\S*", "the file", lines[0] if lines else "")
    return text[:160] or type(error).__name__


def tidy(cell: Any) -> Any:
    """A cell as text, number or truth value: trimmed, dates in ISO form, whole numbers without a fraction."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell) and abs(cell) < 1e15:
        return int(cell)
    return cell
