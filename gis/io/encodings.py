"""Find the encoding of text, and tell text that was read in a wrong one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gis.io.containers import refuse, utf16_order

_HAN: Final = re.compile("[\u4e00-\u9fff]")
_OUTSIDE: Final = re.compile("[\ufffd\x80-\x9f\ue000-\uf8ff]")
_KNOWN: Final = {
    **dict.fromkeys(("gbk", "gb2312", "gb18030", "936", "cp936"), "gb18030"),
    **dict.fromkeys(("utf-8", "utf8", "65001"), "utf-8"),
    **dict.fromkeys(("big5", "950", "cp950"), "big5"),
    **dict.fromkeys(("utf-16", "utf16"), "utf-16"),
}


def known_encoding(name: str, where: str) -> str:
    """The encoding that a user or a .cpg file names.

    Raises:
        InputError: it is none that is read.
    """
    key = re.sub(r"[\s_]|^(?:ansi|ms|windows|oem)[\s_-]*", "", name.strip().lower())
    found = _KNOWN.get(key) or _KNOWN.get(key.replace("-", ""))
    if found is None:
        raise refuse(where, f"names the encoding {name[:40]!r}; known are utf-8, gbk, gb18030, big5: say --encoding")
    return found


def decode(data: bytes, where: str, encoding: str | None = None) -> tuple[str, str]:
    """Turn bytes into text: the text and the encoding found.

    Raises:
        InputError: NUL bytes, an encoding that does not fit, or text that reads as if decoded wrongly.
    """
    if encoding is not None:
        name = known_encoding(encoding, where)
        try:
            text = data.decode("utf-8-sig" if name == "utf-8" else name)
        except UnicodeDecodeError as error:
            raise refuse(where, f"is not {encoding}: byte {error.start} does not fit") from error
        if garbled := garbled_as([text]):
            raise refuse(where, f"read as {encoding} gives {_sample(text)}, which looks like {garbled} read wrongly")
        return text, name
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            raise refuse(where, f"is not UTF-16 as it says: byte {error.start} does not fit") from error
    if order := utf16_order(data):
        try:
            return data.decode(order), order
        except UnicodeDecodeError as error:
            raise refuse(where, f"looks like UTF-16, but byte {error.start} does not fit: save it as UTF-8") from error
    if (position := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, position) + 1
        raise refuse(where, "holds a NUL byte, which no text has: it is damaged, or not a text table", line)
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as not_utf8:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise refuse(
                where,
                f"is neither UTF-8 (byte {not_utf8.start}) nor GBK (byte {error.start}); save it as UTF-8",
            ) from error
    if garbled := garbled_as([text]):
        raise refuse(where, f"read as GBK gives {_sample(text)}, which looks like {garbled}: say --encoding")
    return text, "gb18030"


def _sample(text: str) -> str:
    match = re.search("[^\x00-\x7f]{2,}", text)
    return repr(match[0][:12] if match else text[:12])


def garbled_as(texts: Sequence[str]) -> str | None:
    """What text that was decoded wrongly looks like it really is (`UTF-8`, `GBK` …); None where it reads well.

    >>> garbled_as(["企业名称".encode().decode("gbk", "replace")]), garbled_as(["企业名称"])
    ('another encoding', None)
    >>> garbled_as(["嘉定".encode("gbk").decode("latin-1")])
    'GBK'
    """
    text = "\n".join(texts)
    if text.isascii():
        return None
    if _OUTSIDE.search(text.replace("\ue5e5", "")) and not _HAN.search(_OUTSIDE.sub("", text)):
        return _by_bytes(text) or "another encoding"
    if "\ufffd" in text or re.search("[\x80-\x9f]", text) or _is_private(text):
        return _by_bytes(text) or "another encoding"
    if by_bytes := _by_bytes(text):
        return by_bytes
    han = _HAN.findall(text)
    common = sum(_is_common(character) for character in han)
    if len(han) >= 12 and common < 0.55 * len(han):
        return "Big5 or another encoding"
    return None


def _is_private(text: str) -> bool:
    """Whether much of a text is of the private use area, where GBK has no characters but Big5 read as GBK leads."""
    private = len(re.findall("[\ue000-\ue5e4\ue5e6-\uf8ff]", text))
    return private > 0.1 * (private + len(_HAN.findall(text)))


def _by_bytes(text: str) -> str | None:
    """Whether the bytes behind a text make sense in another encoding than the one it was read in."""
    pieces = [piece for piece in re.split("[\x00-\x7f]+", text) if len(piece) >= 2][:200]
    if not pieces:
        return None
    for read_in, really in (("gb18030", "utf-8"), ("latin-1", "utf-8"), ("cp1252", "utf-8"), ("latin-1", "gb18030")):
        fits = 0
        for piece in pieces:
            try:
                other = piece.encode(read_in).decode(really)
            except UnicodeError:
                continue
            fits += bool(_HAN.search(other)) and not _OUTSIDE.search(other)
        if fits > 0.6 * len(pieces):
            return {"utf-8": "UTF-8", "gb18030": "GBK"}[really]
    return None


def _is_common(character: str) -> bool:
    """Whether a character is of GB 2312, as nearly all of any text in simplified Chinese is."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def dbf_encoding(path: Path, where: str, given: str | None = None) -> tuple[str, list[str]]:
    """The encoding of the texts of a dBASE table, and what there is to say about it.

    The bytes decide; a .cpg that does not fit them is refused, for it would give wrong names.

    Raises:
        InputError: no encoding fits, or the one named does not.
    """
    values = _dbf_texts(path, where)
    foreign = [value for value in values if not value.isascii()]
    cpg = path.with_suffix(".cpg")
    named = given
    if named is None and cpg.is_file():
        named = cpg.read_bytes()[:64].decode("ascii", "replace").strip("\x00\r\n\t \ufeff") or None
    if named is not None and not (given is None and not foreign):
        name = known_encoding(named, where if given else cpg.name)
        if not all(_fits(value, name) for value in foreign):
            source = "--encoding" if given else cpg.name
            raise refuse(
                where, f"{source} says {named}, but texts of the table do not fit it: say --encoding gbk or utf-8"
            )
        if garbled := garbled_as([_loose(value, name) for value in foreign]):
            shown = _sample(_loose(foreign[0], name))
            raise refuse(where, f"read as {named} it gives {shown}, which looks like {garbled}: say --encoding")
        return name, []
    if all(_fits(value, "utf-8") for value in foreign):
        return "utf-8", []
    if all(_fits(value, "gb18030") for value in foreign):
        if garbled := garbled_as([_loose(value, "gb18030") for value in foreign]):
            shown = _sample(_loose(foreign[0], "gb18030"))
            raise refuse(where, f"read as GBK it gives {shown}, which looks like {garbled}: say --encoding")
        return "gb18030", [
            f"the encoding is not named (no .cpg); the texts are GBK: {_sample(_loose(foreign[0], 'gb18030'))}"
        ]
    raise refuse(where, "the texts of its table fit neither UTF-8 nor GBK; say --encoding")


