"""A small sound project of two cities in which every kind of layer and fact occurs, to break in one place."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Feature = dict[str, Any]
Row = dict[str, str]

CONFIG = """name = "两港"
name_en = "Two ports"
as_of = 2024-12-31

[[city]]
id = "port"
name = "港城"
name_en = "Port"
adcode = "310000"

[[city]]
id = "hill"
name = "山城"
name_en = "Hill"

[[segment]]
id = "vehicle"
label = "整车"
label_en = "Vehicles"

[[segment]]
id = "parts"
label = "零部件"
"""
PLAN = 'id = "{id}"\ncity = "{city}"\ntitle = "{city}规划"\nshort = "{city}"\nfile = "{id}.txt"\nbase_year = 2020\n'

_KNOWN = {"geometry_basis": "digitised", "accuracy_m": 50, "geometry_source": "traced for a test"}


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A rectangle in degrees, as GeoJSON."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def point(lon: float, lat: float) -> dict[str, Any]:
    """A point in degrees, as GeoJSON."""
    return {"type": "Point", "coordinates": [lon, lat]}


def feature(id_: str, geometry: dict[str, Any] | None, **properties: Any) -> Feature:
    """A GeoJSON feature that says how its geometry is known, where it has one."""
    known = _KNOWN if geometry is not None else {}
    return {
        "type": "Feature",
        "properties": {"id": id_, "name": f"名{id_}", "aliases": [], **known, **properties},
        "geometry": geometry,
    }


def _layers() -> dict[tuple[str, str], list[Feature]]:
    line = {"type": "LineString", "coordinates": [[121.01, 31.005], [121.03, 31.005]]}
    return {
        ("port", "districts"): [
            feature("port-district", box(121.0, 31.0, 121.1, 31.1), level="district", role="subject", adcode="310001")
        ],
        ("port", "zones"): [
            feature("east-port", box(121.01, 31.0, 121.02, 31.01), category="park", within="port-district"),
            feature("south-park", box(121.05, 31.05, 121.07, 31.06), category="park", within="port-district"),
            feature("paper-park", None, category="park", unplaced_reason="only named"),
        ],
        ("port", "enterprises"): [
            feature("seastar", point(121.015, 31.005), segment="vehicle", kind="enterprise"),
            feature("anchor", None, segment="parts", kind="enterprise", stand_in_for="south-park"),
            feature("ghost", None, segment="parts", kind="enterprise", stand_in_for="paper-park"),
        ],
        ("port", "roads"): [feature("quay-road", line, type="test_road", status="existing", is_test_road=True)],
        ("port", "facilities"): [
            feature("h2-station", point(121.016, 31.006), type="hydrogen_station")
        ],
        ("hill", "districts"): [
            feature("hill-district", box(120.0, 30.0, 120.1, 30.1), level="district", role="subject"),
            feature("old-hill", box(120.0, 30.0, 120.05, 30.1), level="historic", role="subject",
                    valid_from="2019-04-04", valid_to="2021-04-09"),
            feature("new-hill", box(120.0, 30.0, 120.06, 30.1), level="district", role="subject",
                    valid_from="2021-04-09"),
        ],
        ("hill", "zones"): [
            feature("hill-park", box(120.01, 30.01, 120.02, 30.02), category="park", within="hill-district")
        ],
        ("hill", "enterprises"): [
            feature("pine", point(120.015, 30.015), segment="parts", kind="enterprise")
        ],
    }  # fmt: skip


def row(id_: str, line: int, **cells: str) -> Row:
    """A row of a facts table: what every table begins with, and the kind's own cells."""
    return {"id": id_, "name": f"名{id_}", "line": str(line), "section": "一 总则", "label": "", **cells}


