"""Tell for each row of a list whether it is a feature that is known, and say what a merge changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault
from gis.base.text import halfwidth
from gis.earth.geodesy import distance_m
from gis.intake.identity import Gazetteer, free_id, normal_name, slug_of
from gis.model.journal import Entry
from gis.model.project import Project
from gis.model.schema import GROUND, UNKNOWN_SEGMENT

Feature = tuple[dict[str, Any], BaseGeometry | None]

GEOMETRY_COLUMNS: Final = ("geometry_basis", "accuracy_m", "geometry_source", "unplaced_reason")
# What says of a firm or facility within which place it lies; a zone's `within` is its district.
PLACE_COLUMNS: Final = ("within", "within_source", "within_basis")

# Of many rows with one name, each is held against the first ones: what is listed stays readable, and linear in time.
_MOST_ALIKE: Final = 5
# Nearer than this is one spot, whatever the decimals; a position that differs by less than the other is the same.
_ONE_SPOT_M: Final = 50.0
_SAME_M: Final = 1.0
# A list follows an earlier one that it holds at least this share of; below, it is another list of the same layer.
_FOLLOWS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """A sound row: its number in the file, its feature, how far its digits carry, and the columns it says nothing of.

    The columns in `silent` hold what is usual for the kind, which never takes the place of what is known.
    """

    number: int
    record: dict[str, Any]
    geometry: BaseGeometry | None
    rounding_m: float = 0.0
    silent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a list changes: features that are new, that moved, got another name or other values; and who is not in it.

    `absent` are features of the lists that this one follows (`follows`, numbers of imports), or of the layer where it
    follows none by the journal; nothing is done to them. `others` counts the features of other lists, `ended` are those
    that this list has though they were retired.
    """

    new: Sequence[Mapping[str, Any]] = ()
    moved: Sequence[Mapping[str, Any]] = ()
    renamed: Sequence[Mapping[str, Any]] = ()
    edited: Sequence[Mapping[str, Any]] = ()
    absent: Sequence[Mapping[str, Any]] = ()
    unchanged: int = 0
    follows: Sequence[int] = ()
    others: int = 0
    ended: Sequence[Mapping[str, Any]] = ()

    def as_json(self) -> dict[str, Any]:
        """The changes as a JSON object."""
        return {
            "new": list(self.new),
            "moved": list(self.moved),
            "renamed": list(self.renamed),
            "edited": list(self.edited),
            "not_in_this_list": list(self.absent),
            "unchanged": self.unchanged,
            "follows_imports": list(self.follows),
            "of_other_lists": self.others,
            "listed_though_ended": list(self.ended),
        }

    def words(self) -> list[str]:
        """The changes in words: a line for each feature, a line that counts them first."""
        counts = {
            "new": len(self.new), "moved": len(self.moved), "renamed": len(self.renamed),
            "with other values": len(self.edited), "unchanged": self.unchanged, "not in this list": len(self.absent),
        }  # fmt: skip
        found = ["changes: " + ", ".join(f"{count} {what}" for what, count in counts.items())]
        found += _listed("new", [f"{one['name']} ({one['id']}), row {one['row']}" for one in self.new], 20)
        found += _listed(
            "moved", [f"{one['name']} ({one['id']}), row {one['row']}: {_way(one)}" for one in self.moved], 50
        )
        found += _listed(
            "renamed",
            [
                f"{one['from']} → {one['to']} ({one['id']}), row {one['row']}; the old name is kept as an alias"
                for one in self.renamed
            ],
            50,
        )
        found += _listed(
            "other values",
            [
                f"{one['name']} ({one['id']}), row {one['row']}: "
                + "; ".join(f"{name} {_short(old)} → {_short(new)}" for name, (old, new) in one["columns"].items())
                for one in self.edited
            ],
            20,
        )
        found += _listed("not in this list", [f"{one['name']} ({one['id']})" for one in self.absent], 100)
        if self.absent:
            found.append("who is not in this list stays, and counts until retired: gis layers retire ID --on DATE")
        found += _listed(
            "in the list though it ended",
            [f"{one['name']} ({one['id']}), on {one['valid_to']}" for one in self.ended],
            20,
        )
        if self.others:
            found.append(f"{self.others} feature(s) of the layer are of other lists, which this one does not speak of")
        return found


