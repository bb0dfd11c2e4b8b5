"""Put gis.toml, facts and layers together into a Project that keeps all the rules, or list every fault."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard

import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault, ProjectError, UnknownIdError, UsageError, raise_if_any
from gis.base.files import check_finished
from gis.base.text import NOT_AN_ID, is_file_name
from gis.model.facts import Fact, Facts, Membership, Plan, ZoneSystem, read_facts, read_table_rows
from gis.model.layers import Layer, Record, is_iso_day, layer_of, read_layer
from gis.model.schema import FACT_KINDS, FILE_KINDS, GROUND, LAYER_KINDS, UNKNOWN_SEGMENT

CONFIG_NAME = "gis.toml"
_PACKAGE = Path(__file__).parent.parent
# Where the project that comes with the program stands: in the installed package, or in the checkout around it.
BUNDLED = (_PACKAGE / "bundled", _PACKAGE.parent)
_CITY_ID = re.compile(r"\w[\w-]*")
_ADCODE = re.compile("[0-9]{6}")
_NO_ADCODE = "it is the national code of six digits, such as 310114"
# A zone may reach over its district's line by slivers of drawing, not by more.
_OUTSIDE_SHARE = 0.002


@dataclass(frozen=True, slots=True)
class City:
    """A city of the project: the area whose zones, firms and roads are looked at together."""

    id: str
    name: str
    name_en: str
    adcode: str
    subject: str
    config: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """A link of the industry chain."""

    id: str
    label: str
    label_en: str


@dataclass(frozen=True, eq=False, repr=False)
class Project:
    """A checked project: every id resolves, every row is cited, every geometry says how well it is known."""

    root: Path
    name: str
    name_en: str
    as_of: date
    cities: Mapping[str, City]
    segments: Mapping[str, Segment]
    keywords: Mapping[str, str]
    facts: Facts
    layers: Mapping[tuple[str, str], Layer]
    grounds: Mapping[str, Layer] = field(default_factory=dict)
    """What lies under the map of each city: drawn, and never among `layers`, which everything is counted from."""

    def __repr__(self) -> str:
        return f"<Project {self.name} in {self.root}: {', '.join(self.cities)}; as of {self.as_of}>"

    def city(self, id_: str) -> City:
        """One city.

        Raises:
            UnknownIdError: the project has no such city.
        """
        _check_city(id_, self.cities)
        return self.cities[id_]

    def layer(self, city: str, kind: str) -> Layer:
        """One layer of one city, as loaded."""
        return self.layers[city, kind]

    def present(self, city: str, kind: str, day: date | None = None) -> Layer:
        """What one layer of one city holds on a day; now, where no day is given: what ended counts no more."""
        return self.layers[city, kind].holding_on(day or self.as_of)

    def ground(self, city: str) -> Layer:
        """What is drawn under the map of a city; empty where the project has none."""
        return self.grounds.get(city) or layer_of(city, GROUND, [])

    @cached_property
    def _places(self) -> dict[str, Layer]:
        return {city: _places(self.layers, self.facts, city) for city in self.cities}

    def places(self, city: str, day: date | None = None) -> Layer:
        """The places of a city: its zones, and those districts that a plan gives a role.

        Where a day is given, only those that hold on that day and do not belong to layouts of other days alone.
        """
        layer = self._places[self.city(city).id].holding_on(day)
        if day is None:
            return layer
        in_force = {(system.plan, system.id) for system in self.systems(city, day)}
        layouts: dict[str, list[bool]] = {}
        for member in self.facts.memberships:
            if member.system:
                layouts.setdefault(member.id, []).append((member.plan, member.system) in in_force)
        return layer.where(any(layouts.get(id_, [True])) for id_ in layer.ids)

    def systems(self, city: str, day: date | None = None) -> list[ZoneSystem]:
        """The zone systems that the plans of a city name, in plan order; all, or those in force on a day."""
        return [
            system
            for system in self.facts.systems
            if self.facts.plans[system.plan].city == city and system.holds_on(day)
        ]

    def members(self, system: ZoneSystem) -> list[Membership]:
        """The memberships of one zone system, in the order of the table."""
        return [m for m in self.facts.memberships if m.plan == system.plan and m.system == system.id]

    def plan(self, id_: str) -> Plan:
        """One plan.

        Raises:
            UnknownIdError: the project has no such plan.
        """
        if id_ not in self.facts.plans:
            names = {plan.id: [plan.title, plan.short] for plan in self.facts.plans.values()}
            raise UnknownIdError("plan", id_, self.facts.plans, names)
        return self.facts.plans[id_]

    def complete(self, city: str, kind: str) -> str | None:
        """Who says that a layer lists everything of its kind in the city; None where nobody does."""
        for table in self.city(city).config.get("list", ()):
            if table.get("kind") == kind and table.get("complete") is True:
                return str(table["source"])
        return None

    def find(self, kind: str, id_: str) -> tuple[str, Record, BaseGeometry | None]:
        """The city, columns and geometry of one feature; kind `zones` finds districts too.

        Raises:
            UnknownIdError: no feature of this kind has the id; the nearest ids are named.
        """
        kinds = ("zones", "districts") if kind == "zones" else (kind,)
        for (city, layer_kind), layer in self.layers.items():
            if layer_kind in kinds and id_ in layer:
                return city, layer.record(id_), layer.geometry_of(id_)
        names = {
            record["id"]: [text for text in (record.get("name"), record.get("name_en")) if text]
            + (record.get("aliases") or [])
            for (_, layer_kind), layer in self.layers.items()
            if layer_kind in kinds
            for record in layer.records
        }
        raise UnknownIdError("facility" if kind == "facilities" else kind.removesuffix("s"), id_, names, names)

    def unplaced(self, city: str) -> Iterator[tuple[str, Record]]:
        """Every feature of a city of whose position nothing is known, with its kind."""
        for kind in LAYER_KINDS:
            for record, geometry in self.layers.get((city, kind), ()):
                by_place = kind in {"enterprises", "facilities"} and record.get("within")
                if geometry is None and not by_place:
                    yield kind, record


def find_project(start: Path | None = None) -> Path:
    """Find the project's folder: the nearest one with a gis.toml from `start` upwards, else the bundled one.

    Raises:
        UsageError: there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    for folder in BUNDLED:
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise UsageError(f"no {CONFIG_NAME} in {here} or above it, and this installation holds no bundled project")


