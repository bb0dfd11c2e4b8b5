"""The page's scripts and styles, joined."""

from __future__ import annotations

import re

from gis.views.map import assets


def test_the_joined_script_has_no_module_syntax_and_no_comment_blocks() -> None:
    script = assets.script()
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    assert "@param" not in script
    assert "</script" not in script.lower()
    assert "innerHTML" not in script


def test_modules_come_after_those_they_import() -> None:
    names = assets.module_names()
    assert names[-1] == "main.js"
    assert names.index("dom.js") < names.index("tree.js")
    assert len(set(names)) == len(names)


def test_nothing_of_leaflet_would_be_fetched() -> None:
    assert "url(" not in assets.leaflet_style()
    assert "sourceMappingURL" not in assets.leaflet_script()


def test_every_phrase_of_the_scripts_is_there_in_both_languages() -> None:
    table = assets.words()
    assert all(set(entry) == {"zh", "en"} and all(entry.values()) for entry in table.values())
    used = set(re.findall(r'\bt\("([\w.]+)"[,)]', assets.script()))
    assert used
    assert used <= set(table)
