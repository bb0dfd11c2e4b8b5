"""Make the folder of a new project: gis.toml with comments, the dictionary of links, empty tables, the district."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

from gis.base.errors import InputError, MissingExtraError, UsageError
from gis.base.files import lock_folder
from gis.base.text import is_file_name
from gis.intake.identity import is_slug, slug_of
from gis.io.geojson import dump_features
from gis.model.facts import FACT_TYPES, Elsewhere, FunctionWord
from gis.model.project import CONFIG_NAME, find_project

_TEMPLATE: Final = Path("seeds") / "_template"
_CONFLICTS: Final = "id,topic,kind,plan_a,line_a,section_a,name_a,plan_b,line_b,section_b,name_b,explanation,treatment"
_OUTLINE_ACCURACY_M: Final = 100


@dataclass(frozen=True, slots=True)
class Started:
    """A project that was made: its folder, its city, its files, and what is worth saying."""

    folder: Path
    city: str
    files: Sequence[str]
    notes: Sequence[str]


def start_project(folder: Path, *, city: str | None, name: str | None, adcode: str | None, as_of: date) -> Started:
    """Make a new project in an empty or new folder.

    Args:
        folder: where; its parent is made if it is missing.
        city: the id of the city or district; made of the name, where None.
        name: its name; the folder's name, where None.
        adcode: its national code, such as 310114; then its outline is derived, where the extra `boundary` is installed.
        as_of: the day that counts as now.

    Raises:
        UsageError: the folder holds a project or other files of these names already, or the id is no id.
        InputError: no division has the adcode.
        GisError: the folder cannot be written.
    """
    title = name or folder.resolve().name
    id_ = city or slug_of(title)
    if not is_file_name(id_):
        raise UsageError(f"--city is {id_!r}, which Windows keeps for itself: no folder can be called that")
    if not is_slug(id_):
        raise UsageError(f"--city is {id_!r}; an id is of a-z, 0-9 and hyphens, such as {slug_of(id_)!r}")
    if adcode is not None and not (len(adcode) == 6 and adcode.isdecimal()):
        raise UsageError(f"--adcode is {adcode!r}; it is the national code of six digits, such as 310114")
    notes: list[str] = []
    bundled = find_project(Path(folder.resolve().anchor))
    files: dict[Path, bytes] = {
        Path(CONFIG_NAME): _config(title, id_, adcode, as_of, bundled).encode("utf-8"),
        Path("segments.csv"): (bundled / "segments.csv").read_bytes(),
        **_tables(id_),
    }
    if adcode is not None:
        outline = _outline(id_, title, adcode, notes)
        if outline is not None:
            files[Path("layers") / id_ / "districts.geojson"] = outline
    _write(folder, files)
    (folder / "layers" / id_).mkdir(parents=True, exist_ok=True)
    return Started(folder, id_, [path.as_posix() for path in files], notes)


def copy_example(folder: Path) -> Started:
    """Copy the bundled project into an empty or new folder.

    Raises:
        UsageError: the folder holds a project or other files of these names already.
        GisError: the folder cannot be written.
    """
    bundled = find_project(Path(folder.resolve().anchor))
    files = {Path(name): (bundled / name).read_bytes() for name in (CONFIG_NAME, "segments.csv")}
    for part in ("seeds", "layers"):
        for path in sorted((bundled / part).rglob("*")):
            if path.is_file() and path.suffix in {".csv", ".toml", ".geojson"}:
                files[path.relative_to(bundled)] = path.read_bytes()
    _write(folder, files)
    cities = tomllib.loads(files[Path(CONFIG_NAME)].decode("utf-8-sig")).get("city", [])
    return Started(folder, ", ".join(city["id"] for city in cities), [path.as_posix() for path in files], [])


def _write(folder: Path, files: Mapping[Path, bytes]) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give the folder of the new project")
    there = [
        path
        for path in (Path(CONFIG_NAME), Path("seeds"), Path("layers"), Path("segments.csv"))
        if (folder / path).exists()
    ]
    if there:
        raise UsageError(f"{folder} holds {there[0]} already; start a project in an empty folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder.parent} cannot be made: {error.strerror or error}") from error
    with lock_folder(folder, "gis init") as lock:
        lock.commit(dict(files))


def _config(title: str, city: str, adcode: str | None, as_of: date, bundled: Path) -> str:
    segments = tomllib.loads((bundled / CONFIG_NAME).read_text("utf-8-sig")).get("segment", [])
    lines = [
        "# A project of park-gis: this file, segments.csv, seeds/ (what documents say) and layers/ (where it is).",
        f"name = {_text(title)}",
        "",
        "# The day that counts as now, in indicators and maps.",
        f"as_of = {as_of.isoformat()}",
        "",
        "# A city or district: its layers are in layers/<id>/.",
        "[[city]]",
        f"id = {_text(city)}",
        f"name = {_text(title)}",
    ]
    if adcode is not None:
        lines += [
            f"adcode = {_text(adcode)}",
            f"subject = {_text(f'{city}-district')}",
            "",
            "# Its districts, whose outlines are derived from published ones into layers/<id>/districts.geojson.",
            "[[city.district]]",
            *(f"{key} = {_toml(value)}" for key, value in _district(city, title, adcode).items()),
        ]
    lines += ["", "# The links of the industry chain (产业链环节), in the order of tables and legends."]
    for segment in segments:
        lines += [
            "[[segment]]",
            *(f"{key} = {_text(str(segment[key]))}" for key in ("id", "label", "label_en") if key in segment),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(value: object) -> str:
    return _text(value) if isinstance(value, str) else str(value)


def _district(city: str, title: str, adcode: str) -> dict[str, Any]:
    return {
        "id": f"{city}-district",
        "adcode": adcode,
        "name": title,
        "level": "district",
        "role": "subject",
        "accuracy_m": _OUTLINE_ACCURACY_M,
    }


def _outline(city: str, title: str, adcode: str, notes: list[str]) -> bytes | None:
    from gis.intake.boundary import derive_districts

    try:
        features = derive_districts([_district(city, title, adcode)])
    except MissingExtraError as error:
        notes.append(f"the district outline is not made: {error}")
        return None
    except InputError as error:
        raise UsageError(f"--adcode {adcode}: {error.faults[0].what}") from error
    return dump_features([(feature.properties, feature.geometry) for feature in features])


def _tables(city: str) -> dict[Path, bytes]:
    """The tables of facts with headers and without rows, in a folder that is no plan until it is copied."""
    found = {}
    for kind, cls in FACT_TYPES.items():
        names = [field.name for field in fields(cls) if field.name not in {"plan", "file", "row"}]
        renamed = ["kind" if name.endswith("_kind") else name for name in names]
        found[_TEMPLATE / f"{kind}.csv"] = _csv(",".join(renamed))
    found[_TEMPLATE / "plan.template.toml"] = _plan(city).encode("utf-8")
    found[Path("seeds") / "elsewhere.csv"] = _csv(",".join(f.name for f in fields(Elsewhere) if f.name != "row"))
    found[Path("seeds") / "functions.csv"] = _csv(",".join(f.name for f in fields(FunctionWord) if f.name != "row"))
    found[Path("seeds") / "conflicts.csv"] = _csv(_CONFLICTS)
    return found


def _csv(header: str) -> bytes:
    return f"{header}\r\n".encode("utf-8-sig")


def _plan(city: str) -> str:
    return f"""# A planning document. Copy this folder to seeds/<id>, rename this file plan.toml, and fill it in.
# Then write one row for each thing that a line of the document names; gis check says what is missing.
id = "my-plan"
city = {_text(city)}
title = "规划名称"
short = "规划简称"
title_en = "Name of the plan"
issuer = ""
number = ""
published = ""
# The text that rows cite lines of.
file = "plan.txt"
base_year = 2020
horizon = 2025
"""
