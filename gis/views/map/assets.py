"""Read the page's own scripts and styles, and Leaflet's, as text that can stand inside one HTML file."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

_ENTRY = "main.js"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<file>[\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function |const |let |class )", re.MULTILINE)
_TOP_LEVEL = re.compile(r"^(?:export )?(?:async )?(?:function\*? |const |let |class )(?P<name>[\w$]+)", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_IMAGE = re.compile(r"[ \t]*(?:background-image|behavior):\s*url\([^)]*\);\n")
_SOURCE_MAP = re.compile(r"\n//# sourceMappingURL=.*\s*$")


def _text(name: str) -> str:
    return (files("gis.views.map") / "assets" / name).read_text(encoding="utf-8")


def _module_order(entry: str) -> list[str]:
    """Name the modules that `entry` needs, each after those it imports.

    Raises:
        ValueError: modules import each other in a circle.
    """
    order: list[str] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if name in open_:
            raise ValueError(f"modules import each other: {' -> '.join([*open_, name])}")
        open_.append(name)
        for match in _IMPORT.finditer(_text(name)):
            visit(match["file"])
        open_.pop()
        order.append(name)

    visit(entry)
    return order


@cache
def script() -> str:
    """Join the page's modules into one classic script: imports resolved by order, comments and indents left out.

    The modules share one scope, so each top-level name may be declared once.

    Raises:
        ValueError: two modules declare the same top-level name, or import each other.
    """
    owner: dict[str, str] = {}
    parts: list[str] = []
    for name in _module_order(_ENTRY):
        text = _text(name)
        for match in _TOP_LEVEL.finditer(text):
            if match["name"] in owner:
                raise ValueError(f"{match['name']} is declared in both {owner[match['name']]} and {name}")
            owner[match["name"]] = name
        text = _EXPORT.sub("", _IMPORT.sub("", text))
        text = _LINE_COMMENT.sub("", _BLOCK_COMMENT.sub("", text))
        parts.append(_INDENT.sub("", text).strip())
    return '(function () {\n"use strict";\n' + "\n".join(parts) + "\n})();"


@cache
def module_names() -> tuple[str, ...]:
    """Name the page's modules in the order in which they are joined."""
    return tuple(_module_order(_ENTRY))


@cache
def style() -> str:
    """Give the page's style sheet, without comments."""
    return _INDENT.sub("", _CSS_COMMENT.sub("", _text("page.css"))).strip()


@cache
def shell() -> tuple[str, str]:
    """Give the page's fixed markup before and after the element that holds the map."""
    before, after = _text("page.html").split("<!-- map -->\n")
    return before.strip(), after.strip()


@cache
def words() -> dict[str, dict[str, str]]:
    """Give the page's own words: key -> language -> text."""
    table: dict[str, dict[str, str]] = json.loads(_text("words.json"))
    return table


@cache
def leaflet_script() -> str:
    """Give Leaflet's script without the address of its source map, which a browser's tools would fetch."""
    return _SOURCE_MAP.sub("\n", _leaflet("leaflet.js"))


@cache
def leaflet_style() -> str:
    """Give Leaflet's style sheet without its images, which would be fetched."""
    return _CSS_IMAGE.sub("", _CSS_COMMENT.sub("", _leaflet("leaflet.css")))


def _leaflet(name: str) -> str:
    return (files("xstatic.pkg.leaflet") / "data" / name).read_text(encoding="utf-8").replace("\r\n", "\n")