def _listed(what: str, lines: Sequence[str], most: int) -> list[str]:
    more = [f"{what}: {len(lines) - most} more; --format json lists them"] if len(lines) > most else []
    return [f"{what}: {line}" for line in lines[:most]] + more


def _way(one: Mapping[str, Any]) -> str:
    if one["metres"] is None:
        return f"now at {one['to'][0]:.6f} {one['to'][1]:.6f}, where it had no position"
    start, end = (f"{x:.6f} {y:.6f}" for x, y in (one["from"], one["to"]))
    return f"{one['metres']:,} m, from {start} to {end}"


def _short(value: Any) -> str:
    text = "(empty)" if value in (None, "", []) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


class Register:
    """Decides for each row whether it is a new feature or one that is known, gives ids, and notes what changes.

    Rows are matched by id; by code where it is of one feature and one row, else by code and name, else by code and
    spot; without a code, or with one that is not known, by name within one place. What stays open is a fault.
    """

    def __init__(
        self,
        project: Project,
        city: str,
        kind: str,
        where: str,
        existing: Mapping[str, Feature],
        names: Gazetteer,
        *,
        merge: bool = False,
        again: bool = False,
        park: str | None = None,
    ) -> None:
        self.kind, self.where, self.merge, self.again = kind, where, merge, again
        self.gazetteer, self.park = names, park
        self.features = dict(existing)
        self.old = set(existing)
        layers = [*project.layers.values(), *project.grounds.values()]
        self.taken = {id_ for layer in layers for id_ in layer.ids} | set(project.facts.elsewhere)
        self.numbers: dict[str, int] = {}
        self.codes: dict[str, list[str]] = {}
        self.names: dict[str, list[tuple[str, int | None]]] = {}
        self.called: dict[str, list[str]] = {}
        for id_, (record, _) in existing.items():
            if record.get("uscc"):
                self.codes.setdefault(record["uscc"], []).append(id_)
            if kind != GROUND:
                self.names.setdefault(normal_name(str(record.get("name"))), []).append((id_, None))
            for key in _keys(record):
                self.called.setdefault(key, []).append(id_)
        zones = [(r["id"], g) for r, g in project.layer(city, "zones") if g is not None]
        self._zone_ids = [id_ for id_, _ in zones]
        self._zones = shapely.STRtree(np.array([geometry for _, geometry in zones], dtype=object))
        self.faults: list[Fault] = []
        self.likely: list[dict[str, Any]] = []
        self.added: list[str] = []
        self.changed: list[str] = []
        self.listed: list[str] = []
        self._noted: dict[str, list[dict[str, Any]]] = {"new": [], "moved": [], "renamed": [], "edited": []}

    def take(self, rows: Sequence[Row]) -> None:
        """Add or merge every row; what cannot be is added to `faults`."""
        self._share_organisations([row.record for row in rows])
        matches, refused = self._matches(rows) if self.merge else ({}, self._known_codes(rows))
        for number in sorted(refused):
            self.faults.append(Fault(self.where, refused[number], rows[number].number))
        for position, row in enumerate(rows):
            if position in refused:
                continue
            if position in matches:
                self._update(matches[position], row)
            else:
                self._add(row)

    def changes(self, entries: Iterable[Entry], skipped: Sequence[Mapping[str, Any]] = ()) -> Changes:
        """What `take` changed.

        Args:
            entries: the journal of the layer.
            skipped: records of rows that were refused: who is named there is in the list.
        """
        if not self.merge:
            return Changes()
        here = set(self.listed)
        for record in skipped:
            here |= set(self.codes.get(record.get("uscc") or "", ()))
            here |= set(self.called.get(normal_name(str(record.get("name"))), ()))
        ended = {id_ for id_ in self.old if self.features[id_][0].get("valid_to")}
        absent, follows, others = _absent(entries, self.old - (ended - here), here)
        return Changes(
            **self._noted,
            absent=[{"id": id_, "name": self.features[id_][0].get("name")} for id_ in absent],
            unchanged=len(self.listed) - len(self.added) - len(self.changed),
            follows=follows,
            others=others,
            ended=[
                {"id": id_, "name": self.features[id_][0].get("name"), "valid_to": self.features[id_][0]["valid_to"]}
                for id_ in sorted(ended & set(self.listed))
            ],
        )

    # --- Who is who ---

    def _known_codes(self, rows: Sequence[Row]) -> dict[int, str]:
        """Without `merge`: the rows whose code or id is known already, and what to do about it."""
        if self.again:
            return {}
        found = {}
        for position, row in enumerate(rows):
            code = row.record.get("uscc")
            if row.record["id"] not in self.old and code in self.codes:
                found[position] = (
                    f"has the code {code}, as {self.codes[code][0]} has; --merge updates it, --again adds a second one"
                )
        return found

    def _matches(self, rows: Sequence[Row]) -> tuple[dict[int, str], dict[int, str]]:
        """The known feature that a row is, by position; and what keeps a row from being taken."""
        matches: dict[int, str] = {}
        refused: dict[int, str] = {}
        open_: list[int] = []
        used: set[str] = set()
        for position, row in enumerate(rows):
            id_ = row.record["id"]
            if not id_:
                open_.append(position)
            elif id_ in self.old and id_ in used:
                refused[position] = f"is the second row for {id_}: one row for each id or code"
            elif id_ in self.old:
                matches[position] = str(id_)
                used.add(str(id_))
        for by_code in (True, False):
            groups: dict[str, list[int]] = {}
            for position in open_:
                key = self._key(rows[position], by_code=by_code)
                if key is not None:
                    groups.setdefault(key, []).append(position)
            for key, members in groups.items():
                known = self.codes.get(key, []) if by_code else self.called.get(key, [])
                self._pair(rows, members, known, used, matches, refused, by_code=by_code)
            open_ = [position for position in open_ if position not in matches and position not in refused]
        return matches, refused

    def _key(self, row: Row, *, by_code: bool) -> str | None:
        code = row.record.get("uscc")
        if by_code:
            return code if code in self.codes else None
        name = normal_name(str(row.record["name"]))
        return name if name in self.called and code not in self.codes else None

    def _pair(
        self,
        rows: Sequence[Row],
        members: Sequence[int],
        known: Sequence[str],
        used: set[str],
        matches: dict[int, str],
        refused: dict[int, str],
        *,
        by_code: bool,
    ) -> None:
        """Match rows and features that share a code or a name, as far as it is clear."""

        def left() -> tuple[list[int], list[str]]:
            free = [id_ for id_ in dict.fromkeys(known) if id_ not in used]
            if not by_code:
                codes = {rows[m].record.get("uscc") for m in members} - {None}
                free = [id_ for id_ in free if not codes or not self.features[id_][0].get("uscc")]
            return [m for m in members if m not in matches and m not in refused], free

        def match(member: int, id_: str) -> None:
            matches[member] = id_
            used.add(id_)

        open_, free = left()
        alone = len(open_) == 1 and len(free) == 1
        if alone and (by_code or self.kind == "enterprises" or self._one_place(rows[open_[0]], free[0])):
            match(open_[0], free[0])
            return
        for same_name in (True, False) if by_code else (True,):
            for limit in (_ONE_SPOT_M, None) if same_name else (_ONE_SPOT_M,):
                for member, id_ in self._pairs(rows, *left(), same_name=same_name, limit=limit, by_code=by_code):
                    if member not in matches and id_ not in used:
                        match(member, id_)
        open_, free = left()
        for member in open_:
            twin = next((id_ for id_ in known if id_ in used and self._is_twin(rows[member], id_)), None)
            if twin is not None:
                refused[member] = f"is the second row for {twin}: one row for each id or code"
            elif free:
                word = f"has the code {rows[member].record['uscc']}" if by_code else "has the name"
                why = "neither its name nor its place is theirs" if by_code else self._off(rows[member], free)
                refused[member] = f"{word} of {', '.join(free)}, and {why}: say which it is in a column id"

    def _pairs(
        self,
        rows: Sequence[Row],
        members: Sequence[int],
        free: Sequence[str],
        *,
        same_name: bool,
        limit: float | None,
        by_code: bool,
    ) -> list[tuple[int, str]]:
        """Pairs of row and feature, the nearest first: on one spot where `limit` is given, else within one place."""
        found = []
        for member in members:
            for id_ in free:
                if same_name and normal_name(str(rows[member].record["name"])) not in _keys(self.features[id_][0]):
                    continue
                metres = _apart(rows[member].geometry, self.features[id_][1])
                if limit is not None:
                    fits = metres is not None and metres <= limit
                else:
                    only = by_code and self._only(rows, members, free, member, id_)
                    fits = only or self._one_place(rows[member], id_)
                if fits:
                    found.append((1e9 if metres is None else metres, member, id_))
        return [(member, id_) for _, member, id_ in sorted(found)]

    def _only(self, rows: Sequence[Row], members: Sequence[int], free: Sequence[str], member: int, id_: str) -> bool:
        """Whether a row and a feature are the only ones of their code with this name."""
        name = normal_name(str(rows[member].record["name"]))
        rows_so = [m for m in members if normal_name(str(rows[m].record["name"])) == name]
        return len(rows_so) == 1 and [k for k in free if name in _keys(self.features[k][0])] == [id_]

    def _is_twin(self, row: Row, id_: str) -> bool:
        record, geometry = self.features[id_]
        metres = _apart(row.geometry, geometry)
        same = normal_name(str(row.record["name"])) in _keys(record)
        return same and (self._one_place(row, id_) if metres is None else metres <= _ONE_SPOT_M)

    def _off(self, row: Row, free: Sequence[str]) -> str:
        metres = [m for m in (_apart(row.geometry, self.features[id_][1]) for id_ in free) if m is not None]
        return f"lies {min(metres):,.0f} m off, in another place" if metres else "it is not clear which it is"

    def _one_place(self, row: Row, id_: str) -> bool:
        """Whether a row and a feature may be in one place: on one spot, in one park, or nothing says where one is."""
        record, geometry = self.features[id_]
        if row.geometry is not None and geometry is not None:
            if row.geometry.geom_type != "Point" and geometry.geom_type != "Point":
                return bool(shapely.intersects(row.geometry, geometry))
            metres = _apart(row.geometry, geometry)
            if metres is not None and metres <= _ONE_SPOT_M:
                return True
        mine, theirs = self._places(row.record, row.geometry), self._places(record, geometry)
        if mine and theirs:
            return bool(mine & theirs)
        return row.geometry is None or geometry is None

    def _places(self, record: Mapping[str, Any], geometry: BaseGeometry | None) -> set[str]:
        place = place_of(record)
        found = {place} if place else set()
        if self.park is not None and (said := self.gazetteer.place(str(record.get(self.park) or ""))):
            found.add(said)
        if geometry is not None:
            inside = self._zones.query(geometry, predicate="intersects").tolist()
            found |= {self._zone_ids[k] for k in inside}
        return found

    # --- What becomes of it ---

    def _add(self, row: Row) -> None:
        record = row.record
        named = str(record["name"] or record.get("class"))
        wanted = record["id"] or (str(record["uscc"]).lower() if record.get("uscc") else slug_of(named))
        if record["id"] and wanted in self.taken:
            what = f"the id {wanted!r} is taken; --merge updates a feature by its id"
            self.faults.append(Fault(self.where, what, row.number))
            return
        id_ = free_id(wanted, self.taken, self.numbers)
        self.taken.add(id_)
        record["id"] = id_
        self._compare(record, row.geometry, row.number)
        self.features[id_] = (record, row.geometry)
        self.added.append(id_)
        self.listed.append(id_)
        self._noted["new"].append({"id": id_, "name": record["name"], "row": row.number})

    def _update(self, id_: str, row: Row) -> None:
        held, place = self.features[id_]
        record, geometry = merged((held, place), row)
        self.listed.append(id_)
        differing = {
            name: (held.get(name), value) for name, value in record.items() if not _equal(held.get(name), value)
        }
        moved = geometry is not place
        if not differing and not moved:
            return
        self.features[id_] = (record, geometry)
        self.changed.append(id_)
        about = {"id": id_, "row": row.number}
        if "name" in differing:
            self._noted["renamed"].append({**about, "from": held.get("name"), "to": record["name"]})
        if moved and geometry is not None:
            metres = _apart(place, geometry)
            self._noted["moved"].append(
                {
                    **about,
                    "name": record["name"],
                    "metres": None if metres is None else round(metres),
                    "from": None if place is None else _spot(place),
                    "to": _spot(geometry),
                }
            )
        rest = {k: v for k, v in differing.items() if k not in {"name", "aliases"} and not (moved and k in _WHERE)}
        if rest:
            self._noted["edited"].append({**about, "name": record["name"], "columns": rest})

    def _share_organisations(self, records: Sequence[dict[str, Any]]) -> None:
        """Several rows of one code are the sites of one organisation: they get one `org`."""
        if self.kind != "enterprises":
            return
        by_code: dict[str, list[dict[str, Any]]] = {}
        for record in records:
            if record.get("uscc"):
                by_code.setdefault(record["uscc"], []).append(record)
        for code, sites in by_code.items():
            if len(sites) > 1:
                known = next((o for k in self.codes.get(code, ()) if (o := self.features[k][0].get("org"))), None)
                for record in sites:
                    record["org"] = record["org"] or known or slug_of(str(sites[0]["name"])) or code.lower()

    def _compare(self, record: Mapping[str, Any], geometry: BaseGeometry | None, number: int) -> None:
        """List what has the same name already; it is for the user to say whether it is the same.

        A road or river of the ground comes in many pieces of one name.
        """
        if self.kind == GROUND:
            return
        key = normal_name(str(record["name"]))
        for other, row in self.names.get(key, [])[:_MOST_ALIKE]:
            held, place = self.features[other]
            metres = _apart(geometry, place)
            same_site = held.get("org") and held.get("org") == record.get("org") and metres is not None and metres > 50
            if not same_site:
                self.likely.append(
                    {
                        "row": number,
                        "name": record["name"],
                        "id": record["id"],
                        "like": other,
                        "like_row": row,
                        "like_name": held.get("name"),
                        "metres_apart": None if metres is None else round(metres),
                    }
                )
        self.names.setdefault(key, []).append((str(record["id"]), number))


