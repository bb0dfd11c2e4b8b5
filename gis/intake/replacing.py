"""Put an authoritative geometry in place of a sketch; the id, the facts and the history stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import DatumError, Fault, InputError, UsageError, raise_if_any
from gis.base.files import lock_folder
from gis.earth import geodesy
from gis.earth.datum import Reference, parse_datum
from gis.earth.shifting import convert_geometries
from gis.io.geojson import dump_features, read_features
from gis.io.raw import RawTable
from gis.io.reading import read_table
from gis.io.systems import system_of
from gis.model.layers import check_features
from gis.model.project import Project, load_project
from gis.model.schema import LAYER_KINDS, SKETCHED_BASES

_OUTSIDE_SHARE: Final = 0.002


def replace_geometry(
    root: Path,
    id_: str,
    file: Path,
    *,
    source: str,
    accuracy_m: float,
    datum: str | None = None,
    basis: str = "statutory",
    feature: str | None = None,
    allow_outside: bool = False,
    elsewhere: bool = False,
    dry_run: bool = False,
) -> str:
    """Replace the geometry of one feature of a project's layers by one from a file.

    What the old geometry rested on is kept in the feature's `history`. The layer changes in one step or not at all.

    Args:
        root: the project's folder.
        id_: id of the feature.
        file: any vector file that can be imported.
        source: where the new geometry comes from, in words.
        accuracy_m: its accuracy (95 % radius), metres, above 0.
        datum: its datum, where the file does not state one; a GeoJSON without a word states none,
            for many hold GCJ-02.
        basis: statutory, administrative or digitised.
        feature: `COLUMN=VALUE`, which feature of the file is meant.
        allow_outside: take it even if it leaves the district that the feature lies within.
        elsewhere: take it even if it lies off the old outline by more than the old one's accuracy explains.
        dry_run: check and compare, and write nothing.

    Returns:
        how the new geometry compares with the old one and what was done, in words.

    Raises:
        UnknownIdError: no layer has the id.
        UsageError: basis or accuracy make no sense, or the file holds several features and `feature` picks none.
        DatumError: the datum is not stated, or not known.
        InputError: the file cannot be read, or its geometry breaks the rules of its layer, or it lies elsewhere.
    """
    if basis in SKETCHED_BASES or basis not in {"statutory", "administrative", "digitised"}:
        raise UsageError(f"basis is {basis!r}; an authoritative geometry is statutory, administrative or digitised")
    if accuracy_m <= 0:
        raise UsageError(f"accuracy is {accuracy_m} m; it must be above 0")
    geometry, reference = _read(file, feature, datum)
    geometry = convert_geometries(geometry, reference, "wgs84")
    if dry_run:
        return _replaced(root, id_, file, geometry, source, accuracy_m, basis, allow_outside, elsewhere)[0]
    load_project(root)  # A folder that is no project is refused before a lock is made in it.
    with lock_folder(root, "gis layers replace") as lock:
        text, staged = _replaced(root, id_, file, geometry, source, accuracy_m, basis, allow_outside, elsewhere)
        lock.commit(staged)
    return text


def _replaced(
    root: Path,
    id_: str,
    file: Path,
    geometry: BaseGeometry,
    source: str,
    accuracy_m: float,
    basis: str,
    allow_outside: bool,
    elsewhere: bool,
) -> tuple[str, dict[Path, bytes | None]]:
    """Give what is to be said and the layer's new content; refuse what breaks a rule."""
    project = load_project(root)
    city, kind = _holder(project, id_)
    path = root / "layers" / city / f"{kind}.geojson"
    features = [(dict(properties), shape) for properties, shape in read_features(path)]
    position = next(i for i, (properties, _) in enumerate(features) if properties["id"] == id_)
    old_record, old = features[position]
    record = _renewed(old_record, source, accuracy_m, basis)
    faults = check_features([(record, geometry)], kind, file.name)
    if not allow_outside:
        faults += _outside(project, record, geometry, file)
    raise_if_any(faults, InputError)
    compared = ""
    if old is not None and not old.is_empty:
        off_m, compared = _compare(old, geometry)
        known_to_m = float(old_record.get("accuracy_m") or 0)
        if off_m > known_to_m and not elsewhere:
            what = (
                f"lies {off_m:,.0f} m off the outline of {id_} that it replaces, which is accurate to {known_to_m:g} m "
                f"({compared}); check the file, the feature and the datum, or say --elsewhere"
            )
            raise InputError([Fault(file.name, what)])
    features[position] = (record, geometry)
    done = (
        f"{id_} ({record['name']}) in {path.relative_to(root).as_posix()}: now {basis}, {accuracy_m:g} m, from {source}"
    )
    return (f"{compared}\n{done}" if compared else done), {path.relative_to(root): dump_features(features)}


