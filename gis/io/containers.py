"""Look into files before they are opened: what they really are, and whether it is safe to unpack them."""

from __future__ import annotations

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from gis.base.errors import Fault, InputError
from gis.base.text import halfwidth, is_file_name

MEBIBYTE: Final = 1 << 20
# What is read as text is held in memory several times over; a database is read row by row.
TEXT_LIMIT: Final = 64 * MEBIBYTE
FILE_LIMIT: Final = 256 * MEBIBYTE
UNPACKED_LIMIT: Final = 512 * MEBIBYTE
_RATIO_LIMIT: Final = 200
_ENTRIES_LIMIT: Final = 2_000

_SUFFIXES: Final = {
    "xlsx": (".xlsx", ".xlsm", ".xltx"),
    "xlsb": (".xlsb",),
    "ods": (".ods", ".ots"),
    "xls": (".xls", ".et"),
    "csv": (".csv", ".tsv", ".txt", ".tab"),
    "parcels": (".txt",),
    "shp": (".shp",),
    "zip": (".zip",),
    "kmz": (".kmz", ".ovkmz"),
    "gpkg": (".gpkg",),
    "geojson": (".geojson", ".json"),
    "kml": (".kml", ".ovkml"),
    "gml": (".gml", ".xml"),
    "dxf": (".dxf",),
    "tab": (".tab",),
    "mif": (".mif",),
    "gdb": (".gdb",),
    "fgb": (".fgb",),
    "parquet": (".parquet", ".geoparquet"),
}
_TEXTUAL: Final = frozenset({"csv", "parcels", "geojson", "kml", "gml", "dxf", "mif"})
_NAMES: Final = {
    "xlsx": "an Excel workbook",
    "xlsb": "a binary Excel workbook",
    "ods": "a spreadsheet of OpenDocument",
    "xls": "an old Excel workbook",
    "csv": "a plain text table",
    "parcels": "a text of parcels (勘测定界)",
    "shp": "a shapefile",
    "zip": "a zip archive",
    "kmz": "a KMZ",
    "gpkg": "a GeoPackage",
    "geojson": "JSON",
    "kml": "KML",
    "gml": "GML",
    "dxf": "DXF",
    "tab": "MapInfo TAB",
    "mif": "MapInfo MIF",
    "gdb": "a FileGDB",
    "fgb": "FlatGeobuf",
    "parquet": "Parquet",
}
# All that the library for zip archives raises on damaged ones.
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    IndexError,
    OSError,
    EOFError,
)
READABLE: Final = (
    "xlsx, xlsb, ods, xls, csv, tsv, shapefile (.shp or zipped), GeoPackage, GeoJSON, KML, KMZ, GML, DXF, MapInfo TAB "
    "and MIF, FileGDB, FlatGeobuf, GeoParquet, 勘测定界 TXT"
)


def refuse(where: str, what: str, row: int | str | None = None) -> InputError:
    """One fault of an input file, ready to raise."""
    return InputError([Fault(where, what, row)])


def shown_name(path: Path) -> str:
    """The name of a file for people and journals, also where the system's own encoding cannot hold it."""
    return os.fsencode(path.name).decode("utf-8", "replace") if not path.name.isprintable() else path.name


def format_of(path: Path, where: str) -> str:
    """Say what a file is by its content, and hold that against its name and the limits of size.

    Raises:
        InputError: it is not there, too large, of no format that is read, or another format than its name says.
    """
    if path.is_dir():
        if path.suffix.lower() == ".gdb" and any(path.glob("a*.gdbtable")):
            return "gdb"
        raise refuse(where, f"is a folder; readable are {READABLE}")
    if not path.is_file():
        raise refuse(where, "is not there" if not path.exists() else "is not an ordinary file")
    size = _size_of(path, where)
    if size > FILE_LIMIT:
        raise refuse(where, _too_large(size, FILE_LIMIT))
    found = sniff(path, where)
    limit = TEXT_LIMIT if found in _TEXTUAL else FILE_LIMIT
    if size > limit:
        raise refuse(where, _too_large(size, limit))
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES[found] and any(suffix in names for names in _SUFFIXES.values()):
        right = _SUFFIXES[found][0]
        raise refuse(where, f"is called {suffix}, but it is {_NAMES[found]}: give it the ending {right}")
    return found


