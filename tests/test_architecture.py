"""The table of floors, and what lives in one place only: each rule is data, each breach is named."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests import ROOT

# A file imports only from floors below its own, or from its own. The longest name that matches counts.
FLOORS = {
    "gis": 8,  # the package itself holds the version and the face, which loads lazily
    "gis.base": 0,
    "gis.earth": 1,
    "gis.model.schema": 1,  # pure data: the readers look for the columns that it names
    "gis.io": 2,
    "gis.engine": 3,
    "gis.model": 4,
    "gis.intake": 5,
    "gis.measures": 6,
    "gis.views": 7,
    "gis.notebook": 8,  # the other way in, beside the command line
    "gis.cli": 8,
    "gis.__main__": 8,
}
# Packages, and the modules that alone may import them.
ONLY_HERE = {
    "folium": ("gis.views.map",),
    "branca": ("gis.views.map",),
    "pypinyin": ("gis.views.map", "gis.intake"),
    "typer": ("gis.cli",),
    "openpyxl": ("gis.views.geodata", "gis.views.saving", "gis.views.workbook", "gis.io"),
    # Geodata are opened in io, in the count engine (streams too large for a Layer) and for `gis map`, which
    # draws files that are no project; they are written in one place.
    "fiona": ("gis.io",),
    "pyogrio": ("gis.io", "gis.views.geodata"),
    "numba": ("gis.engine",),
}
# Files are written in gis.base.files. What GDAL reads or writes only by path, and a change that is tried out, go
# through a temporary folder that does not outlive the call; a new project's empty folders are made where it starts.
WRITES_ELSEWHERE = {
    "gis.views.geodata": {"TemporaryDirectory", "to_parquet"},
    "gis.io.containers": {"mkdir", "open"},
    "gis.io.archives": {"mkdir"},
    "gis.io.drawings": {"write_bytes"},
    "gis.io.gdal": {"TemporaryDirectory"},
    "gis.io.reading": {"TemporaryDirectory", "mkdir", "copyfile", "copytree"},
    "gis.io.shapefiles": {"TemporaryDirectory", "copyfile", "write_bytes"},
    "gis.model.trial": {"TemporaryDirectory", "mkdir", "copyfile", "unlink", "write_bytes"},
    "gis.intake.starting": {"mkdir"},
    "gis.notebook": {"TemporaryDirectory", "to_csv", "write_text"},
}
WRITERS = {
    "write_text", "write_bytes", "mkdir", "makedirs", "touch", "unlink", "rmdir", "rmtree", "copyfile", "copytree",
    "copy2", "symlink_to", "hardlink_to", "TemporaryDirectory", "NamedTemporaryFile", "mkstemp", "mkdtemp", "to_file",
    "to_csv", "to_parquet", "to_excel", "to_feather",
}  # fmt: skip
OS_WRITERS = {"replace", "rename", "remove", "truncate", "link", "symlink"}
GEODATA_READERS = {"read_file", "read_dataframe", "open_arrow"}
GEODATA_WRITERS = {"write_dataframe", "write_arrow"}
# What is computed of shapes is computed below the outputs; only the small maps of the overview look for room for their
# names, in the pixels of the picture.
OUTPUT_FLOOR = FLOORS["gis.views"]
COMPUTED_OF_SHAPES = {
    "intersects", "intersection", "union_all", "unary_union", "symmetric_difference", "buffer", "contains",
    "contains_xy", "contains_properly", "covers", "covered_by", "within", "touches", "crosses", "overlaps", "disjoint",
    "dwithin", "distance", "hausdorff_distance", "shortest_line", "nearest", "line_merge", "STRtree", "sjoin",
    "sjoin_nearest", "overlay", "dissolve", "clip", "area_km2", "length_km", "to_metric", "Ground", "ZoneIndex",
}  # fmt: skip
LAID_OUT_IN_PIXELS = {"gis.views.small_map": {"intersection", "covers"}}
MEASURES = ("gis.earth.geodesy", "pyproj", "scipy")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
SINKS = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\(|new Function\(")
UNDONE = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HACK)\b")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_of(path): path for path in sorted((ROOT / "gis").rglob("*.py"))}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(SOURCES[module].read_text("utf-8"))


def imports_of(module: str) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, wherever in it, with the line: `from gis import x` names gis.x."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}:{node.lineno} imports relative to itself; write the whole name"
            base = node.module or ""
            inner = [f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in SOURCES]
            yield from ((name, node.lineno) for name in inner)
            if len(inner) < len(node.names):
                yield base, node.lineno


def calls_of(module: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call))


def lies_in(module: str, places: Iterable[str]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def floor_of(module: str) -> int:
    names = module.split(".")
    for length in range(len(names), 1, -1):
        if ".".join(names[:length]) in FLOORS:
            return FLOORS[".".join(names[:length])]
    if module == "gis":
        return FLOORS["gis"]
    raise AssertionError(f"{module} stands on no floor; put it into the table")


def upward(module: str, imported: Iterable[tuple[str, int]]) -> list[str]:
    return [
        f"{module}:{line} (floor {floor_of(module)}) imports {name} (floor {floor_of(name)})"
        for name, line in imported
        if lies_in(name, ["gis"]) and floor_of(name) > floor_of(module)
    ]


def is_writing(call: ast.Call) -> str | None:
    """What a call writes with, or None: opening in another mode than reading, or a function that changes the disk."""
    function = call.func
    name = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    if name == "open":
        owner = function.value if isinstance(function, ast.Attribute) else None
        place = (
            0 if owner is not None and not (isinstance(owner, ast.Name) and owner.id in {"io", "os", "fiona"}) else 1
        )
        modes = [*call.args[place : place + 1], *(k.value for k in call.keywords if k.arg == "mode")]
        texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
        return name if any(set(text) & set("wax+") for text in texts if len(text) <= 3) else None
    if name in OS_WRITERS:
        owner = function.value if isinstance(function, ast.Attribute) else None
        return f"os.{name}" if isinstance(owner, ast.Name) and owner.id == "os" else None
    return name if name in WRITERS else None


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_imports_only_from_floors_below_or_its_own(module: str) -> None:
    assert upward(module, imports_of(module)) == []


def test_an_upward_import_would_be_found() -> None:
    assert upward("gis.model.layers", [("gis.measures.coverage", 3), ("gis.base.errors", 4)]) == [
        "gis.model.layers:3 (floor 4) imports gis.measures.coverage (floor 6)"
    ]
    # Imports inside functions count too.
    assert "gis.base.files" in {name for name, _ in imports_of("gis.cli.show")}


def test_every_floor_in_the_table_holds_something() -> None:
    assert [name for name in FLOORS if name not in SOURCES] == []


@pytest.mark.parametrize("package", ONLY_HERE)
def test_a_package_is_imported_only_where_it_belongs(package: str) -> None:
    users = {module for module in SOURCES for name, _ in imports_of(module) if lies_in(name, [package])}
    assert {module for module in users if not lies_in(module, ONLY_HERE[package])} == set()
    assert users, f"nothing imports {package}; take it out of the table"


@pytest.mark.parametrize("module", SOURCES)
def test_printing_lives_in_the_command_line(module: str) -> None:
    if lies_in(module, ["gis.cli"]):
        return
    calls = [c.lineno for c in calls_of(module) if isinstance(c.func, ast.Name) and c.func.id in {"print", "input"}]
    streams = [
        node.lineno
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and node.attr in {"stdout", "stderr"}
    ]
    assert calls + streams == []


@pytest.mark.parametrize("module", SOURCES)
def test_files_are_written_in_one_place(module: str) -> None:
    if module == "gis.base.files":
        return
    allowed = WRITES_ELSEWHERE.get(module, set())
    found = {(name, call.lineno) for call in calls_of(module) if (name := is_writing(call)) is not None}
    assert {(name, line) for name, line in found if name not in allowed} == set()
    assert allowed <= {name for name, _ in found}, "the table allows what is no longer done"


@pytest.mark.parametrize(
    ("source", "writes"),
    [
        ("open(p, 'w')", True),
        ("open(p)", False),
        ("p.open('wb')", True),
        ("p.open('rb')", False),
        ("p.open(mode='a')", True),
        ("fiona.open(p, 'w')", True),
        ("fiona.open(p)", False),
        ("p.write_text(t)", True),
        ("os.replace(a, b)", True),
        ("text.replace(a, b)", False),
        ("names.remove(a)", False),
        ("p.mkdir()", True),
    ],
)
def test_writing_is_told_from_reading(source: str, writes: bool) -> None:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    assert (is_writing(call) is not None) == writes


def test_geodata_are_opened_only_where_they_may_be() -> None:
    readers = {
        module
        for module in SOURCES
        for call in calls_of(module)
        if isinstance(call.func, ast.Attribute) and call.func.attr in GEODATA_READERS
    }
    places = (*ONLY_HERE["fiona"], *ONLY_HERE["pyogrio"], "gis.engine.count", "gis.measures.loose")
    assert {module for module in readers if not lies_in(module, places)} == set()


def name_of(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def computed_of_shapes(calls: Iterable[ast.Call]) -> set[str]:
    return {name_of(call) for call in calls} & COMPUTED_OF_SHAPES


def reads_a_table(calls: Iterable[ast.Call]) -> set[str]:
    return {name for call in calls if re.match(r"open_arrow|read_(?!bytes\b|text\b)", name := name_of(call))}


@pytest.mark.parametrize("module", [module for module in SOURCES if floor_of(module) == OUTPUT_FLOOR])
def test_an_output_computes_nothing_of_shapes_and_reads_no_table(module: str) -> None:
    assert computed_of_shapes(calls_of(module)) == LAID_OUT_IN_PIXELS.get(module, set())
    assert reads_a_table(calls_of(module)) == set()
    assert {name for name, _ in imports_of(module) if lies_in(name, MEASURES)} == set()


@pytest.mark.parametrize(
    ("source", "computes", "reads"),
    [
        ("shapely.intersects(outline, points)", {"intersects"}, set()),
        ("outline.intersection(other)", {"intersection"}, set()),
        ("Ground(project, city)", {"Ground"}, set()),
        ("pyogrio.read_dataframe(path)", set(), {"read_dataframe"}),
        ("gpd.read_parquet(path)", set(), {"read_parquet"}),
        ("path.read_bytes()", set(), set()),
        ("shapely.get_parts(geometry)", set(), set()),
    ],
)
def test_computing_and_reading_are_told_from_writing_down(source: str, computes: set[str], reads: set[str]) -> None:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    assert (computed_of_shapes([call]), reads_a_table([call])) == (computes, reads)


def test_geodata_are_written_in_one_place() -> None:
    writers = {
        module
        for module in SOURCES
        for call in calls_of(module)
        if isinstance(call.func, ast.Attribute)
        and (call.func.attr in GEODATA_WRITERS or ast.unparse(call.func) in {"pyogrio.raw.write", "fiona.open.write"})
    }
    assert writers <= {"gis.views.geodata"}


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_opens_with_one_imperative_sentence(module: str) -> None:
    first = (ast.get_docstring(tree_of(module)) or "").partition("\n")[0]
    word = first.partition(" ")[0]
    assert re.fullmatch(r"[A-Z][a-z]+:?", word), first
    assert word not in {"The", "This", "These", "An", "It", "Module", "Functions", "Classes", "Helpers"}, first
    assert not re.fullmatch(r"\w*(?:ation|[^r]ing|es)", word), first
    assert first.endswith("."), first
    assert ". " not in first.replace("e.g. ", ""), first


@pytest.mark.parametrize("module", SOURCES)
def test_no_handler_takes_every_fault(module: str) -> None:
    caught = [
        (node.lineno, "everything" if node.type is None else ast.unparse(node.type))
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ExceptHandler)
    ]
    assert [(line, what) for line, what in caught if re.search(r"\bException\b|^everything$", what)] == []
    # Whoever stops for cleaning up only passes on what stopped it.
    stops = [
        node
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ExceptHandler) and node.type is not None and ast.unparse(node.type) == "BaseException"
    ]
    assert [node.lineno for node in stops if not isinstance(node.body[-1], ast.Raise)] == []


def test_no_module_is_a_drawer_for_everything() -> None:
    assert {module for module in SOURCES if module.rpartition(".")[2] in FORBIDDEN_NAMES} == set()


def test_no_code_knows_a_city() -> None:
    cities = [city["id"] for city in tomllib.loads((ROOT / "gis.toml").read_text("utf-8"))["city"]]
    names = re.compile("|".join(cities))
    found = []
    for module in SOURCES:
        docstrings = {id(text) for node in ast.walk(tree_of(module)) for text in _docstring(node)}
        found += [
            (module, node.lineno, node.value)
            for node in ast.walk(tree_of(module))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
            if names.search(node.value)
        ]
    assert found == []


def _docstring(node: ast.AST) -> list[ast.expr]:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) or ast.get_docstring(node) is None:
        return []
    return [statement.value for statement in node.body[:1] if isinstance(statement, ast.Expr)]


def _lines(folder: str, *suffixes: str) -> Iterator[tuple[str, int, str]]:
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix in suffixes and path != Path(__file__) and "__pycache__" not in path.parts:
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                yield path.relative_to(ROOT).as_posix(), number, line


def _where(lines: Iterable[tuple[str, int, str]], is_bad: Callable[[str], object]) -> list[str]:
    return [f"{name}:{number}" for name, number, line in lines if is_bad(line)]


def test_no_asset_turns_text_into_markup_or_code() -> None:
    assert _where(_lines("gis", ".js", ".html", ".py"), SINKS.search) == []


@pytest.mark.parametrize("folder", ["gis", "tests", "docs", "benchmarks"])
def test_nothing_is_left_for_later(folder: str) -> None:
    assert _where(_lines(folder, ".py", ".js", ".css", ".html", ".md"), UNDONE.search) == []
