"""Keep how a file was read, so that next month's file is read the same way."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gis.base.errors import Fault, InputError, UsageError
from gis.base.text import is_file_name

FOLDER = "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to read a file: what the user would say at the prompt; None and empty where nothing is said."""

    kind: str | None = None
    city: str | None = None
    part: str | None = None
    encoding: str | None = None
    datum: str | None = None
    accuracy_m: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


def recipe_path(name: str) -> Path:
    """The file of a recipe, relative to the project.

    Raises:
        UsageError: the name cannot be a file's.
    """
    if not re.fullmatch(r"[\w.\-]{1,60}", name) or name.startswith(".") or not is_file_name(name):
        raise UsageError(f"--recipe is {name!r}; use letters, digits, - and _, but no name of Windows (con, nul)")
    return Path(FOLDER) / f"{name}.toml"


def read_recipe(root: Path, name: str) -> Recipe | None:
    """Read a recipe of a project; None where it has none of this name.

    Raises:
        InputError: the recipe cannot be understood.
    """
    path = root / recipe_path(name)
    where = recipe_path(name).as_posix()
    if not path.is_file():
        return None
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Fault(where, f"is not readable as TOML: {error}")]) from error
    texts: dict[str, Any] = {key: table.get(key) for key in ("kind", "city", "part", "encoding", "datum")}
    accuracy = table.get("accuracy_m")
    columns, constants = table.get("columns", {}), table.get("constants", {})
    wrong = [key for key, value in texts.items() if value is not None and not isinstance(value, str)]
    wrong += ["accuracy_m"] if accuracy is not None and not isinstance(accuracy, int | float) else []
    for key, section in (("columns", columns), ("constants", constants)):
        if not isinstance(section, dict) or not all(isinstance(value, str) for value in section.values()):
            wrong.append(key)
    if wrong:
        raise InputError([Fault(where, f"{key} is not what a recipe may say") for key in wrong])
    return Recipe(**texts, accuracy_m=accuracy, columns=columns, constants=constants)


def dump_recipe(recipe: Recipe) -> bytes:
    """A recipe as TOML."""
    lines = ["# How to read this month's file the way last month's was read: gis import FILE --recipe NAME"]
    for key in ("kind", "city", "part", "encoding", "datum", "accuracy_m"):
        value = getattr(recipe, key)
        if value is not None:
            lines.append(f"{key} = {_toml(value)}")
    for key, section in (("columns", recipe.columns), ("constants", recipe.constants)):
        if section:
            lines += ["", f"[{key}]", *(f"{_toml(name)} = {_toml(value)}" for name, value in section.items())]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _toml(value: str | float) -> str:
    if not isinstance(value, str):
        return repr(value)
    # JSON strings are TOML's basic strings, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
