"""Read `layers/`: where things are, as checked layers of features in WGS 84."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.base.errors import Fault, InputError
from gis.base.text import NOT_AN_ID, is_file_name
from gis.io.geojson import read_features
from gis.model.position import too_wide
from gis.model.schema import GEOMETRY_TYPES, GROUND, GROUND_CLASSES, LAYER_COLUMNS, SKETCHED_BASES, Column

if TYPE_CHECKING:
    import geopandas as gpd

Record = Mapping[str, Any]
Geometries = NDArray[np.object_]


@dataclass(frozen=True, eq=False, repr=False)
class Layer:
    """The features of one kind in one city.

    `records` holds the columns of `gis.model.schema.LAYER_COLUMNS`; `geometry` has one shapely geometry (or None) for
    each record, shape (n,), WGS 84, longitude before latitude.
    """

    city: str
    kind: str
    records: tuple[Record, ...]
    geometry: Geometries

    def __repr__(self) -> str:
        return f"<Layer {self.city}/{self.kind}: {len(self)} features>"

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[tuple[Record, BaseGeometry | None]]:
        return iter(zip(self.records, self.geometry, strict=True))

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The position of each id."""
        return {record["id"]: position for position, record in enumerate(self.records)}

    @property
    def ids(self) -> list[str]:
        """The ids, in order."""
        return [record["id"] for record in self.records]

    def __contains__(self, id_: object) -> bool:
        return id_ in self.positions

    def record(self, id_: str) -> Record:
        """The columns of one feature; KeyError where the layer has no such id."""
        return self.records[self.positions[id_]]

    def geometry_of(self, id_: str) -> BaseGeometry | None:
        """The geometry of one feature; KeyError where the layer has no such id."""
        found: BaseGeometry | None = self.geometry[self.positions[id_]]
        return found

    def column(self, name: str) -> list[Any]:
        """The values of one column, in order; None where a record lacks it."""
        return [record.get(name) for record in self.records]

    def where(self, keep: Iterable[bool] | NDArray[np.bool_]) -> Layer:
        """The layer with only the features that `keep` marks."""
        mask = np.fromiter(keep, bool, len(self))
        return replace(
            self,
            records=tuple(record for record, kept in zip(self.records, mask, strict=True) if kept),
            geometry=self.geometry[mask],
        )

    def placed(self) -> Layer:
        """The layer with only the features that have a geometry."""
        return self.where(geometry is not None for geometry in self.geometry)

    def holding_on(self, day: date | None) -> Layer:
        """The layer with only the features that hold on a day; all of them, where no day is given."""
        if day is None:
            return self
        text = day.isoformat()
        return self.where(
            (record.get("valid_from") or "") <= text < (record.get("valid_to") or "9999") for record in self.records
        )

    def frame(self) -> gpd.GeoDataFrame:
        """The layer as a GeoDataFrame in EPSG:4326, one row a feature."""
        import geopandas as gpd

        return gpd.GeoDataFrame(
            [dict(record) for record in self.records], geometry=list(self.geometry), crs="EPSG:4326"
        )


def is_sketched(record: Record) -> bool:
    """Whether a feature's outline or position is a sketch: schematic or proxy."""
    return record.get("geometry_basis") in SKETCHED_BASES


def layer_of(city: str, kind: str, features: Iterable[tuple[Record, BaseGeometry | None]]) -> Layer:
    """Put features together to a layer, sorted by id."""
    ordered = sorted(features, key=lambda feature: str(feature[0]["id"]))
    geometry = np.empty(len(ordered), dtype=object)
    geometry[:] = [found for _, found in ordered]
    return Layer(city, kind, tuple(dict(record) for record, _ in ordered), geometry)


def read_layer(root: Path, city: str, kind: str, faults: list[Fault]) -> Layer:
    """Read one layer of a project and hold it against the schema; every fault is added to `faults`.

    A layer whose file is not there is an empty one.
    """
    where = f"layers/{city}/{kind}.geojson"
    path = root / where
    if not path.exists():
        return layer_of(city, kind, [])
    if not path.is_file():
        faults.append(Fault(where, "is no regular file"))
        return layer_of(city, kind, [])
    try:
        features = read_features(path, where)
    except InputError as error:
        faults += error.faults
        return layer_of(city, kind, [])
    faults += check_features(features, kind, where)
    # What is of a wrong type is a fault by now; without it the rules between layers can still look for more faults.
    sound = [(_without_wrong_types(record, LAYER_COLUMNS[kind]), geometry) for record, geometry in features]
    return layer_of(city, kind, [feature for feature in sound if feature[0].get("id")])


