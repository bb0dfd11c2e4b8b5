"""Small projects to count in: metres on a plane whose origin is 121 E, 31 N, written out as a project folder."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gis import geodesy
from gis.project import Project, load_project

CITY = "town"
ORIGIN = (121.0, 31.0)
# A position this well known is where it is said to be.
SHARP_M = 0.001
_SHARED = ("id", "name", "line", "section", "label")
_COLUMNS = {
    "systems": ("label_en", "members", "horizon", "valid_from", "valid_to", "note"),
    "zones": ("system", "role", "functions", "area_km2", "parent", "status", "note"),
    "enterprises": ("place", "segment", "standing", "kind", "activity", "note"),
    "indicators": (
        "label_en", "scope", "kind", "value", "value_high", "unit", "year", "year_from", "comparator", "change",
        "baseline", "measure", "layer", "note",
    ),
}  # fmt: skip
_CONFIG = """name = "试验"
name_en = "Trial"
as_of = {as_of}

[[city]]
id = "town"
name = "试验镇"
name_en = "Town"

[[segment]]
id = "vehicle"
label = "整车"

[[segment]]
id = "parts"
label = "零部件"

[[segment]]
id = "software"
label = "软件"
"""


def square(west: float, south: float, side: float) -> BaseGeometry:
    """A square, in metres east and north of the origin."""
    return shapely.box(west, south, west + side, south + side)


class Park:
    """A project that is put together step by step, then written and loaded."""

    def __init__(self, folder: Path, as_of: str = "2024-12-31") -> None:
        self.folder = folder
        self.as_of = as_of
        self.features: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.facts: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.plans: dict[str, int] = {}
        self.plan()

    def plan(self, id_: str = "plan-a", base_year: int = 2020) -> Park:
        self.plans[id_] = base_year
        return self

    def _feature(self, layer: str, id_: str, geometry: BaseGeometry | None, **properties: Any) -> Park:
        known = (
            {"geometry_basis": "digitised", "accuracy_m": SHARP_M, "geometry_source": "a test"}
            if geometry is not None
            else {}
        )
        self.features[layer].append(
            {"geometry": geometry, "properties": {"id": id_, "name": f"名{id_}", **known, **properties}}
        )
        return self

    def zone(self, id_: str, outline: BaseGeometry | None, **properties: Any) -> Park:
        reason = {"unplaced_reason": "its outline is not published"} if outline is None else {}
        return self._feature("zones", id_, outline, **{"category": "park", **reason, **properties})

    def district(self, id_: str, outline: BaseGeometry, **properties: Any) -> Park:
        return self._feature("districts", id_, outline, **{"level": "district", "role": "subject", **properties})

    def firm(self, id_: str, at: tuple[float, float] | None = None, **properties: Any) -> Park:
        reason = {"unplaced_reason": "not known"} if at is None and "stand_in_for" not in properties else {}
        point = None if at is None else shapely.Point(at)
        given = {"segment": "parts", "kind": "enterprise", **reason, **properties}
        return self._feature("enterprises", id_, point, **given)

    def road(self, id_: str, *course: tuple[float, float], **properties: Any) -> Park:
        given = {"type": "test_road", "status": "existing", "is_test_road": True, **properties}
        return self._feature("roads", id_, shapely.LineString(course), **given)

    def facility(self, id_: str, type_: str, at: tuple[float, float], **properties: Any) -> Park:
        return self._feature(
            "facilities", id_, shapely.Point(at), **{"type": type_, "status": "existing", **properties}
        )

    def _fact(self, table: str, id_: str, plan: str, **cells: Any) -> Park:
        rows = self.facts[plan, table]
        rows.append({"id": id_, "name": f"名{id_}", "line": len(rows) + 1, "section": "一 总则", **cells})
        return self

    def system(self, id_: str, *places: str, plan: str = "plan-a", functions: str = "", **cells: Any) -> Park:
        self._fact("systems", id_, plan, **{"members": "listed", **cells})
        for place in places:
            self.member(place, id_, plan=plan, functions=functions)
        return self

    def member(self, place: str, system: str = "", *, plan: str = "plan-a", functions: str = "") -> Park:
        return self._fact("zones", place, plan, system=system, role="园", functions=functions)

    def mention(self, firm: str, place: str = "", plan: str = "plan-a") -> Park:
        return self._fact(
            "enterprises", firm, plan, place=place, segment="parts", standing="located", kind="enterprise"
        )

    def indicator(self, id_: str, value: float | None, plan: str = "plan-a", **cells: Any) -> Park:
        given = {"scope": CITY, "kind": "target", "comparator": "=", "change": "level", "unit": "家", **cells}
        return self._fact("indicators", id_, plan, value="" if value is None else value, **given)

    def load(self) -> Project:
        """Write the folder, and load it as any project is loaded."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "gis.toml").write_text(_CONFIG.format(as_of=self.as_of), "utf-8")
        (self.folder / "segments.csv").write_text(
            "keyword,segment\n整车,vehicle\n零部件,parts\n软件,software\n", "utf-8"
        )
        layers = self.folder / "layers" / CITY
        layers.mkdir(parents=True, exist_ok=True)
        for kind, features in self.features.items():
            (layers / f"{kind}.geojson").write_text(_geojson(features), "utf-8")
        for plan, base_year in self.plans.items():
            seeds = self.folder / "seeds" / plan
            seeds.mkdir(parents=True, exist_ok=True)
            (seeds / "plan.toml").write_text(
                f'id = "{plan}"\ncity = "town"\ntitle = "规划{plan}"\nfile = "{plan}.txt"\nbase_year = {base_year}\n',
                "utf-8",
            )
            for kind, columns in _COLUMNS.items():
                with (seeds / f"{kind}.csv").open("w", encoding="utf-8", newline="") as out:
                    table = csv.DictWriter(out, [*_SHARED, *columns], restval="")
                    table.writeheader()
                    table.writerows(self.facts[plan, kind])
        return load_project(self.folder)


