"""Put an authoritative geometry in place of a sketch; the id, the facts and the history stay."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.base.errors import DatumError, Fault, InputError, UsageError, raise_if_any
from gis.base.files import lock_folder, recover
from gis.earth import geodesy
from gis.earth.datum import Reference, parse_datum
from gis.earth.shifting import convert_geometries
from gis.intake.editing import Feature, holder_of, layer_features
from gis.io.geojson import dump_features
from gis.io.raw import RawTable
from gis.io.reading import read_table
from gis.io.systems import system_of
from gis.model import journal
from gis.model.history import COLUMN as HISTORY
from gis.model.history import history_of
from gis.model.layers import check_features
from gis.model.project import Project, load_project
from gis.model.schema import SKETCHED_BASES
from gis.model.trial import try_out

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
    when: str | None = None,
) -> str:
    """Replace the geometry of one feature of a project's layers by one from a file.

    What the old geometry rested on is kept in the feature's `history`, the geometry itself in the journal, from which
    `gis imports undo` brings it back. Layer and journal change in one step or not at all.

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
        when: the time to note in the journal, ISO; now by default.

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
    geometry, reference, sha256, format_ = _read(file, feature, datum)
    geometry = convert_geometries(geometry, reference, "wgs84")
    if dry_run:
        return _replaced(root, id_, file, geometry, source, accuracy_m, basis, allow_outside, elsewhere)[0]
    when = when or datetime.now().astimezone().isoformat(timespec="seconds")
    recover(root)
    load_project(root)  # A folder that is no project is refused before a lock is made in it.
    with lock_folder(root, "gis layers replace") as lock:
        text, change, features = _replaced(
            root, id_, file, geometry, source, accuracy_m, basis, allow_outside, elsewhere
        )
        try_out(root, change.where, change.after)
        number, staged = journal.stage_change(
            root, change, when, features=features, notes=text.split("\n"),
            file=file.name, sha256=sha256, format_=format_, datum=str(reference),
        )  # fmt: skip
        lock.commit(staged)
    return f"{text}\nit is number {number} of the journal; gis imports undo {number} brings the old one back"


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
) -> tuple[str, journal.Change, dict[str, Feature]]:
    """Give what is to be said and the layer's change; refuse what breaks a rule."""
    project = load_project(root)
    city, kind = holder_of(project, id_)
    where = Path("layers") / city / f"{kind}.geojson"
    before = (root / where).read_bytes()
    features = layer_features(root / where)
    old_record, old = features[id_]
    try:
        record = _renewed(old_record, source, accuracy_m, basis)
    except ValueError as error:
        raise InputError([Fault(where.as_posix(), f"{HISTORY}: {error}", id_)]) from error
    faults = check_features([(record, geometry)], kind, file.name)
    outside = _outside(project, record, geometry, file)
    if outside and allow_outside:
        record["within"] = None  # What leaves its district is not said to lie in it.
    else:
        faults += outside
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
    features[id_] = (record, geometry)
    done = f"{id_} ({record['name']}) in {where.as_posix()}: now {basis}, {accuracy_m:g} m, from {source}"
    change = journal.Change("replace", city, kind, where, before, dump_features(features.values()), (id_,))
    return (f"{compared}\n{done}" if compared else done), change, features


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


def _read(file: Path, feature: str | None, datum: str | None) -> tuple[BaseGeometry, Reference, str, str]:
    table = read_table(file)
    return _geometry(table, feature, file), _reference(table, datum, file), table.sha256, table.format


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
        HISTORY: [*history_of(old.get(HISTORY)), was],
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
