"""Change single features by hand: give one a day on which it ended, or other values; journalled as an import is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

from gis.base.errors import InputError, UsageError, raise_if_any
from gis.base.files import lock_folder, recover
from gis.intake.identity import segments_of
from gis.intake.importing import value_of
from gis.intake.merging import with_name
from gis.io.geojson import dump_features, read_features
from gis.model import journal
from gis.model.history import COLUMN as HISTORY
from gis.model.layers import check_features
from gis.model.project import Project, load_project
from gis.model.schema import LAYER_COLUMNS, LAYER_KINDS, UNKNOWN_SEGMENT
from gis.model.trial import try_out

Feature = tuple[dict[str, Any], BaseGeometry | None]

_FIXED: Final = frozenset(["id", HISTORY])


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did: the number in the journal (None of a dry run), and what changed, in words."""

    number: int | None
    words: tuple[str, ...]


def holder_of(project: Project, id_: str) -> tuple[str, str]:
    """The city and kind of the layer that has an id.

    Raises:
        UnknownIdError: none has.
    """
    for kind in LAYER_KINDS:
        for city in project.cities:
            if id_ in project.layer(city, kind):
                return city, kind
    project.find("zones", id_)
    raise AssertionError("find raises for an id that no layer has")


def layer_features(path: Path) -> dict[str, Feature]:
    """The features of a layer by id, as they may be changed."""
    return {str(record["id"]): (dict(record), geometry) for record, geometry in read_features(path)}


def retire(root: Path, ids: Sequence[str], on: date, when: str, *, dry_run: bool = False) -> Edited:
    """Let features end on a day: they stay in the layer, and count no more from that day on.

    Args:
        root: the project's folder.
        ids: of features of one layer.
        on: the first day on which they are there no more.
        when: the time to note in the journal, ISO.
        dry_run: check, and write nothing.

    Raises:
        UnknownIdError: no layer has an id.
        UsageError: the ids are of several layers.
        InputError: one began on that day or later.
    """
    return _edit(root, ids, {"valid_to": on.isoformat()}, when, "retire", dry_run=dry_run)


def set_columns(root: Path, id_: str, values: Mapping[str, str], when: str, *, dry_run: bool = False) -> Edited:
    """Give columns of a feature other values; a new name leaves the old one as an alias.

    Args:
        root: the project's folder.
        id_: the feature.
        values: text by column, as a cell would say it; empty text takes a value away.
        when: the time to note in the journal, ISO.
        dry_run: check, and write nothing.

    Raises:
        UnknownIdError: no layer has the id.
        UsageError: the layer has no such column, or a value is none of it.
        InputError: the project would break a rule.
    """
    return _edit(root, [id_], values, when, "set", dry_run=dry_run)


def _edit(
    root: Path, ids: Sequence[str], values: Mapping[str, str], when: str, action: str, *, dry_run: bool
) -> Edited:
    recover(root)
    load_project(root)  # A folder that is no project is refused before a lock is made in it.
    with lock_folder(root, f"gis layers {action}") as lock:
        project = load_project(root)
        holders = {holder_of(project, id_) for id_ in ids}
        if len(holders) != 1:
            raise UsageError(f"{', '.join(ids)} are of {len(holders)} layers; name features of one")
        city, kind = next(iter(holders))
        where = Path("layers") / city / f"{kind}.geojson"
        features = layer_features(root / where)
        words: list[str] = []
        changed = []
        for id_ in dict.fromkeys(ids):
            record, geometry = features[id_]
            new = _with(project, kind, record, values, features)
            said = [
                f"{name}: {_shown(record.get(name))} → {_shown(new.get(name))}"
                for name in new
                if record.get(name) != new.get(name)
            ]
            if said:
                changed.append(id_)
                words.append(f"{id_} ({record['name']}): {'; '.join(said)}")
            features[id_] = (new, geometry)
        if not changed:
            raise UsageError(f"{', '.join(ids)}: nothing to change, it says so already")
        raise_if_any(check_features(list(features.values()), kind, where.as_posix()), InputError)
        data = dump_features(features.values())
        try_out(root, where, data)
        if dry_run:
            return Edited(None, tuple(words))
        change = journal.Change(action, city, kind, where, (root / where).read_bytes(), data, tuple(changed))
        number, staged = journal.stage_change(root, change, when, features=features, notes=words)
        lock.commit(staged)
    return Edited(number, tuple(words))


def _with(
    project: Project, kind: str, record: Mapping[str, Any], values: Mapping[str, str], features: Mapping[str, Feature]
) -> dict[str, Any]:
    schema = {column.name: column for column in LAYER_COLUMNS[kind]}
    own = {name for held, _ in features.values() for name in held}
    new = dict(record)
    for name, text in values.items():
        if name in _FIXED or name not in schema.keys() | own:
            allowed = ", ".join(sorted((schema.keys() | own) - _FIXED))
            raise UsageError(f"{name}={text}: a feature of this layer has no such column to set; it has {allowed}")
        if name not in schema:
            new[name] = text or None
            continue
        try:
            value = None if not text.strip() else _value(project, kind, name, text)
        except ValueError as error:
            raise UsageError(f"{name}={text}: {error}") from error
        if text.strip() and value is None:
            allowed_values = schema[name].allowed
            shown = "" if allowed_values is None else f"; allowed: {', '.join(sorted(allowed_values))}"
            raise UsageError(f"{name}={text}: it is none of what the column may say{shown}")
        if name == "name" and value is not None:
            new = with_name(new, value)
        else:
            new[name] = [] if value is None and schema[name].type is list else value
    return new


def _value(project: Project, kind: str, name: str, text: str) -> Any:
    if name == "segment":
        found = segments_of(project).of(text)
        return None if found == UNKNOWN_SEGMENT and text != UNKNOWN_SEGMENT else found
    if name == "org" and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text):
        raise ValueError("an id is a-z, 0-9 and single hyphens")
    wrong: list[str] = []
    value = value_of(kind, name, text, wrong)
    if wrong:
        raise ValueError(wrong[0])
    return value


def _shown(value: Any) -> str:
    return "(empty)" if value in (None, "", []) else str(value)
