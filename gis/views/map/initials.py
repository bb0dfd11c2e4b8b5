"""Give the pinyin initials of names, so that a reader can search by them."""

from __future__ import annotations

from collections.abc import Iterable


def initials_of(names: Iterable[str]) -> str:
    """Give the initials of each name, lower case, separated by spaces; other letters and digits stay.

    >>> initials_of(["安亭镇", "Anting 2"])
    'atz anting2'
    """
    from pypinyin import Style, lazy_pinyin

    found = ("".join(lazy_pinyin(name, style=Style.FIRST_LETTER, errors=_kept)).lower() for name in names)
    return " ".join(initials for initials in found if initials)


def _kept(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isalnum())