def _compare(old: BaseGeometry, new: BaseGeometry) -> tuple[float, str]:
    """Give the distance in metres between two geometries (0 where they meet), and the comparison in words."""
    crs = geodesy.metric_crs_for(shapely.total_bounds([old, new]))
    was, now = (shapely.make_valid(geodesy.to_metric(geometry, crs)) for geometry in (old, new))
    off_m, moved_m = float(was.distance(now)), float(was.centroid.distance(now.centroid))
    words = [f"distance {off_m:,.0f} m", f"centre moved {moved_m:,.0f} m"]
    if was.area and now.area:
        share = was.intersection(now).area / was.area
        words = [f"overlap {share:.1%} of the old outline", *words]
        words.append(f"area {geodesy.area_km2(old):.3f} km² before, {geodesy.area_km2(new):.3f} km² after")
    return off_m, ", ".join(words)


def _read(file: Path, feature: str | None, datum: str | None) -> tuple[BaseGeometry, Reference]:
    table = read_table(file)
    return _geometry(table, feature, file), _reference(table, datum, file)


def _holder(project: Project, id_: str) -> tuple[str, str]:
    for kind in LAYER_KINDS:
        for city in project.cities:
            if id_ in project.layer(city, kind):
                return city, kind
    project.find("zones", id_)
    raise AssertionError("find raises for an id that no layer has")


def _geometry(table: RawTable, feature: str | None, file: Path) -> BaseGeometry:
    rows = [row for row in table.rows if row.geometry is not None]
    if feature is not None:
        column, sign, value = feature.partition("=")
        if not sign or column not in table.header:
            raise UsageError(f"--feature is {feature!r}; write COLUMN=VALUE with a column of {', '.join(table.header)}")
        rows = [row for row in rows if str(row.cells.get(column)) == value]
    if len(rows) != 1:
        raise UsageError(
            f"{file.name} has {len(rows)} features that could be meant; pick one by --feature COLUMN=VALUE"
        )
    geometry = rows[0].geometry
    assert geometry is not None
    return shapely.orient_polygons(shapely.force_2d(geometry))


def _reference(table: RawTable, datum: str | None, file: Path) -> Reference:
    if datum is not None:
        return parse_datum(datum)
    if table.crs is None:
        raise DatumError(
            f"{file.name} does not say its datum in a way to rely on; say it: --datum wgs84 | gcj02 | EPSG:4490 …"
        )
    try:
        return system_of(table.crs).reference
    except DatumError as error:
        raise DatumError(f"{file.name}: {error}") from error


def _renewed(old: dict[str, Any], source: str, accuracy_m: float, basis: str) -> dict[str, Any]:
    # A firm or facility that was known by its place is now known at a point; a zone stays within its district.
    by_place = ("within", "within_source", "within_basis") if "within_basis" in old else ()
    kept = ("geometry_basis", "accuracy_m", "geometry_source", "unplaced_reason", *by_place)
    was = {name: old[name] for name in kept if old.get(name) is not None}
    cleared: dict[str, Any] = {name: None for name in ("unplaced_reason", *by_place) if name in old}
    return {
        **old,
        **cleared,
        "geometry_basis": basis,
        "accuracy_m": accuracy_m,
        "geometry_source": source,
        "history": [*(old.get("history") or []), was],
    }


def _outside(project: Project, record: dict[str, Any], geometry: BaseGeometry, file: Path) -> list[Fault]:
    within = record.get("within")
    if not within:
        return []
    _, _, district = project.find("zones", within)
    if district is None or not geometry.is_valid:
        return []
    outside = geometry.difference(district)
    share = outside.area / geometry.area if geometry.area else float(not outside.is_empty)
    if share <= _OUTSIDE_SHARE:
        return []
    return [Fault(file.name, f"{share:.1%} of it lies outside {within}; check the datum, or say --allow-outside")]
