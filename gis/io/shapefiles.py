"""Read a shapefile: hold its parts against each other, and find the encoding of its table."""

from __future__ import annotations

import csv
import io
import re
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gis.base.errors import Fault, InputError, raise_if_any
from gis.io.containers import refuse
from gis.io.encodings import dbf_encoding, decode
from gis.io.raw import RawTable, Wish
from gis.io.vector import read_gdal


def key_file(path: Path) -> Path:
    """The key to the short field names of a shapefile that this program wrote."""
    return path.with_name(re.sub(r"_(?:point|line|polygon|multipoint)$", "", path.stem) + "_fields.csv")


def check_shapefile(path: Path, where: str) -> None:
    """Hold the parts of a shapefile against each other.

    Raises:
        InputError: a part is missing or cut off, or the parts do not belong together.
    """
    mates = {file.suffix.lower(): file for file in path.parent.iterdir() if file.stem == path.stem}
    lacking = [suffix for suffix in (".shx", ".dbf") if suffix not in mates]
    if lacking:
        raise refuse(
            where, f"lacks {' and '.join(lacking)}; copy all files of the shapefile together (.shp .shx .dbf .prj .cpg)"
        )
    sizes = {}
    for suffix in (".shp", ".shx"):
        with mates[suffix].open("rb") as stream:
            head = stream.read(100)
        said = int.from_bytes(head[24:28], "big") * 2
        size = mates[suffix].stat().st_size
        if len(head) < 100 or head[:4] != b"\0\0\x27\x0a" or said > size:
            raise refuse(where, f"is cut off: its {suffix} says {said} bytes and has {size}; copy it again")
        sizes[suffix] = said
    shapes = (sizes[".shx"] - 100) // 8
    with mates[".dbf"].open("rb") as stream:
        head = stream.read(32)
    rows = int.from_bytes(head[4:8], "little") if len(head) == 32 else -1
    if rows != shapes:
        raise refuse(where, f"its parts do not belong together: {shapes} shapes in .shx, {max(rows, 0)} rows in .dbf")


def read_shapefile(path: Path, wish: Wish) -> RawTable:
    """Read a shapefile whose parts `check_shapefile` has looked at, with the long names of its key, if it has one.

    Raises:
        InputError: it is damaged, or its texts fit no encoding.
    """
    mates = {file.suffix.lower(): file for file in path.parent.iterdir() if file.stem == path.stem}
    encoding, notes = dbf_encoding(mates[".dbf"], wish.where, wish.encoding)
    # GDAL finds mates by their exact ending, and lets a .cpg overrule what is asked for.
    with TemporaryDirectory(prefix="gis-") as folder:
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            if suffix in mates:
                shutil.copyfile(mates[suffix], Path(folder) / f"table{suffix}")
        whole = _whole_names(mates[".dbf"].read_bytes(), encoding)
        (Path(folder) / "table.dbf").write_bytes(whole)
        table = read_gdal(Path(folder) / "table.shp", replace(wish, encoding=encoding, part=None), "ESRI Shapefile")
    _check_shapes(path, mates[".shx"], table)
    key = key_file(path)
    renamed = _read_key(key) if key.is_file() else {}
    if renamed:
        rows = tuple(
            replace(row, cells={renamed.get(name, name): value for name, value in row.cells.items()})
            for row in table.rows
        )
        table = replace(table, header=tuple(renamed.get(name, name) for name in table.header), rows=rows)
    return replace(table, format="shp", encoding=encoding, notes=(*table.notes, *notes), cut_names=not renamed)


def _whole_names(data: bytes, encoding: str) -> bytes:
    """A dBASE table whose field names end with a whole character: ten bytes often cut the last one.

    Two names that become the same get a number, as far as ten bytes hold it.
    """
    table = bytearray(data)
    seen: set[bytes] = set()
    start = int.from_bytes(data[8:10], "little")
    for at in range(32, min(start, len(data)) - 31, 32):
        if data[at] == 0x0D:
            break
        name = bytes(data[at : at + 11]).split(b"\0")[0]
        plain = name.decode(encoding, "ignore").encode(encoding) if not name.isascii() else name
        number = 1
        while plain.lower() in seen and not name.isascii():
            number += 1
            mark = str(number).encode("ascii")
            bare = name[: 10 - len(mark)].decode(encoding, "ignore").encode(encoding)
            plain = bare + mark
        seen.add(plain.lower())
        if plain != name:
            table[at : at + 11] = plain.ljust(11, b"\0")
    return bytes(table)


def _check_shapes(path: Path, index: Path, table: RawTable) -> None:
    """Raise where GDAL gives no shape for a row that has one: what it cannot read it leaves out without a word.

    Raises:
        InputError: a shape is damaged.
    """
    shapes, places = path.read_bytes(), index.read_bytes()
    faults = []
    for number, row in enumerate(table.rows):
        if row.geometry is None:
            start = int.from_bytes(places[100 + 8 * number : 104 + 8 * number], "big") * 2 + 8
            # 0 is the type of a null shape: a row that has none.
            if shapes[start : start + 4] != b"\0\0\0\0":
                faults.append(Fault(table.name, "its shape is damaged; copy the shapefile again", row.number))
    raise_if_any(faults, InputError)


def _read_key(path: Path) -> dict[str, str]:
    text, _ = decode(path.read_bytes(), path.name)
    return {row[0]: row[1] for row in csv.reader(io.StringIO(text, newline="")) if len(row) == 2}
