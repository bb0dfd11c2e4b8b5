"""Offer small projects and files to the tests of the intake."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.geojson import dump_features, read_features
from gis.intake.importing import Plan, Request, apply, plan_import
from gis.intake.starting import start_project
from gis.output.geodata import write_features

ROOT = Path(__file__).parents[1]
WHEN = "2026-11-21T08:00:00+08:00"
CITY = "anting"
AS_OF = date(2026, 11, 21)
# Two parks within the district, of about 1.9 × 1.7 km and 2.4 × 2.2 km.
PARKS = {
    "汽车创新港": shapely.box(121.165, 31.290, 121.185, 31.305),
    "新能源汽车港": shapely.box(121.20, 31.30, 121.225, 31.32),
}


@cache
def _district() -> bytes:
    found = {f.properties["id"]: f for f in read_features(ROOT / "layers" / "jiading" / "districts.geojson")}
    feature = found["jiading-district"]
    return dump_features([({**feature.properties, "id": "anting-district"}, feature.geometry)])


def new_project(folder: Path) -> Path:
    """Make a project with one city and its district in a new folder."""
    start_project(folder, city=CITY, name="安亭", adcode=None, as_of=AS_OF)
    (folder / "layers" / CITY / "districts.geojson").write_bytes(_district())
    return folder


def import_parks(root: Path) -> None:
    """Import the two parks as exact outlines."""
    path = root.parent / "parks.geojson"
    path.write_bytes(dump_features([({"name": name}, outline) for name, outline in PARKS.items()]))
    run(root, path, kind="zones", datum="wgs84", constants={"geometry_basis": "statutory", "accuracy_m": "20"})


def run(root: Path, file: Path, **wishes: Any) -> Plan:
    """Plan an import and carry it out."""
    plan = plan_import(root, Request(**{"kind": "enterprises", "city": CITY, **wishes, "file": file}))
    apply(root, plan, WHEN)
    return plan


def plan(root: Path, file: Path, **wishes: Any) -> Plan:
    """Plan an import only."""
    return plan_import(root, Request(**{"kind": "enterprises", "city": CITY, **wishes, "file": file}))


def records(root: Path, kind: str = "enterprises") -> dict[str, Any]:
    """The features of a layer by name: properties and geometry."""
    path = root / "layers" / CITY / f"{kind}.geojson"
    return {feature.properties["name"]: feature for feature in read_features(path)}


def state(root: Path) -> dict[str, str]:
    """Every file of a project with its digest."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def points_in(outline: BaseGeometry, count: int, seed: int) -> NDArray[np.float64]:
    """Random points in an outline, shape (count, 2)."""
    random = np.random.default_rng(seed)
    west, south, east, north = outline.bounds
    found: list[tuple[float, float]] = []
    while len(found) < count:
        x, y = random.uniform(west, east, 4 * count), random.uniform(south, north, 4 * count)
        inside = shapely.contains_xy(outline, x, y)
        found += list(zip(x[inside].tolist(), y[inside].tolist(), strict=True))
    return np.array(found[:count])


def write(folder: Path, layer_: Any, format_: str, datum: str = "wgs84", encoding: str = "utf-8") -> list[Path]:
    """Write a layer in a format; the files to import."""
    export = write_features(layer_, format_, datum, encoding=encoding)
    files = {f"out.{format_}": export.data} if isinstance(export.data, bytes) else export.data
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in sorted(files) if name.endswith(f".{format_}")]