def load_project(
    root: str | Path,
    *,
    cities: Sequence[str] | None = None,
    kinds: Sequence[str] = FILE_KINDS,
    fact_kinds: Sequence[str] = FACT_KINDS,
) -> Project:
    """Load a project, or the parts of it that are asked for, and hold them against all the rules.

    Args:
        root: the folder that holds gis.toml.
        cities: load only these cities; all, where None.
        kinds: load only these layers. Rules that need another layer are left to a full load.
        fact_kinds: read only these tables of facts; `zones` need `systems`.

    Raises:
        ProjectError: a rule is broken; every fault is listed with file and row.
        UnknownIdError: a city is asked for that the project does not have.
    """
    root = Path(root)
    project, faults = examine_project(root, cities=cities, kinds=kinds, fact_kinds=fact_kinds)
    raise_if_any(faults, ProjectError, f"the project in {root} has {len(faults)} fault(s)")
    return project


def examine_project(
    root: Path,
    *,
    cities: Sequence[str] | None = None,
    kinds: Sequence[str] = FILE_KINDS,
    fact_kinds: Sequence[str] = FACT_KINDS,
) -> tuple[Project, list[Fault]]:
    """Load a project as `load_project` does, and give back its faults instead of raising them.

    Raises:
        ProjectError: gis.toml itself cannot be used.
        GisError: a change to the project was begun and not finished.
        UnknownIdError: a city is asked for that the project does not have.
    """
    faults: list[Fault] = []
    check_finished(root)
    config = _read_config(root)
    known = _cities(config, faults)
    for id_ in cities or ():
        _check_city(id_, known)
    chosen = {id_: city for id_, city in known.items() if cities is None or id_ in cities}
    segments = _segments(config, faults)
    facts = read_facts(root, faults, None if cities is None else list(chosen), fact_kinds)
    layers = {(city, kind): read_layer(root, city, kind, faults) for city in chosen for kind in kinds if kind != GROUND}
    grounds = {city: read_layer(root, city, GROUND, faults) for city in chosen if GROUND in kinds}
    rules = _Rules(known, chosen, segments, facts, layers, grounds, kinds, fact_kinds, whole=cities is None)
    faults += rules.broken()
    project = Project(
        root=root,
        name=str(config.get("name", root.name)),
        name_en=str(config.get("name_en", config.get("name", root.name))),
        as_of=config["as_of"],
        cities=chosen,
        segments=segments,
        keywords=_keywords(root, segments, faults),
        facts=facts,
        layers=layers,
        grounds=grounds,
    )
    return project, faults


