"""Make text from data safe to show in a terminal and to hold in a spreadsheet."""

from __future__ import annotations

import re
import unicodedata

# The full-width signs are formulas too where Excel runs with a Chinese or Japanese input method.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_ESCAPED_FORMULA = re.compile(rf"'+[{re.escape(''.join(_FORMULA_START))}]")


def printable(text: str) -> str:
    r"""Show control characters, line breaks and direction overrides as escapes, so that a name reads as written.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(
        character if unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp", "Cs"} else _escape(character)
        for character in text
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def neutralised(cell: str) -> str:
    """Keep a spreadsheet from running a cell that reads like a formula: an apostrophe goes before it.

    A cell that already has the shape of a neutralised one gets one more apostrophe, so that `restored` gives each
    text back as it was.

    >>> neutralised("=1+1"), restored(neutralised("=1+1")), restored(neutralised("'=x"))
    ("'=1+1", '=1+1', "'=x")
    """
    return "'" + cell if cell.startswith(_FORMULA_START) or _ESCAPED_FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """Undo `neutralised`."""
    return cell[1:] if _ESCAPED_FORMULA.match(cell) else cell


_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³]) *(?:\..*)?", re.IGNORECASE)


_LONGEST_NAME = 200  # Bytes; file systems allow 255, and endings are added.

NOT_AN_ID = 'an id may name files, so it is no path, holds none of <>:"/\\|?* and is no name that Windows keeps'


def is_path_within(text: str) -> bool:
    """Whether a text is the path of a file within a folder on every system: it is not absolute and does not climb out.

    >>> [is_path_within(path) for path in ("规划/文本.txt", "../a", "/a", "C:a", "a//b", "a/nul.txt")]
    [True, False, False, False, False, False]
    """
    return all(is_file_name(part) for part in text.split("/"))


def is_file_name(text: str) -> bool:
    """Whether a text can be the name of a file on every system, Windows with its devices among them.

    >>> [is_file_name(name) for name in ("月报", "a:b", "CON", "aux.toml", "a.")]
    [True, False, False, False, False]
    """
    return (
        text != ""
        and re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', text) is None
        and not text.endswith((".", " "))
        and len(text.encode("utf-8", "surrogatepass")) <= _LONGEST_NAME
        and _DEVICE.fullmatch(text) is None
    )


def display_width(text: str) -> int:
    """Count the terminal columns that a text takes; Chinese characters take two.

    >>> display_width("安亭a")
    5
    """
    return sum(
        0 if unicodedata.category(c) in {"Mn", "Me"} else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1
        for c in text
    )


def halfwidth(text: str) -> str:
    """Turn full-width letters, digits and signs into their plain forms (NFKC), and trim.

    >>> halfwidth("ＡＢ１２（上海） ")
    'AB12(上海)'
    """
    return unicodedata.normalize("NFKC", text).strip()
