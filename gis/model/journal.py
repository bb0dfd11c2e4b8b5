"""Keep a journal of imports and of changes by hand, with all that is needed to take one back."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault, InputError, ProjectError, UsageError
from gis.base.files import lock_folder, read_regular
from gis.io.geojson import dump_features, parse_features, read_features
from gis.model.schema import LAYER_KINDS
from gis.model.trial import try_out

FOLDER: Final = "imports"
_MOST_UNPACKED: Final = 256 * 2**20
_MOST_IN_ENTRY: Final = 64 * 2**20

_LAYER: Final = re.compile(rf"layers/\w[\w-]*/({'|'.join(LAYER_KINDS)})\.geojson")
_NUMBERS: Final = ("number", "rows_in", "rows_kept", "rows_refused")
_TEXTS: Final = ("when", "file", "sha256", "format", "kind", "city", "layer", "before", "after", "undone", "action")
_TEXTS_OR_NONE: Final = ("part", "encoding", "datum")
_LISTS_OF_TEXTS: Final = ("datum_evidence", "added", "changed", "notes", "listed")
_LISTS_OF_TABLES: Final = ("refused", "left_out", "repaired")
_TABLES_OF_TEXTS: Final = ("mapping", "marks")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a layer: what came from where, how it was understood, and what it did.

    `action` is import, or what `gis layers` did by hand: replace, set, retire.

    `added` and `changed` are ids, `listed` those of all rows, changed or not (empty in entries of old); `before` and
    `after` are the SHA-256 of the layer's file (`before` is empty where there was none); `marks` tells each added or
    changed feature as the import left it from one changed since.
    """

    number: int
    when: str
    file: str
    sha256: str
    format: str
    part: str | None
    kind: str
    city: str
    layer: str
    rows_in: int
    rows_kept: int
    rows_refused: int
    refused: Sequence[Mapping[str, Any]]
    left_out: Sequence[Mapping[str, Any]]
    mapping: Mapping[str, str]
    encoding: str | None
    datum: str | None
    datum_evidence: Sequence[str]
    repaired: Sequence[Mapping[str, Any]]
    added: Sequence[str]
    changed: Sequence[str]
    before: str
    after: str
    marks: Mapping[str, str]
    undone: str = ""
    notes: Sequence[str] = field(default_factory=list)
    listed: Sequence[str] = field(default_factory=list)
    action: str = "import"

    def row(self) -> dict[str, Any]:
        """The row that `gis imports` prints."""
        return {
            "number": self.number,
            "when": self.when,
            "action": self.action,
            "file": self.file,
            "kind": self.kind,
            "city": self.city,
            "rows_in": self.rows_in,
            "rows_kept": self.rows_kept,
            "rows_refused": self.rows_refused,
            "datum": self.datum,
            "undone": self.undone or None,
            "sha256": self.sha256,
        }


def entry_path(number: int) -> Path:
    """The file of an entry, relative to the project."""
    return Path(FOLDER) / f"{number:04d}.json"


def before_path(number: int) -> Path:
    """The file that keeps the layer as it was before an import, relative to the project."""
    return Path(FOLDER) / f"{number:04d}.before.geojson.gz"


def dump_entry(entry: Entry) -> bytes:
    """An entry as JSON."""
    return (json.dumps(asdict(entry), ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def packed(data: bytes) -> bytes:
    """Data as gzip, the same bytes each time."""
    return gzip.compress(data, mtime=0)


def read_journal(root: Path) -> list[Entry]:
    """Read the journal of a project, oldest first.

    Raises:
        ProjectError: an entry cannot be understood, or names what no import writes.
    """
    found, faults = [], []
    for path in sorted((root / FOLDER).glob("*.json")):
        if not re.fullmatch(r"\d{4,}", path.stem):
            continue
        where = f"{FOLDER}/{path.name}"
        try:
            entry = Entry(**json.loads(read_regular(path, _MOST_IN_ENTRY)))
            _check_entry(entry, path.stem)
            found.append(entry)
        except (OSError, ValueError, TypeError, RecursionError) as error:
            faults.append(Fault(where, f"is not an entry of the journal: {str(error)[:120]}"))
    if faults:
        raise ProjectError(faults)
    return sorted(found, key=lambda entry: entry.number)


def _check_entry(entry: Entry, stem: str) -> None:
    """Raise ValueError with the first thing in an entry that no import writes."""
    values = asdict(entry)
    rules: list[tuple[Sequence[str], str, Any]] = [
        (_NUMBERS, "a number", lambda v: type(v) is int and v >= 0),
        (_TEXTS, "text", lambda v: isinstance(v, str)),
        (_TEXTS_OR_NONE, "text or null", lambda v: v is None or isinstance(v, str)),
        (_LISTS_OF_TEXTS, "a list of texts", lambda v: _is_list(v, str)),
        (_LISTS_OF_TABLES, "a list of tables", lambda v: _is_list(v, dict)),
        (_TABLES_OF_TEXTS, "a table of texts", lambda v: isinstance(v, dict) and _is_list(list(v.values()), str)),
    ]
    for names, what, holds in rules:
        for name in names:
            if not holds(values[name]):
                raise ValueError(f"{name} is not {what}")
    if not _LAYER.fullmatch(entry.layer):
        raise ValueError(f"layer is {entry.layer!r}; it must be layers/<city>/<kind>.geojson")
    if f"{entry.number:04d}" != stem:
        raise ValueError(f"number is {entry.number}, which is not that of its file")


def _is_list(value: object, kind: type) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, kind) for item in value)