def _geojson(features: Sequence[dict[str, Any]]) -> str:
    crs = geodesy.metric_crs_for((*ORIGIN, *ORIGIN))
    members = [
        {
            "type": "Feature",
            "properties": feature["properties"],
            "geometry": None
            if feature["geometry"] is None
            else shapely.geometry.mapping(geodesy.to_wgs84(feature["geometry"], crs)),
        }
        for feature in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": members}, ensure_ascii=False)


def overlapping_zones(folder: Path) -> Park:
    """Two squares of 1 km² that share a quarter each, three firms: in the first alone, in both, in the second alone.

    Zone `west` is 0-1000 m east, zone `east` 750-1750 m; both are 0-1000 m north. System `both` holds them.
    """
    return (
        Park(folder)
        .zone("west", square(0, 0, 1000))
        .zone("east", square(750, 0, 1000))
        .system("both", "west", "east")
        .firm("first", (100, 500), accuracy_m=SHARP_M)
        .firm("middle", (875, 500), accuracy_m=SHARP_M, segment="vehicle")
        .firm("second", (1600, 500), accuracy_m=SHARP_M)
    )


def firms_on_edge(folder: Path, accuracy_m: float = 100.0, firms: int = 4, zone_accuracy_m: float = SHARP_M) -> Park:
    """A square of 10 km side with firms in the middle of its west edge, 1 m apart, each as well known as is said."""
    park = Park(folder).zone("wide", square(0, 0, 10_000), accuracy_m=zone_accuracy_m).system("one", "wide")
    for number in range(firms):
        park.firm(f"edge-{number}", (0, 5000 + number), accuracy_m=accuracy_m)
    return park


def firm_known_by_its_park(folder: Path) -> Park:
    """A firm that is only said to be in `home` (1 km²), of which a quarter lies in `other`; and one of its own."""
    return (
        Park(folder)
        .zone("home", square(0, 0, 1000))
        .zone("other", square(750, 0, 1000))
        .system("one", "home")
        .system("two", "other")
        .firm("said", stand_in_for="home")
        .mention("said", "home")
        .firm("seen", (100, 100), accuracy_m=SHARP_M)
    )


def road_just_outside(folder: Path) -> Park:
    """A square of 1 km² and a test road that runs 100 m west of it, along its whole side and 2 km beyond."""
    return (
        Park(folder)
        .zone("wide", square(0, 0, 1000))
        .system("one", "wide")
        .road("along", (-100, -2000), (-100, 3000))
        .firm("near", (50, 500), accuracy_m=SHARP_M)
        .firm("far", (950, 500), accuracy_m=SHARP_M)
    )