def _check_city(id_: str, known: Mapping[str, City]) -> None:
    if id_ not in known:
        raise UnknownIdError("city", id_, known, {city.id: [city.name, city.name_en] for city in known.values()})


def _read_config(root: Path) -> dict[str, Any]:
    path = root / CONFIG_NAME
    if not path.is_file():
        raise ProjectError([Fault(str(path), "is not there; a project is a folder with gis.toml, seeds/ and layers/")])
    try:
        config = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError([Fault(CONFIG_NAME, f"is not readable as TOML: {error}")]) from error
    except OSError as error:
        raise ProjectError([Fault(str(path), f"cannot be read: {error.strerror or error}")]) from error
    as_of = config.get("as_of")
    if not isinstance(as_of, date) or isinstance(as_of, datetime):
        raise ProjectError(
            [Fault(CONFIG_NAME, f"as_of is {as_of!r}; write the date that counts as now: as_of = 2026-01-31")]
        )
    return config


def _cities(config: Mapping[str, Any], faults: list[Fault]) -> dict[str, City]:
    found: dict[str, City] = {}
    for table in _tables(config, "city", ("id", "name"), faults):
        if not _CITY_ID.fullmatch(table["id"]) or not is_file_name(table["id"]):
            what = (
                "it names folders and files, so it may hold only letters, digits, - and _, and is no device of Windows"
            )
            faults.append(Fault(CONFIG_NAME, f"the city id is {table['id']!r}; {what}"))
            continue
        if table["id"].casefold() in {id_.casefold() for id_ in found}:
            faults.append(Fault(CONFIG_NAME, f"the city {table['id']!r} is there twice, or differs in case only"))
        adcode = str(table.get("adcode", ""))
        if adcode and not _ADCODE.fullmatch(adcode):
            faults.append(Fault(CONFIG_NAME, f"the adcode of {table['id']} is {adcode!r}; {_NO_ADCODE}"))
        faults += [Fault(CONFIG_NAME, what) for what in _wrong_lists(table)]
        found[table["id"]] = City(
            table["id"],
            table["name"],
            str(table.get("name_en", table["name"])),
            adcode,
            str(table.get("subject", "")),
            table,
        )
        faults += _faults_of_districts(table)
    if not found:
        faults.append(Fault(CONFIG_NAME, "names no [[city]]"))
    return found


