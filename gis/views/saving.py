"""Save a workbook at no hour of the clock, and hold what was saved against what was to be saved."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gis.base.errors import GisError

if TYPE_CHECKING:
    from openpyxl import Workbook

# The first moment that a zip archive can hold: a clock that is wrong shall not matter, and the same gives the same.
MOMENT: Final = (1980, 1, 1, 0, 0, 0)


class _Undated(zipfile.ZipFile):
    """A zip archive whose entries have no date: one before 1980 or after 2107 could not be written."""

    def writestr(self, zinfo_or_arcname: str | zipfile.ZipInfo, data: str | bytes, *_: Any, **__: Any) -> None:  # type: ignore[override]
        name = zinfo_or_arcname if isinstance(zinfo_or_arcname, str) else zinfo_or_arcname.filename
        info = zipfile.ZipInfo(name, MOMENT)
        info.compress_type = self.compression
        super().writestr(info, data)

    def write(self, filename: str | PathLike[str], arcname: str | PathLike[str] | None = None, *_: Any) -> None:
        self.writestr(str(arcname or filename), Path(filename).read_bytes())


def saved(book: Workbook, rows: Mapping[str, int]) -> bytes:
    """The bytes of a workbook; openpyxl keeps each sheet in a temporary file on the way, whose disk may be full.

    Args:
        book: the workbook.
        rows: how many rows each sheet has, by its title, in the order of the sheets.

    Raises:
        GisError: a sheet is not there whole.
        OSError: the temporary file cannot be written.
    """
    from openpyxl.writer.excel import ExcelWriter

    out = io.BytesIO()
    book.properties.created = book.properties.modified = datetime(*MOMENT)
    with _Undated(out, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()
    with zipfile.ZipFile(out) as made:
        for number, (title, wanted) in enumerate(rows.items(), 1):
            sheet = made.read(f"xl/worksheets/sheet{number}.xml")
            found = sheet.count(b"<row ") + sheet.count(b"<row>")
            if found != wanted or not sheet.rstrip().endswith(b"</worksheet>"):
                raise GisError(f"the sheet {title} was not written whole: {found} of {wanted} rows are there")
    return out.getvalue()