def _tables() -> dict[tuple[str, str], list[Row]]:
    system = {"label_en": "", "members": "listed", "horizon": "", "valid_from": "", "valid_to": "", "note": ""}
    member = {"system": "", "role": "园", "functions": "", "area_km2": "", "parent": "", "status": "", "note": ""}
    mention = {"place": "", "segment": "parts", "standing": "located", "kind": "enterprise", "activity": "", "note": ""}
    thing = {"type": "", "place": "", "count": "", "unit": "", "status": "", "year": "", "note": ""}
    road = {**thing, "length_km": "", "length_km_high": ""}
    number = {
        "label_en": "", "scope": "port", "kind": "baseline", "value": "1", "value_high": "", "unit": "家",
        "year": "2020", "year_from": "", "comparator": "=", "change": "level", "baseline": "", "measure": "",
        "layer": "none", "note": "",
    }  # fmt: skip
    relation = {"subject": "", "relation": "", "object": "", "object_name": "", "note": ""}
    return {
        ("port-plan", "systems"): [
            row("two-ports", 3, **system),
            row("one-core", 4, **{**system, "members": "named-only"}),
        ],
        ("port-plan", "zones"): [
            row("east-port", 3, **{**member, "system": "two-ports"}),
            row("south-park", 3, **{**member, "system": "two-ports", "parent": "port-district"}),
        ],
        ("port-plan", "enterprises"): [
            row("seastar", 5, **{**mention, "place": "east-port", "segment": "vehicle"}),
            row("anchor", 5, **{**mention, "place": "south-park"}),
            row("whale", 6, **{**mention, "standing": "benchmark"}),
        ],
        ("port-plan", "roads"): [row("quay-road", 7, **{**road, "type": "test_road"})],
        ("port-plan", "facilities"): [row("h2-station", 8, **{**thing, "type": "hydrogen_station"})],
        ("port-plan", "indicators"): [
            row("firms-2020", 9, **number),
            row("firms-2025", 9, **{**number, "kind": "target", "year": "2025", "baseline": "firms-2020"}),
        ],
        ("port-plan", "relations"): [
            row("sister", 10, **{**relation, "subject": "east-port", "relation": "cooperates", "object": "south-park"})
        ],
        ("hill-plan", "systems"): [
            row("old-layout", 2, **{**system, "valid_to": "2021-04-09"}),
            row("new-layout", 3, **{**system, "valid_from": "2021-04-09"}),
        ],
        ("hill-plan", "zones"): [
            row("old-hill", 2, **{**member, "system": "old-layout"}),
            row("new-hill", 3, **{**member, "system": "new-layout"}),
        ],
        ("hill-plan", "enterprises"): [row("pine", 4, **mention)],
    }


def _whale() -> Row:
    return {
        "id": "whale", "name": "鲸鱼", "aliases": "", "name_en": "Whale", "segment": "vehicle", "kind": "enterprise",
        "seat": "外地", "note": "",
    }  # fmt: skip


@dataclass
class SmallProject:
    """The parts of the project; change one, then `write`."""

    config: str = CONFIG
    keywords: str = "keyword,segment\n汽车,vehicle\n配件,parts\n"
    plans: dict[str, str] = field(default_factory=lambda: {"port-plan": "port", "hill-plan": "hill"})
    layers: dict[tuple[str, str], list[Feature]] = field(default_factory=_layers)
    tables: dict[tuple[str, str], list[Row]] = field(default_factory=_tables)
    elsewhere: list[Row] = field(default_factory=lambda: [_whale()])

    def feature(self, city: str, kind: str, id_: str) -> Feature:
        """One feature, to be changed."""
        return next(found for found in self.layers[city, kind] if found["properties"]["id"] == id_)

    def write(self, root: Path) -> Path:
        """Write the project to a folder, which is made."""
        root.mkdir(parents=True, exist_ok=True)
        (root / "gis.toml").write_text(self.config, "utf-8")
        (root / "segments.csv").write_text(self.keywords, "utf-8")
        for (city, kind), features in self.layers.items():
            folder = root / "layers" / city
            folder.mkdir(parents=True, exist_ok=True)
            # ASCII, so that a test can hold half a surrogate pair in a name.
            text = json.dumps({"type": "FeatureCollection", "features": features})
            (folder / f"{kind}.geojson").write_text(text, "utf-8")
        for id_, city in self.plans.items():
            folder = root / "seeds" / id_
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "plan.toml").write_text(PLAN.format(id=id_, city=city), "utf-8")
        for (plan, kind), rows in self.tables.items():
            (root / "seeds" / plan / f"{kind}.csv").write_bytes(_csv(rows))
        (root / "seeds" / "elsewhere.csv").write_bytes(_csv(self.elsewhere))
        return root


def _csv(rows: list[Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
