"""Find the table that is meant in a zip archive, and unpack it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from gis.io.containers import format_of, refuse, unpack
from gis.io.raw import Wish, choose

_TABLES: Final = frozenset(
    {
        *(".shp", ".gpkg", ".geojson", ".json", ".kml", ".ovkml", ".csv", ".tsv", ".xlsx", ".xlsb", ".ods"),
        *(".xls", ".dxf", ".tab", ".mif", ".fgb", ".parquet", ".gml"),
    }
)


def open_archive(path: Path, wish: Wish, folder: Path) -> tuple[Path, str, Wish]:
    """Unpack an archive into a folder and choose the table in it: its file, its format, and what is asked of it.

    Raises:
        InputError: the archive is not safe, or holds no table, or several and none is asked for.
    """
    inside = folder / "unpacked"
    inside.mkdir()
    files = [file for file in unpack(path, inside, wish.where) if "__MACOSX" not in file.parts]
    folders = sorted({parent for file in files for parent in file.parents if parent.suffix.lower() == ".gdb"})
    tables = [
        file
        for file in files
        if file.suffix.lower() in _TABLES and not any(file.is_relative_to(gdb) for gdb in folders)
    ]
    stems = {(file.parent, file.stem) for file in tables if file.suffix.lower() == ".shp"}
    tables = [
        file
        for file in [*folders, *tables]
        if not (file.name.endswith("_fields.csv") and stems) and not _is_mate(file, tables)
    ]
    part, inner = _split_part(wish.part)
    chosen = choose(
        {str(file.relative_to(inside).as_posix()): file for file in tables},
        part if len(tables) > 1 else None,
        wish.where,
    )
    if len(tables) == 1:
        inner = wish.part
    where = f"{wish.where}/{chosen.name}"
    format_ = format_of(chosen, where)
    if format_ in {"zip", "kmz"}:
        raise refuse(where, "is an archive in an archive; unpack it first")
    return chosen, format_, replace(wish, where=where, part=inner)


def _is_mate(file: Path, tables: Sequence[Path]) -> bool:
    """Whether a file belongs to another one: the .mif of a .mid, a .csv beside a .shp of its name."""
    return any(
        other != file and other.parent == file.parent and other.stem == file.stem and other.suffix.lower() == ".shp"
        for other in tables
    )


def _split_part(part: str | None) -> tuple[str | None, str | None]:
    if part is None or "::" not in part:
        return part, None
    outer, inner = part.split("::", 1)
    return outer, inner