def check_features(features: Sequence[tuple[Record, BaseGeometry | None]], kind: str, where: str) -> list[Fault]:
    """Hold features against the schema of their kind: columns, values, geometry, and what must go together."""
    faults: list[Fault] = []
    seen: set[str] = set()
    for number, (record, geometry) in enumerate(features, 1):
        row = record.get("id") or number
        says = [*_check_columns(record, LAYER_COLUMNS[kind]), *_check_geometry(record, geometry, kind)]
        if isinstance(record.get("id"), str) and record["id"] and not is_file_name(record["id"]):
            says.append(f"id is {record['id']!r}; {NOT_AN_ID}")
        if record.get("id") in seen:
            says.append("the id is there twice")
        seen.add(str(record.get("id")))
        faults += [Fault(where, what, row) for what in says]
    return faults


def _check_columns(record: Record, columns: Sequence[Column]) -> Iterator[str]:
    for name, value in record.items():
        if not _is_text(value):
            yield f"{name} holds half of a surrogate pair, which is no text: {value!r}"
    for column in columns:
        value = record.get(column.name)
        if value is None or value == "":
            if column.required:
                yield f"{column.name} is missing ({column.about})"
        elif not _has_type(value, column):
            yield f"{column.name} is {value!r}; it must be {_TYPE_NAMES[column.type]}"
        elif column.type is float and not np.isfinite(value):
            yield f"{column.name} is {value!r}, which is not a finite number"
        elif column.allowed is not None and value not in column.allowed:
            yield f"{column.name} is {value!r}; allowed: {', '.join(sorted(column.allowed))}"
        elif column.name in {"valid_from", "valid_to"} and not is_iso_day(value):
            yield f"{column.name} is {value!r}; it must be a date like 2021-04-09"
    valid_from, valid_to = record.get("valid_from"), record.get("valid_to")
    if isinstance(valid_from, str) and isinstance(valid_to, str) and "" < valid_to <= valid_from:
        yield f"valid_to is {valid_to}, which is not after valid_from, {valid_from}"


_TYPE_NAMES = {str: "text", float: "a number", int: "a whole number", bool: "true or false", list: "a list of texts"}


def _has_type(value: object, column: Column) -> bool:
    if isinstance(value, list):
        return column.type is list and all(isinstance(item, str) for item in value)
    if isinstance(value, bool) or column.type is not float:
        return isinstance(value, column.type) and (column.type is bool or not isinstance(value, bool))
    return isinstance(value, int | float)


def _is_text(value: object) -> bool:
    """Whether a text, or each one of a list, can be written as UTF-8; what is no text is."""
    try:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                item.encode()
    except UnicodeEncodeError:
        return False
    return True


def _without_wrong_types(record: Record, columns: Sequence[Column]) -> Record:
    wrong = [c.name for c in columns if record.get(c.name) is not None and not _has_type(record[c.name], c)]
    return {**record, **dict.fromkeys(wrong)} if wrong else record


def is_iso_day(text: str) -> bool:
    """Whether a text is a day like 2021-04-09; days are compared as texts, so no other form will do."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_absence(record: Record, kind: str, known_by_place: bool) -> Iterator[str]:
    """What a feature without geometry must say: within which place it lies, or why nothing is known."""
    if kind == GROUND:
        yield "there is no geometry, and the ground is there only to be drawn"
    elif known_by_place and record.get("within"):
        for name in ("within_source", "within_basis"):
            if record.get(name) in (None, ""):
                yield f"it is known by the place that it lies within, but there is no {name}"
    elif not record.get("unplaced_reason"):
        yield "there is no geometry and no unplaced_reason that says why"


def _check_geometry(record: Record, geometry: BaseGeometry | None, kind: str) -> Iterator[str]:
    known_by_place = kind in {"enterprises", "facilities"}
    if geometry is None:
        yield from _check_absence(record, kind, known_by_place)
        return
    if known_by_place and record.get("within"):
        yield "there is a geometry and within too; a position is known at a point, along a line or within a place"
    for name in ("geometry_basis", "accuracy_m", "geometry_source"):
        if record.get(name) in (None, ""):
            yield f"there is a geometry but no {name}"
    accuracy = record.get("accuracy_m")
    if isinstance(accuracy, int | float) and not isinstance(accuracy, bool) and accuracy <= 0:
        yield f"accuracy_m is {accuracy}; it must be above 0"
    elif isinstance(accuracy, int | float) and known_by_place and (wide := too_wide(geometry, float(accuracy))):
        yield wide
    allowed = GEOMETRY_TYPES[kind]
    if kind == GROUND:
        allowed = GROUND_CLASSES.get(str(record.get("class")), allowed)
    if geometry.geom_type not in allowed:
        yield f"the geometry is a {geometry.geom_type}; allowed: {', '.join(sorted(allowed))}"
    elif geometry.is_empty:
        yield "the geometry is empty"
    elif not np.isfinite(shapely.get_coordinates(geometry)).all():
        yield "a coordinate is not a finite number"
    else:
        west, south, east, north = geometry.bounds
        if west < -180 or east > 180 or south < -90 or north > 90:
            yield f"the coordinates reach from {west}, {south} to {east}, {north}; they must be degrees of WGS 84"
        elif not geometry.is_valid:
            yield f"the geometry is not valid: {shapely.is_valid_reason(geometry)}"