_WHERE: Final = frozenset([*GEOMETRY_COLUMNS, *PLACE_COLUMNS])


def place_of(record: Mapping[str, Any]) -> str | None:
    """The place that is all that is known of where a firm or facility is; None for other kinds."""
    return record.get("within") or None if "within_basis" in record else None


def merged(old: Feature, row: Row) -> Feature:
    """A known feature with what a row says; where the row says nothing, the old word stays.

    A name that is none of the feature's names takes the place of the old one, which becomes an alias. A position that
    is the old one, as far as its digits carry, leaves the old one and its source as they are.
    """
    held, place = old
    kept = {k: value for k, value in row.record.items() if value not in (None, "", []) and k not in row.silent}
    kept.pop("id", None)
    where_columns = GEOMETRY_COLUMNS + (PLACE_COLUMNS if "within_basis" in row.record else ())
    for name in where_columns:
        kept.pop(name, None)
    if kept.get("segment") == UNKNOWN_SEGMENT and held.get("segment"):
        kept.pop("segment")
    _rename(held, kept)
    result = {**held, **kept}
    says_where = row.geometry is not None or (place is None and place_of(row.record) is not None)
    if not says_where:
        return result, place
    there = _is_there(old, row)
    said = [name for name in _HOW if name not in row.silent and held.get(name) != row.record.get(name)]
    if there and not said:
        return result, place
    where = {
        name: row.record[name] for name in where_columns if name in row.record and not (there and name in row.silent)
    }
    return result | where, place if there else row.geometry


