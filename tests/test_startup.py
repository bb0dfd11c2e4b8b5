"""A command imports only what it needs: the modules that cost start-up are named here, not timed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from gis.cli.program import MODULES
from tests import ROOT

HEAVY = {
    "geopandas", "pandas", "folium", "branca", "jinja2", "fiona", "pyogrio", "pyproj", "scipy", "numba", "pyarrow",
    "openpyxl", "pypinyin", "matplotlib", "requests",
}  # fmt: skip
# Small, but of no use for the answer.
NEEDLESS = {
    "gis.views.overview",
    "gis.views.map",
    "gis.intake.boundary",
    "gis.earth.geodesy",
    "gis.measures.coverage",
    "gis.intake",
}
POINTS = [("121.1575", "31.2904"), ("121.1619", "31.2884", "--datum", "gcj02")]
PROBE = """
import json, sys
from gis.cli import main
sys.argv = ["gis", *sys.argv[1:]]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
sys.stderr.write("\\nMODULES " + json.dumps(sorted(sys.modules)))
"""


def modules_after(*words: str) -> set[str]:
    """The modules that one command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    found: list[str] = json.loads(done.stderr.rpartition("MODULES ")[2])
    return set(found)


@pytest.mark.parametrize("point", POINTS)
def test_asking_what_is_at_a_point_imports_no_heavy_module(point: tuple[str, ...]) -> None:
    modules = modules_after("query", "at", *point)
    assert modules & HEAVY == set()
    assert "shapely" in modules


def test_asking_what_is_at_a_point_imports_nothing_of_other_commands() -> None:
    modules = modules_after("query", "at", "121.1575", "31.2904")
    assert modules & NEEDLESS == set()


@pytest.mark.parametrize("words", [("--help",), ("query", "--help"), ("query", "at", "--help"), ("--version",)])
def test_help_imports_neither_geometry_nor_the_project(words: tuple[str, ...]) -> None:
    modules = modules_after(*words)
    assert modules & (HEAVY | {"shapely", "numpy", "gis.model.project", "gis.model.facts", "gis.model.layers"}) == set()


def test_each_module_offers_the_words_that_the_table_says() -> None:
    for module, words in MODULES.items():
        root = typer.Typer()
        import_module(f"gis.cli.{module}").register(root)
        offered = {c.name for c in root.registered_commands} | {g.name for g in root.registered_groups}
        assert offered == set(words), module