def _faults_of_districts(city: Mapping[str, Any]) -> Iterator[Fault]:
    """What of a city's districts would lead elsewhere as the name of a file."""
    tables = city.get("district", [])
    for table in tables if isinstance(tables, list) else []:
        id_, code = (table.get("id"), table.get("adcode")) if isinstance(table, dict) else (None, None)
        if isinstance(id_, str) and not is_file_name(id_):
            yield Fault(CONFIG_NAME, f"the district id is {id_!r}; {NOT_AN_ID}")
        for given in code if isinstance(code, list) else [] if code is None else [code]:
            if not isinstance(given, str) or not _ADCODE.fullmatch(given):
                yield Fault(CONFIG_NAME, f"the district's adcode is {given!r}; {_NO_ADCODE}")


def _wrong_lists(city: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the `[[city.list]]` tables, which say of a layer whether it lists all there is."""
    tables = city.get("list", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        yield f"list of the city {city['id']!r} is not a list of tables; each one begins with [[city.list]]"
        return
    for table in tables:
        if table.get("kind") not in LAYER_KINDS:
            yield f"a list of {city['id']!r} has the kind {table.get('kind')!r}; allowed: {', '.join(LAYER_KINDS)}"
        if not isinstance(table.get("complete"), bool):
            yield f"a list of {city['id']!r} must say complete = true or false"
        if not isinstance(table.get("source"), str) or not table["source"]:
            yield f"a list of {city['id']!r} says no source: who says that it is complete?"


def _segments(config: Mapping[str, Any], faults: list[Fault]) -> dict[str, Segment]:
    found = {
        table["id"]: Segment(table["id"], table["label"], str(table.get("label_en", table["id"])))
        for table in _tables(config, "segment", ("id", "label"), faults)
    }
    faults += [Fault(CONFIG_NAME, f"the segment id is {id_!r}; {NOT_AN_ID}") for id_ in found if not is_file_name(id_)]
    found.setdefault(UNKNOWN_SEGMENT, Segment(UNKNOWN_SEGMENT, "未知", "Unknown"))
    return found


def _tables(
    config: Mapping[str, Any], name: str, needed: Sequence[str], faults: list[Fault]
) -> Iterator[Mapping[str, Any]]:
    """Each `[[name]]` of gis.toml that has the texts it needs; the others are faults."""
    tables = config.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        faults.append(Fault(CONFIG_NAME, f"{name} is not a list of tables; each one begins with [[{name}]]"))
        return
    for number, table in enumerate(tables, 1):
        missing = [key for key in needed if not isinstance(table.get(key), str) or not table[key]]
        if missing:
            faults.append(Fault(CONFIG_NAME, f"{name} {number} lacks {', '.join(missing)} (text)"))
        else:
            yield table


def _keywords(root: Path, segments: Mapping[str, Segment], faults: list[Fault]) -> dict[str, str]:
    path = root / "segments.csv"
    if not path.is_file():
        return {}
    header, rows = read_table_rows(path, path.name, faults)
    if rows and header[:2] != ["keyword", "segment"]:
        faults.append(Fault(path.name, f"the header is {header}; it must begin with keyword,segment", 1))
        return {}
    for number, cells in rows:
        if cells["segment"] not in segments:
            faults.append(Fault(path.name, f"segment {cells['segment']!r} is not one of gis.toml's", number))
    return {cells["keyword"]: cells["segment"] for _, cells in rows}


def _places(layers: Mapping[tuple[str, str], Layer], facts: Facts, city: str) -> Layer:
    zones, districts = layers.get((city, "zones")), layers.get((city, "districts"))
    named = {membership.id for membership in facts.memberships}
    features = [] if zones is None else list(zones)
    if districts is not None:
        features += [(record, geometry) for record, geometry in districts if record["id"] in named]
    return layer_of(city, "zones", features)


@dataclass
class _Rules:
    """The rules that facts and layers keep between them; each yields the faults it finds."""

    known: Mapping[str, City]
    cities: Mapping[str, City]
    segments: Mapping[str, Segment]
    facts: Facts
    layers: Mapping[tuple[str, str], Layer]
    grounds: Mapping[str, Layer]
    kinds: Sequence[str]
    fact_kinds: Sequence[str]
    whole: bool

    def broken(self) -> Iterator[Fault]:
        yield from self._ids_are_unique()
        yield from self._plans_have_cities()
        yield from self._systems_and_members()
        if {"zones", "districts"} <= set(self.kinds):
            yield from self._zones_lie_in_their_districts()
        if set(LAYER_KINDS) <= set(self.kinds) and set(FACT_KINDS) <= set(self.fact_kinds) and self.whole:
            places = self._ids("zones", "districts")
            yield from self._memberships_resolve(places)
            yield from self._mentions_resolve(places)
            yield from self._other_facts_resolve(places)
        yield from self._segments_are_known()

    def _ids(self, *kinds: str) -> dict[str, Record]:
        return {
            record["id"]: record
            for (_, kind), layer in self.layers.items()
            if kind in kinds
            for record in layer.records
        }

    def _ids_are_unique(self) -> Iterator[Fault]:
        seen: dict[str, str] = dict.fromkeys(self.facts.elsewhere, "seeds/elsewhere.csv")
        grounds = {(city, GROUND): layer for city, layer in self.grounds.items()}
        for (city, kind), layer in {**self.layers, **grounds}.items():
            where = f"layers/{city}/{kind}.geojson"
            for id_ in layer.ids:
                if seen.setdefault(id_, where) != where:
                    yield Fault(where, f"the id is also in {seen[id_]}; an id stands for one thing in the project", id_)

    def _plans_have_cities(self) -> Iterator[Fault]:
        for plan in self.facts.plans.values():
            if plan.city not in self.known:
                yield Fault(f"seeds/{plan.id}/plan.toml", f"city {plan.city!r} is not one of gis.toml's")

    def _systems_and_members(self) -> Iterator[Fault]:
        systems: dict[tuple[str, str], ZoneSystem] = {}
        for system in self.facts.systems:
            first = systems.setdefault((system.plan, system.id), system)
            if first is not system:
                yield _at(system, f"the system {system.id!r} is also in row {first.row}")
            for name in ("valid_from", "valid_to"):
                day = getattr(system, name)
                if day and not is_iso_day(day):
                    yield _at(system, f"{name} is {day!r}; it must be a date like 2021-04-09")
        counts = dict.fromkeys(systems, 0)
        for member in self.facts.memberships:
            if not member.system:
                continue
            if (member.plan, member.system) not in systems:
                yield _at(member, f"system {member.system!r} is not in the plan's systems.csv")
            else:
                counts[member.plan, member.system] += 1
        for key, system in systems.items():
            if system.members == "listed" and not counts[key]:
                yield _at(system, "its members are said to be listed, but zones.csv has none")
            if system.members == "named-only" and counts[key]:
                yield _at(system, f"it is said to be named only, but zones.csv lists {counts[key]} members")

    def _zones_lie_in_their_districts(self) -> Iterator[Fault]:
        districts = {
            record["id"]: geometry
            for (_, kind), layer in self.layers.items()
            if kind == "districts"
            for record, geometry in layer
        }
        shapely.prepare(list(districts.values()))
        for (city, kind), layer in self.layers.items():
            for record, geometry in layer if kind == "zones" else ():
                within = record.get("within")
                where = f"layers/{city}/zones.geojson"
                if within and within not in districts:
                    if self.whole:
                        yield Fault(where, f"within is {within!r}, which no districts layer has", record["id"])
                    continue
                district = districts.get(within)
                if _is_sound(geometry) and _is_sound(district) and not district.covers(geometry):
                    outside = geometry.difference(district)
                    if outside.area > _OUTSIDE_SHARE * geometry.area or (not geometry.area and not outside.is_empty):
                        share = outside.area / geometry.area if geometry.area else 1.0
                        yield Fault(where, f"{share:.1%} of it lies outside {within}", record["id"])

    def _memberships_resolve(self, places: Mapping[str, Record]) -> Iterator[Fault]:
        for membership in self.facts.memberships:
            if membership.id not in places:
                yield _at(membership, f"the place {membership.id!r} is in no zones or districts layer")
            if membership.parent and membership.parent not in places:
                yield _at(membership, f"parent {membership.parent!r} is in no zones or districts layer")

    def _mentions_resolve(self, places: Mapping[str, Record]) -> Iterator[Fault]:
        organisations = self._ids("enterprises")
        located = {mention.id for mention in self.facts.mentions if mention.standing == "located"}
        for mention in self.facts.mentions:
            if mention.place and mention.place not in places:
                yield _at(mention, f"place {mention.place!r} is in no zones or districts layer")
            if mention.id not in organisations and mention.id not in self.facts.elsewhere:
                yield _at(mention, f"{mention.id!r} is in no enterprises layer and not in seeds/elsewhere.csv")
            elif mention.standing == "located" and mention.id not in organisations:
                yield _at(mention, f"{mention.id!r} is located here, so it belongs into an enterprises layer")
        for id_, entry in self.facts.elsewhere.items():
            if id_ in located:
                yield Fault("seeds/elsewhere.csv", f"{id_!r} has a mention that locates it", entry.row)

    def _other_facts_resolve(self, places: Mapping[str, Record]) -> Iterator[Fault]:
        for kind in ("roads", "facilities"):
            known = self._ids(kind)
            for fact in self.facts.rows[kind]:
                if fact.id not in known:
                    yield _at(fact, f"{fact.id!r} is in no {kind} layer")
        scopes = {*places, *self.known, ""}
        own = {(i.plan, i.id) for i in self.facts.indicators}
        for indicator in self.facts.indicators:
            if indicator.scope not in scopes:
                yield _at(indicator, f"scope {indicator.scope!r} is neither a city nor a place")
            if indicator.baseline and (indicator.plan, indicator.baseline) not in own:
                yield _at(indicator, f"baseline {indicator.baseline!r} is not an indicator of the plan")
        for (city, kind), layer in self.layers.items():
            for record in layer.records:
                where = f"layers/{city}/{kind}.geojson"
                within = record.get("within")
                if within and kind in {"enterprises", "facilities"} and within not in places:
                    yield Fault(where, f"within is {within!r}, which is no place", record["id"])
                for source in record.get("derived_from") or ():
                    if source not in places:
                        yield Fault(where, f"derived_from holds {source!r}, which is no place", record["id"])

    def _segments_are_known(self) -> Iterator[Fault]:
        named = [(entry.segment, "seeds/elsewhere.csv", entry.row) for entry in self.facts.elsewhere.values()]
        named += [(mention.segment, mention.table, mention.row) for mention in self.facts.mentions]
        # A row of a link's further supplies names no segment of its own.
        named += [(link.segment, link.table, link.row) for link in self.facts.chain if link.segment]
        words = self.facts.functions.values()
        named += [(segment, "seeds/functions.csv", word.row) for word in words for segment in word.segments]
        for segment, where, row in named:
            if segment not in self.segments:
                yield Fault(where, self._unknown_segment(segment), row)
        for (city, kind), layer in self.layers.items():
            for record in layer.records if kind == "enterprises" else ():
                given = record.get("segment")
                if given and given not in self.segments:  # That it is missing is a fault of the layer.
                    yield Fault(f"layers/{city}/enterprises.geojson", self._unknown_segment(given), record["id"])

    def _unknown_segment(self, given: str) -> str:
        return f"segment {given!r} is not one of gis.toml's: {', '.join(self.segments)}"


def _is_sound(geometry: BaseGeometry | None) -> TypeGuard[BaseGeometry]:
    """Whether there is a geometry that can be computed with; the layer's own check names what is wrong with others."""
    return geometry is not None and not geometry.is_empty and bool(geometry.is_valid)


def _at(fact: Fact, what: str) -> Fault:
    return Fault(fact.table, what, fact.row)