def digest(data: bytes) -> str:
    """The SHA-256 of data."""
    return hashlib.sha256(data).hexdigest()


def mark_of(record: Mapping[str, Any], geometry: BaseGeometry | None) -> str:
    """A short mark of a feature, the same as long as nothing of it changes."""
    return digest(dump_features([(dict(record), geometry)]))[:16]


def marks_of(data: bytes, ids: Iterable[str]) -> dict[str, str]:
    """The marks of all features in the bytes of a layer, without taking each one apart again.

    Args:
        data: what `gis.io.geojson.dump_features` gave: one feature a line, in the order of their ids.
        ids: the ids of these features, in any order.
    """
    head, *lines, tail, _ = data.decode("utf-8").split("\n")
    return {
        id_: digest(f"{head}\n{line.removesuffix(',')}\n{tail}\n".encode())[:16]
        for id_, line in zip(sorted(ids), lines, strict=True)
    }


@dataclass(frozen=True, slots=True)
class Change:
    """A change of features that are there: what was done, to which layer, and its bytes before and after."""

    action: str
    city: str
    kind: str
    where: Path
    before: bytes
    after: bytes
    changed: tuple[str, ...]


def stage_change(
    root: Path,
    change: Change,
    when: str,
    *,
    features: Mapping[str, tuple[Mapping[str, Any], BaseGeometry | None]],
    notes: Sequence[str] = (),
    file: str = "",
    sha256: str = "",
    format_: str = "",
    datum: str | None = None,
) -> tuple[int, dict[Path, bytes | None]]:
    """Give the number of a change in the journal, and the files to commit: layer, entry, and the layer as it was.

    Args:
        root: the project's folder, which the caller has locked.
        change: what is done.
        when: the time to note, ISO.
        features: of the layer after the change.
        notes: what changed, in words.
        file: where it came from, if from a file; with its digest, format and datum.
        sha256: likewise.
        format_: likewise.
        datum: likewise.
    """
    number = max((entry.number for entry in read_journal(root)), default=0) + 1
    entry = Entry(
        number=number, when=when, file=file, sha256=sha256, format=format_, part=None, kind=change.kind,
        city=change.city, layer=change.where.as_posix(), rows_in=len(change.changed), rows_kept=len(change.changed),
        rows_refused=0, refused=[], left_out=[], mapping={}, encoding=None, datum=datum, datum_evidence=[],
        repaired=[], added=[], changed=list(change.changed), before=digest(change.before),
        after=digest(change.after), marks={id_: mark_of(*features[id_]) for id_ in change.changed},
        notes=list(notes), action=change.action,
    )  # fmt: skip
    return number, {
        change.where: change.after,
        entry_path(number): dump_entry(entry),
        before_path(number): packed(change.before),
    }


def undo(root: Path, number: int, when: str) -> Entry:
    """Take one import back: the layer becomes what it was, if nothing later built upon what the import brought.

    Where the layer is still as the import left it, its file becomes what it was, byte for byte. Where it changed since,
    only the import's own features are taken out (or set back), provided that they are as the import left them.

    Args:
        root: the project's folder.
        number: the entry's number.
        when: the time to note as that of the undoing.

    Raises:
        UsageError: there is no such import, or it is undone already.
        InputError: its features were changed since, or others rest on them, or the journal cannot be read.
    """
    with lock_folder(root, f"gis imports undo {number}") as lock:
        entries = {entry.number: entry for entry in read_journal(root)}
        if number not in entries:
            raise UsageError(f"there is no import {number}; there are {', '.join(map(str, entries)) or 'none'}")
        entry = entries[number]
        if entry.undone:
            raise UsageError(f"{entry.action} {number} was undone already ({entry.undone})")
        layer = root / entry.layer
        content = layer.read_bytes() if layer.is_file() else b""
        old = _before(root, entry)
        restored = old if digest(content) == entry.after else _without(entry, layer, old)
        try_out(root, Path(entry.layer), restored)
        done = Entry(**{**asdict(entry), "undone": when})
        lock.commit({Path(entry.layer): restored, entry_path(number): dump_entry(done)})
        return done


def _before(root: Path, entry: Entry) -> bytes | None:
    if not entry.before:
        return None
    path = root / before_path(entry.number)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(read_regular(path, _MOST_UNPACKED))) as unpacked:
            data = unpacked.read(_MOST_UNPACKED + 1)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError([Fault(str(before_path(entry.number)), f"cannot be read: {error}")]) from error
    if len(data) > _MOST_UNPACKED:
        what = f"unpacks to more than {_MOST_UNPACKED // 2**20} MiB"
        raise InputError([Fault(str(before_path(entry.number)), what)])
    if digest(data) != entry.before:
        raise InputError([Fault(str(before_path(entry.number)), "is not what the import kept; it was changed")])
    return data


def _without(entry: Entry, layer: Path, old: bytes | None) -> bytes:
    """The layer of now without what the import brought."""
    now = {str(record.get("id")): (record, geometry) for record, geometry in read_features(layer, entry.layer)}
    before = {} if old is None else {str(f.properties.get("id")): f for f in parse_features(old, entry.layer)}
    edited = [id_ for id_, mark in entry.marks.items() if id_ not in now or mark_of(*now[id_]) != mark]
    if edited:
        what = f"was changed after {entry.action} {entry.number}; undo the later imports first, or set it back by hand"
        raise InputError([Fault(entry.layer, what, id_) for id_ in edited])
    for id_ in entry.added:
        now.pop(id_, None)
    for id_ in entry.changed:
        if id_ in before:
            now[id_] = (before[id_].properties, before[id_].geometry)
    return dump_features(now.values())
