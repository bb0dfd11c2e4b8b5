"""State the columns, geometry types and allowed values of every kind of layer and fact, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

LAYER_KINDS: Final = ("districts", "zones", "enterprises", "roads", "facilities")
# The ground is drawn and never counted: it is none of the kinds above, which statistics, queries and audits go through.
GROUND: Final = "ground"
FILE_KINDS: Final = (*LAYER_KINDS, GROUND)
FACT_KINDS: Final = ("systems", "zones", "enterprises", "roads", "facilities", "indicators", "relations", "chain")

UNKNOWN_SEGMENT: Final = "unknown"

# How a geometry came to be, from the firmest to the weakest.
BASES: Final = ("statutory", "administrative", "digitised", "schematic", "proxy")
SKETCHED_BASES: Final = frozenset({"schematic", "proxy"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a layer: its name, type, whether it must be there, the values it may take, and what it means."""

    name: str
    type: type
    about: str
    required: bool = False
    allowed: frozenset[str] | None = None


def _one_of(*values: str) -> frozenset[str]:
    return frozenset(values)


_STANDING: Final = _one_of("existing", "planned", "reserved", "renewal")
ROAD_TYPES: Final = _one_of(
    "test_road",
    "corridor",
    "axis",
    "closed_test",
    "semi_open_test",
    "open_test",
    "smart_road",
    "demonstration",
    "fleet",
    "v2x",
    "bus_line",
    "recognition",
    "licence",
    "road",
)

ROUTES_WITHOUT_COURSE: Final = _one_of("corridor", "axis")

COMMON_COLUMNS: Final = (
    Column("id", str, "the one id of this thing in the whole project", required=True),
    Column("name", str, "the official or usual name", required=True),
    Column("name_en", str, "the name in English"),
    Column("aliases", list, "other names that documents or people use"),
    Column("geometry_basis", str, "how the geometry came to be", allowed=frozenset(BASES)),
    Column("accuracy_m", float, "radius in metres that holds the true position or outline with 95 % probability"),
    Column("geometry_source", str, "where the coordinates come from, in words a reader can follow"),
    Column("valid_from", str, "ISO date from which this place or outline holds"),
    Column("valid_to", str, "ISO date at which it was superseded; empty while it holds"),
    Column("unplaced_reason", str, "why there is no geometry"),
    Column("note", str, "a remark of ours"),
)

_DERIVED: Final = Column("derived_from", list, "ids of the places whose outlines together are its outline")

# Of a firm or facility of which neither point nor line is known.
_WITHIN: Final = (
    Column("within", str, "id of the zone or district that it is known to lie in, where no point or line is known"),
    Column("within_source", str, "who says that it lies there, in words"),
    Column(
        "within_basis",
        str,
        "whether a document, another public source or general knowledge says so",
        allowed=_one_of("document", "source", "general"),
    ),
)

_OWN_COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "districts": (
        Column("adcode", str, "the national code of the administrative division"),
        Column(
            "level",
            str,
            "the rank of the division",
            required=True,
            allowed=_one_of("district", "county", "town", "historic"),
        ),
        Column(
            "role",
            str,
            "whether plans speak of it or it only gives orientation",
            required=True,
            allowed=_one_of("subject", "context"),
        ),
        _DERIVED,
    ),
    "zones": (
        Column(
            "category",
            str,
            "what sort of place it is",
            required=True,
            allowed=_one_of("park", "base", "town", "new_town", "function_area", "site", "axis", "other"),
        ),
        Column("within", str, "id of the district that it lies in"),
        _DERIVED,
    ),
    "enterprises": (
        Column("segment", str, "link of the industry chain", required=True),
        Column("kind", str, "enterprise or institution", allowed=_one_of("enterprise", "institution")),
        Column("address", str, "operating address"),
        Column("registered_address", str, "registered address"),
        Column("uscc", str, "unified social credit code"),
        Column("org", str, "id shared by several sites of one organisation"),
        *_WITHIN,
    ),
    "roads": (
        Column("type", str, "what the road or test is", required=True, allowed=ROAD_TYPES),
        Column("status", str, "existing or planned", allowed=_STANDING),
        Column("year", int, "year of opening or of the plan"),
        Column("is_test_road", bool, "counts as kilometres of test road", required=True),
    ),
    "facilities": (
        Column("type", str, "what the facility is", required=True),
        Column("status", str, "existing or planned", allowed=_STANDING),
        Column("year", int, "year of opening or of the plan"),
        Column("count", float, "how many units it stands for, such as the chargers of a station; one where empty"),
        Column("address", str, "address"),
        *_WITHIN,
    ),
}

_AREAS: Final = _one_of("Polygon", "MultiPolygon")
_LINES: Final = _one_of("LineString", "MultiLineString")
# What the ground may show, from the lowest that is drawn to the uppermost, and the geometry that each class has.
GROUND_CLASSES: Final[Mapping[str, frozenset[str]]] = {
    "built_up": _AREAS,
    "green": _AREAS,
    "water": _AREAS,
    "coast": _LINES,
    "river": _LINES | _AREAS,
    "airfield": _AREAS,
    "main_road": _LINES,
    "motorway": _LINES,
    "railway": _LINES,
    "metro": _LINES,
    "station": _one_of("Point"),
    "town": _one_of("Point"),
}
_GROUND_COLUMNS: Final = (
    Column("class", str, "what is drawn", required=True, allowed=frozenset(GROUND_CLASSES)),
    Column("rank", int, "how early it is drawn and named within its class: 1 first"),
)

LAYER_COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    **{kind: COMMON_COLUMNS + own for kind, own in _OWN_COLUMNS.items()},
    # A stretch of road or water may be drawn without a name.
    GROUND: tuple(replace(c, required=c.name == "id") for c in COMMON_COLUMNS) + _GROUND_COLUMNS,
}

GEOMETRY_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "districts": _one_of("Polygon", "MultiPolygon"),
    "zones": _one_of("Polygon", "MultiPolygon", "Point"),
    "enterprises": _one_of("Point", "LineString", "MultiLineString"),
    "roads": _one_of("LineString", "MultiLineString"),
    "facilities": _one_of("Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"),
    GROUND: frozenset().union(*GROUND_CLASSES.values()),
}

# Values that a column of a facts table may take; columns that are not named here are free text or numbers.
FACT_VALUES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("systems", "members"): _one_of("listed", "named-only"),
    ("zones", "status"): _STANDING | {""},
    ("enterprises", "standing"): _one_of("located", "target", "benchmark"),
    ("enterprises", "kind"): _one_of("enterprise", "institution"),
    ("roads", "type"): ROAD_TYPES,
    ("roads", "status"): _STANDING | {""},
    ("facilities", "status"): _STANDING | {""},
    ("chain", "stage"): _one_of("上游", "中游", "下游", "后市场", "支撑", ""),
    ("chain", "basis"): _one_of("documented", "assumed"),
    ("indicators", "kind"): _one_of("baseline", "target", "fact"),
    ("indicators", "comparator"): _one_of("=", ">=", ">", "<=", "<", "~", "range"),
    ("indicators", "change"): _one_of("level", "increment", "rate", "share"),
    ("indicators", "layer"): _one_of("roads", "zones", "enterprises", "facilities", "none", ""),
}

# How far a word for a place's function reaches: to links that it names, over the whole chain, or to no link at all.
FUNCTION_REACH: Final = _one_of("link", "chain", "none")