# How well a position is known, by a column or an option: what is only usual changes no position that is the same.
_HOW: Final = ("accuracy_m", "geometry_basis")


def _rename(held: Mapping[str, Any], kept: dict[str, Any]) -> None:
    """Keep the name that is known where a row's is one of its names; else make the old one an alias."""
    aliases = [*(held.get("aliases") or []), *(kept.pop("aliases", None) or [])]
    name, was = kept.get("name"), held.get("name")
    if name is not None and was and _written(name) != _written(was):
        if _written(name) in {_written(alias) for alias in held.get("aliases") or []}:
            kept.pop("name")
        else:
            aliases.append(was)
    elif was:
        kept.pop("name", None)
    now = kept.get("name", was)
    unique = [alias for alias in dict.fromkeys(aliases) if alias != now]
    if unique != list(held.get("aliases") or []):
        kept["aliases"] = unique


def with_name(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A feature under another name; the old one becomes an alias."""
    kept: dict[str, Any] = {"name": name}
    was = record.get("name")
    others = [*(record.get("aliases") or []), *([was] if was and _written(was) != _written(name) else [])]
    kept["aliases"] = [alias for alias in dict.fromkeys(others) if alias != name]
    return {**record, **kept}


def _is_there(old: Feature, row: Row) -> bool:
    """Whether a row says nothing new of where a feature is."""
    held, place = old
    if row.geometry is None:
        return place is None and place_of(held) == place_of(row.record)
    if place is None or place.geom_type != row.geometry.geom_type:
        return False
    if place.geom_type == "Point":
        metres = _apart(place, row.geometry)
        return metres is not None and metres <= max(_SAME_M, row.rounding_m)
    return bool(shapely.hausdorff_distance(place, row.geometry) <= 1e-5)


def _absent(entries: Iterable[Entry], layer: set[str], here: set[str]) -> tuple[list[str], list[int], int]:
    """Who of the lists that this one follows is not in it; the numbers of these lists; how many are of other lists."""
    lists = [(entry.number, set(entry.listed or [*entry.added, *entry.changed]) & layer) for entry in entries]
    last: dict[str, int] = {}
    for number, ids in lists:
        last |= dict.fromkeys(ids, number)
    lists.insert(0, (0, layer - set(last)))
    follows = []
    gone: set[str] = set()
    for place, (number, ids) in enumerate(lists):
        superseded = any(len(ids & later) >= _FOLLOWS * len(ids) for _, later in lists[place + 1 :])
        if ids and not superseded and len(ids & here) >= _FOLLOWS * len(ids):
            follows.append(number)
            gone |= {id_ for id_ in ids - here if last.get(id_, 0) == number}
    return sorted(gone), [number for number in follows if number], len(layer - here - gone)


def _keys(record: Mapping[str, Any]) -> list[str]:
    """The names of a feature in the form in which two spellings are the same."""
    aliases = record.get("aliases")
    names = [record.get("name"), *(aliases if isinstance(aliases, list) else ())]
    return list(dict.fromkeys(normal_name(str(name)) for name in names if name))


def _written(name: str) -> str:
    """A name without blanks and differences of width: what is written, legal form and all."""
    return re.sub(r"\s+", "", halfwidth(str(name))).lower()


def _equal(old: Any, new: Any) -> bool:
    """Whether two values are one, as a number is that one file has as text."""
    if old == new or (old in (None, "", []) and new in (None, "", [])):
        return True
    if isinstance(old, str) == isinstance(new, str) or not isinstance(old, str | int | float):
        return False
    try:
        return float(old) == float(new)
    except (TypeError, ValueError):
        return False


def _spot(geometry: BaseGeometry) -> list[float]:
    point = shapely.centroid(geometry)
    return [round(float(shapely.get_x(point)), 6), round(float(shapely.get_y(point)), 6)]


def _apart(one: BaseGeometry | None, other: BaseGeometry | None) -> float | None:
    if one is None or other is None:
        return None
    first, second = shapely.centroid(one), shapely.centroid(other)
    return distance_m(shapely.get_x(first), shapely.get_y(first), shapely.get_x(second), shapely.get_y(second))