def _dbf_texts(path: Path, where: str) -> list[bytes]:
    """The field names and text cells of a dBASE table, as bytes without padding."""
    data = path.read_bytes()
    if len(data) < 33:
        raise refuse(where, "its .dbf is cut off")
    count = int.from_bytes(data[4:8], "little")
    start, width = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    fields = []
    position, offset = 32, 1
    while position + 32 <= min(start, len(data)) and data[position] != 0x0D:
        length = data[position + 16]
        fields.append((data[position : position + 11].split(b"\0")[0], chr(data[position + 11]), offset, length))
        offset += length
        position += 32
    if not fields or width == 0 or start + count * width > len(data) + 1:
        raise refuse(where, f"its .dbf is cut off: it says {count} rows, and there are fewer")
    texts = [name for name, *_ in fields]
    for number in range(count):
        row = start + number * width
        texts += [data[row + at : row + at + size].strip(b" \0") for _, kind, at, size in fields if kind == "C"]
    return texts


def _fits(value: bytes, encoding: str) -> bool:
    """Whether bytes are text in an encoding; a last character may be cut in half by the width of the field."""
    try:
        value.decode(encoding)
    except UnicodeDecodeError as error:
        return len(value) - error.start <= 3 and len(value) >= 10 and error.end >= len(value)
    return True


def _loose(value: bytes, encoding: str) -> str:
    return value.decode(encoding, "ignore")
