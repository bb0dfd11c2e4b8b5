"""Save a workbook, and hold what was saved against what was to be saved."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gis.base.errors import GisError

if TYPE_CHECKING:
    from openpyxl import Workbook


def saved(book: Workbook, rows: Mapping[str, int]) -> bytes:
    """The bytes of a workbook; openpyxl keeps each sheet in a temporary file on the way, whose disk may be full.

    Args:
        book: the workbook.
        rows: how many rows each sheet has, by its title, in the order of the sheets.

    Raises:
        GisError: a sheet is not there whole.
        OSError: the temporary file cannot be written.
    """
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out) as made:
        for number, (title, wanted) in enumerate(rows.items(), 1):
            sheet = made.read(f"xl/worksheets/sheet{number}.xml")
            found = sheet.count(b"<row ") + sheet.count(b"<row>")
            if found != wanted or not sheet.rstrip().endswith(b"</worksheet>"):
                raise GisError(f"the sheet {title} was not written whole: {found} of {wanted} rows are there")
    return out.getvalue()