def _size_of(path: Path, where: str) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise refuse(where, f"cannot be read: {error.strerror or error}") from error


def sniff(path: Path, where: str) -> str:
    """Say what a file is by its content, whatever its name and size.

    Raises:
        InputError: it is not there, empty, no ordinary file, or of no format that is read.
    """
    if not path.is_file():
        raise refuse(where, "is not there" if not path.exists() else "is not an ordinary file")
    if _size_of(path, where) == 0:
        raise refuse(where, "is empty (0 bytes)")
    try:
        with path.open("rb") as stream:
            head = stream.read(1 << 16)
    except OSError as error:
        raise refuse(where, f"cannot be read: {error.strerror or error}") from error
    return _sniff(path, head, where)


def _too_large(size: int, limit: int) -> str:
    return f"has {size / MEBIBYTE:.0f} MB; at most {limit // MEBIBYTE} MB of this format are read: cut it down"


def _sniff(path: Path, head: bytes, where: str) -> str:
    magic = {
        b"SQLite format 3\0": "gpkg",
        b"fgb\x03fgb": "fgb",
        b"PAR1": "parquet",
        b"\0\0\x27\x0a": "shp",
    }
    for magic_bytes, name in magic.items():
        if head.startswith(magic_bytes):
            return name
    if head.startswith(b"AutoCAD Binary DXF"):
        raise refuse(where, "is a binary DXF; save it as an ASCII DXF")
    if re.match(rb"AC1\d{3}[^\r\n]", head):
        raise refuse(where, "is a DWG drawing; save it as DXF in the CAD program (另存为 DXF) and import that")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_content(path, where)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_content(path, where)
    if head.startswith((b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")):
        raise refuse(where, "is a packed archive that is not zip; unpack it first")
    if head.startswith(b"%PDF"):
        raise refuse(where, "is a PDF; a table in it cannot be read: ask for the Excel file or the drawing")
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise refuse(where, "is text in UTF-32; save it as UTF-8")
    if _is_parcels(head):
        return "parcels"
    text = _as_text(head)
    if text is None:
        if path.suffix.lower() == ".dbf":
            raise refuse(where, "is the table of a shapefile; give the .shp (with .shx and .dbf beside it)")
        raise refuse(where, f"is of no format that is read; readable are {READABLE}")
    return _sniff_text(path, text.lstrip("\ufeff \t\r\n"), where)


def _is_parcels(head: bytes) -> bool:
    """Whether bytes begin a text of parcels (勘测定界界址点), in UTF-8, GBK or UTF-16."""
    if b"@" not in head and not any("地块坐标".encode(encoding) in head for encoding in ("utf-8", "gbk", "utf-16-le")):
        return False
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        text = halfwidth(head.decode(encoding, "ignore")).lstrip("\ufeff")
        if re.search(r"^\s*[\[【〔]\s*(?:属性描述|地块坐标)\s*[\]】〕]", text, re.MULTILINE):
            return True
        if re.match(r"\s*(?:[^\r\n,]*,){3,}\s*@\s*[\r\n]+(?:[^\r\n,]+,){3}[^\r\n,]+", text):
            return True
    return False


def _sniff_text(path: Path, start: str, where: str) -> str:
    suffix = path.suffix.lower()
    if start.startswith("<"):
        return _xml_content(start, suffix, where)
    if start.startswith(("{", "[")):
        return "geojson"
    if re.match(r"(?:999\r?\n[^\r\n]*\r?\n)*0\r?\n\s*SECTION", start):
        return "dxf"
    if start.lower().startswith("!table"):
        return "tab"
    if suffix == ".mif" and re.match(r"version\s+\d+", start, re.IGNORECASE):
        return "mif"
    if suffix in {*_SUFFIXES["geojson"], *_SUFFIXES["kml"], ".gml", ".dxf", ".mif"}:
        raise refuse(where, f"is called {suffix}, but its content is not {suffix[1:].upper()}")
    return "csv"


def utf16_order(data: bytes) -> str | None:
    """The encoding of UTF-16 without a byte order mark, by where its NUL bytes are; None for all else.

    The signs of a table (digits, commas, line ends) are ASCII, whose other byte is NUL.
    """
    sample = data[: 1 << 16]
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    few, many = min(first, second), max(first, second)
    # Some common characters (一 is 4E 00) have a NUL on the other side.
    if many < max(0.05 * len(sample), 4) or few > 0.4 * many:
        return None
    order = "utf-16-le" if second > first else "utf-16-be"
    text = sample[: len(sample) // 2 * 2].decode(order, "replace")
    return order if "\0" not in text and re.search("[,;\t|\r\n]", text) else None


def _as_text(head: bytes) -> str | None:
    """The start of a file as text, where it is text in an encoding that is read."""
    if order := utf16_order(head):
        return head.decode(order, "replace")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    control = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    # A NUL is a fault of its own in a text table; many control characters are no text at all.
    if control > len(head) * 0.3:
        return None
    return head.decode("utf-8-sig", "replace")


def _xml_content(start: str, suffix: str, where: str) -> str:
    body = re.sub(r"<\?.*?\?>|<!--.*?(?:-->|$)|<!DOCTYPE[^\[>]*(?:\[.*?\])?\s*>", "", start, flags=re.DOTALL).lstrip()
    match = re.match(r"<(?:[\w.-]+:)?([\w.-]+)", body)
    tag = match[1].lower() if match else ""
    if "<!DOCTYPE" in start and tag not in {"html"}:
        raise refuse(where, "declares a document type; files with entities are not read (they can draw in other files)")
    if tag == "kml":
        return "kml"
    if tag in {"html", "table", "meta", "head"}:
        raise refuse(where, "is a web page saved as a table; open it in Excel and save it as .xlsx")
    if tag == "workbook":
        raise refuse(where, "is an XML spreadsheet of 2003; open it in Excel and save it as .xlsx")
    if tag == "featurecollection" or "opengis.net/gml" in start:
        return "gml"
    if not tag and suffix in {*_SUFFIXES["kml"], ".gml"}:
        # Nothing but comments so far: its reader will see.
        return suffix[1:].removeprefix("ov")
    raise refuse(where, f"is XML (<{tag}>) that is not read; readable are {READABLE}")


def _ole_content(path: Path, where: str) -> str:
    with path.open("rb") as stream:
        data = stream.read(4 * MEBIBYTE)
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise refuse(where, "is locked with a password; save it without one and import that")
    if "WordDocument".encode("utf-16-le") in data:
        raise refuse(where, "is a Word document; put its table into Excel and import that")
    return "xls"


def _zip_content(path: Path, where: str) -> str:
    names = [name.lower() for name in entry_names(path, where)]
    if "[content_types].xml" in names:
        if any(name.startswith("word/") for name in names):
            raise refuse(where, "is a Word document; put its table into Excel and import that")
        if any(name.endswith("vbaproject.bin") for name in names):
            raise refuse(where, "is a workbook with macros; save it as .xlsx (without macros) and import that")
        if "xl/workbook.bin" in names:
            return "xlsb"
        if not any(name == "xl/workbook.xml" for name in names):
            raise refuse(where, "is an Office document, but not an Excel workbook")
        return "xlsx"
    if "mimetype" in names and "content.xml" in names:
        return _open_document(path, where)
    if path.suffix.lower() in _SUFFIXES["kmz"]:
        return "kmz"
    return "zip"


def _open_document(path: Path, where: str) -> str:
    with zipfile.ZipFile(path) as archive:
        parts = dict(entries_of(path, where))
        said = b"".join(blocks_of(archive, parts["mimetype"], "mimetype", where))[:200] if "mimetype" in parts else b""
        manifest = parts.get("META-INF/manifest.xml")
        listed = b"" if manifest is None else b"".join(blocks_of(archive, manifest, "manifest.xml", where))
    if b"opendocument.spreadsheet" not in said:
        raise refuse(where, "is an OpenDocument file, but no spreadsheet; put its table into a spreadsheet")
    if b"encryption-data" in listed:
        raise refuse(where, "is locked with a password; save it without one and import that")
    return "ods"


def entry_names(path: Path, where: str) -> list[str]:
    """The names in a zip archive, after all checks that its directory allows.

    Raises:
        InputError: it is damaged, locked, too large, too many, packed too tightly, or an entry leads out of it.
    """
    return [name for name, _ in entries_of(path, where)]


def entries_of(path: Path, where: str) -> list[tuple[str, zipfile.ZipInfo]]:
    """The entries of a zip archive by name, folders left out; raises as `entry_names` does."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except _DAMAGED as error:
        raise refuse(where, f"is a damaged zip archive ({error})") from error
    if len(infos) > _ENTRIES_LIMIT:
        raise refuse(where, f"holds {len(infos)} entries; at most {_ENTRIES_LIMIT} are unpacked")
    total = sum(info.file_size for info in infos)
    if total > UNPACKED_LIMIT:
        raise refuse(
            where, f"would unpack to {total / MEBIBYTE:.0f} MB; at most {UNPACKED_LIMIT // MEBIBYTE} MB are unpacked"
        )
    found = []
    for info in infos:
        name = _entry_name(info)
        pure = PurePosixPath(name.replace("\\", "/"))
        if pure.is_absolute() or ".." in pure.parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
            raise refuse(where, f"holds an entry that leads out of the archive: {name!r}")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise refuse(where, f"holds a symbolic link: {name!r}")
        if info.flag_bits & 1:
            raise refuse(where, f"is locked with a password ({name!r})")
        if info.file_size > MEBIBYTE and info.file_size > _RATIO_LIMIT * max(info.compress_size, 1):
            raise refuse(
                where, f"holds {name!r}, packed more than {_RATIO_LIMIT} times smaller: it looks like a zip bomb"
            )
        if not info.is_dir():
            found.append((str(pure), info))
    return found


def _entry_name(info: zipfile.ZipInfo) -> str:
    """The name of an entry; Windows in China writes names in GBK without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gbk")
    except UnicodeError:
        return info.filename


def _own_name(part: str) -> str:
    """A part of an entry's name as every system takes it: Windows has no a:b and no con."""
    plain = re.sub(r'[<>:"|?*\x00-\x1f]', "_", part).rstrip(". ")
    return plain if is_file_name(plain) else f"_{plain}"


def unpack(path: Path, folder: Path, where: str) -> list[Path]:
    """Unpack a zip archive into a folder, counting what really comes out.

    Raises:
        InputError: as `entry_names`; or an entry is damaged or longer than it says.
    """
    written = []
    total = 0
    with zipfile.ZipFile(path) as archive:
        for name, info in entries_of(path, where):
            target = folder.joinpath(*map(_own_name, PurePosixPath(name).parts))
            if target.exists():
                raise refuse(where, f"holds two entries that are called {name!r} (or alike); unpack it and choose")
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with archive.open(info) as source, target.open("wb") as out:
                    while block := source.read(MEBIBYTE):
                        total += len(block)
                        if total > UNPACKED_LIMIT:
                            raise refuse(where, f"unpacks to more than {UNPACKED_LIMIT // MEBIBYTE} MB")
                        out.write(block)
            except _DAMAGED as error:
                raise refuse(where, f"is damaged at {name!r} ({error})") from error
            written.append(target)
    return written


def check_xml(data: bytes, where: str) -> None:
    """Raise where XML declares a document type or entities, in whatever encoding.

    Raises:
        InputError: it does.
    """
    plain = data.replace(b"\0", b"")
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise refuse(where, "declares a document type; files with entities are not read (they can draw in other files)")
    if re.match(
        rb"\s*<\?xml[^>]*encoding\s*=\s*[\"'](?:utf-?7|utf-?32|ucs-?4|ebcdic|cp037|ibm)", plain[:200], re.IGNORECASE
    ):
        raise refuse(where, "is XML in an encoding that is not read; save it as UTF-8")


def blocks_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, where: str) -> Iterator[bytes]:
    """What is in an entry, piece by piece, counting what really comes out.

    Raises:
        InputError: it is damaged, or unpacks to too much.
    """
    total = 0
    try:
        with archive.open(info) as source:
            while block := source.read(MEBIBYTE):
                total += len(block)
                if total > UNPACKED_LIMIT:
                    raise refuse(where, f"unpacks to more than {UNPACKED_LIMIT // MEBIBYTE} MB")
                yield block
    except _DAMAGED as error:
        raise refuse(where, f"is damaged at {name} ({error})") from error
