"""Count the points of any files in the zones of any file, exactly, in memory that does not grow with the points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from gis.base.errors import DatumError, Fault, InputError, UsageError, raise_if_any
from gis.engine.few import FEW_BYTES, Index, index_of
from gis.engine.zone_index import Tally
from gis.io.gdal import read_frame
from gis.io.stated import stated_system
from gis.io.streams import BATCH_ROWS, Batch, Partition, PointOptions, find_partitions, numbers, plain_crs

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import pyarrow as pa
    from pyproj import CRS

    from gis.engine.nearest import RoadReach

Ids = Sequence[str | int]
# Zones times groups, and as many again for each sum, at most.
_MOST_FIGURES = 100_000_000
_PROGRESS_S = 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a count has come.

    Attributes:
        points: points read so far.
        share: of the files that has been read, 0 to 1.
        seconds: since the first point.
    """

    points: int
    share: float
    seconds: float

    @property
    def rate(self) -> float:
        """Points a second."""
        return self.points / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining_s(self) -> float | None:
        """Seconds still to go at this rate, or None where nothing has been read yet."""
        return self.seconds * (1 - self.share) / self.share if self.share > 0 else None


@dataclass(slots=True)
class Partial:
    """What has been counted of some points; parts are merged by `add`.

    `groups` gives each value of the BY column its place in the tallies; `near` counts points within reach of a road.
    """

    tally: Tally
    near: Tally | None
    groups: dict[Any, int] = field(default_factory=dict)
    points: int = 0

    @classmethod
    def empty(cls, plan: Plan) -> Partial:
        """Of no points."""
        n_groups = 1 if plan.options.by is None else 0
        tally = Tally.empty(plan.index.n_zones, n_groups, len(plan.options.sums))
        near = None if plan.reach is None else Tally.empty(plan.index.n_zones, n_groups, 0)
        return cls(tally, near, {} if plan.options.by is not None else {None: 0})

    def widen(self, values: Sequence[Any], name: str | None) -> npt.NDArray[np.int32]:
        """Give each of `values` its place, making room for new ones.

        Raises:
            UsageError: there are too many different values to hold.
        """
        places = [self.groups.setdefault(value, len(self.groups)) for value in values]
        needed = len(self.groups)
        if needed > self.tally.counts.shape[1]:
            n_zones, _, n_sums = self.tally.high.shape
            if n_zones * needed * (1 + n_sums) > _MOST_FIGURES:
                raise UsageError(
                    f"the column {name!r} has more than {needed - 1} different values; with {n_zones} zones that is "
                    f"more than {_MOST_FIGURES} figures: group by a column with fewer values"
                )
            room = max(needed, 2 * self.tally.counts.shape[1])
            self.tally = self.tally.widened(room)
            self.near = None if self.near is None else self.near.widened(room)
        return np.array(places, np.int32)

    def add(self, other: Partial, name: str | None) -> None:
        """Add what was counted of other points."""
        places = self.widen(list(other.groups), name)
        for mine, theirs in ((self.tally, other.tally), (self.near, other.near)):
            if mine is not None and theirs is not None:
                mine.add(theirs.rearranged(places, mine.counts.shape[1]))
        self.points += other.points


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """All that counting a partition needs; it is sent to each worker once.

    Attributes:
        ids: of the zones that are counted, in order.
        index: of these zones, in the system of the points.
        options: how to read points.
        reach: the test for roads, or None.
        left_out: of the zones that cannot hold a point, the id and why.
    """

    ids: Ids
    index: Index
    options: PointOptions
    reach: RoadReach | None
    left_out: tuple[tuple[str | int, str], ...] = ()

    def count(self, part: Partition) -> Partial:
        """Count the points of one partition.

        Raises:
            InputError: the partition is damaged; the text names it.
        """
        into = Partial.empty(self)
        for batch in part.batches():
            self.add(part, batch, into)
        return into

    def add(self, part: Partition, batch: Batch, into: Partial) -> None:
        """Count the points of one batch of a partition."""
        by = self.options.by
        groups = None if by is None else _groups(batch.columns[by], into, by)
        values = [numbers(part.path, name, batch.columns[name]) for name in self.options.sums]
        self.index.tally(batch.x, batch.y, groups, values, into.tally)
        if self.reach is not None and into.near is not None:
            near = self.reach.within(batch.x, batch.y)
            self.index.tally(batch.x[near], batch.y[near], None if groups is None else groups[near], [], into.near)
        into.points += len(batch.x)


def _groups(column: pa.Array, into: Partial, name: str) -> npt.NDArray[np.int32]:
    """The group of each row; null is a group of its own."""
    import pyarrow as pa

    encoded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    used = np.unique(codes)
    places = np.full(len(values) + 1, -1, np.int32)
    places[used] = into.widen([values[k] if k < len(values) else None for k in used], name)
    return np.asarray(places[codes], np.int32)


@dataclass(frozen=True, slots=True)
class CountResult:
    """What was counted, in long form.

    Attributes:
        columns: `id`, the BY column, `count`, `within_<r>_m` where roads were given, and a column for each sum.
        rows: one a zone, or one a zone and value of the BY column that has points there; no totals.
        points: how many points were read, in zones or not.
        left_out: the id of each zone that has no row because it has no area, and what it is: a Point, a line, nothing.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    points: int
    left_out: tuple[tuple[str | int, str], ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def count(
    points: Path | str | Sequence[Path | str] | pd.DataFrame,
    zones: Path | str | gpd.GeoDataFrame,
    by: str | None = None,
    sums: Sequence[str] = (),
    roads: Path | str | gpd.GeoDataFrame | None = None,
    reach_m: float | None = None,
    *,
    engine: Literal["local", "dask"] = "local",
    scheduler: str | None = None,
    id_column: str | None = None,
    datum: str | None = None,
    zones_datum: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
    batch_rows: int = BATCH_ROWS,
    progress: Callable[[Progress], None] | None = None,
) -> CountResult:
    """Count points in zones, exactly as `geopandas.sjoin(predicate="intersects")` with a groupby would.

    A point on a boundary is in; zones may overlap, and each counts its own points. The points are read in batches, so
    memory does not grow with the files. Counting is done in the system of the points (after GCJ-02 or BD-09 became
    WGS 84): zones in another one are moved into it vertex by vertex. CGCS2000 longitude and latitude are taken as
    WGS 84.

    Args:
        points: a Parquet, GeoParquet, CSV or GPKG file, a folder of such files, or several of these; or a frame: a
            GeoDataFrame of points, or a DataFrame with columns of coordinates.
        zones: any vector file, or a GeoDataFrame. What is no polygon holds no point and is listed in `left_out`.
        by: a column of the points; null is a group of its own.
        sums: columns of the points to sum; null and NaN are no value. Sums of integers are exact; where all sums of a
            column are whole, they are integers.
        roads: any vector file, or a GeoDataFrame; lines. With `reach_m`, points near a road are counted too.
        reach_m: metres, a straight line; 500 where roads are given without it.
        engine: `local`, or `dask` to count partitions on the workers of a Dask scheduler.
        scheduler: the address of a Dask scheduler, such as tcp://10.0.0.1:8786; by default a cluster on this machine.
        id_column: the column that names a zone; by default `id` where there is one, else the row number from 1.
        datum: of the points: wgs84, gcj02, bd09, cgcs2000 or an EPSG code; must be given where the file does not say.
        zones_datum: of zones and roads whose file does not say, likewise. GeoJSON and KML say it by a member or a word
            of their own only; that their standard means WGS 84 is none, for web maps in China shift them.
        lon: column of the longitude or easting, where it is not recognised by its name.
        lat: column of the latitude or northing, likewise.
        batch_rows: points held at once.
        progress: called a few times a second.

    Raises:
        UsageError: a file does not exist or an option makes no sense.
        DatumError: a file does not say its datum, and none is given.
        InputError: a file is damaged (the text names it), lacks a column, no zone is a polygon, or zones share an id.
        MissingExtraError: `engine` is dask, and Dask is not installed.
    """
    if engine not in {"local", "dask"}:
        raise UsageError(f"the engine is {engine!r}; it is local or dask")
    if scheduler is not None and engine != "dask":
        raise UsageError(f"a scheduler is given ({scheduler}), but the engine is {engine}; say engine dask")
    if reach_m is not None and roads is None:
        raise UsageError("a reach is given, but no roads to reach")
    options = PointOptions(by, tuple(sums), datum, lon, lat, batch_rows)
    _check_names(options)
    parts = _partitions(points, options)
    few = engine == "local" and sum(part.size for part in parts) <= FEW_BYTES
    plan = make_plan(
        parts[0].crs, options, zones, roads, reach_m, id_column=id_column, zones_datum=zones_datum, few=few
    )
    if engine == "dask":
        from gis.engine.count_dask import count_on_dask

        whole = count_on_dask(plan, parts, scheduler, progress)
    else:
        whole = _count_here(plan, parts, progress)
    return _result(plan, whole)


def _partitions(points: Path | str | Sequence[Path | str] | pd.DataFrame, options: PointOptions) -> Sequence[Partition]:
    if isinstance(points, str | Path | Sequence):
        return find_partitions(points, options)
    from gis.io.frames import partition_of

    return [partition_of(points, options)]


def _check_names(options: PointOptions) -> None:
    names = ["id", *([options.by] if options.by else []), "count", *options.sums]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"the columns of the result would share the name {', '.join(twice)}; rename the column in the file"
        )


def make_plan(
    crs: CRS,
    options: PointOptions,
    zones: Path | str | gpd.GeoDataFrame,
    roads: Path | str | gpd.GeoDataFrame | None = None,
    reach_m: float | None = None,
    *,
    id_column: str | None = None,
    zones_datum: str | None = None,
    few: bool = False,
) -> Plan:
    """Read zones and roads and build what counting needs.

    Args:
        crs: the system of the points.
        options: how to read points.
        zones: as in `count`.
        roads: as in `count`.
        reach_m: as in `count`.
        id_column: as in `count`.
        zones_datum: as in `count`.
        few: whether the points are few, as `index_of` takes it.

    Raises:
        InputError, DatumError, UsageError: as `count`.
    """
    import shapely

    frame, where = _read_frame(zones, zones_datum)
    ids = _ids(frame, where, id_column)
    placed = np.asarray(_in_system(frame, crs).geometry.array, dtype=object)
    area = np.isin(shapely.get_type_id(placed), (3, 6)) & ~shapely.is_empty(placed)
    if not area.any():
        raise InputError([Fault(where, "holds no polygon to count in")])
    left_out = tuple(
        (ids[k], "no geometry" if placed[k] is None or placed[k].is_empty else placed[k].geom_type)
        for k in np.flatnonzero(~area).tolist()
    )
    kept = np.flatnonzero(area)
    ids = [ids[k] for k in kept.tolist()]
    try:
        index = index_of(placed[kept], few=few)
    except InputError as error:
        faults = [Fault(where, fault.what, int(kept[int(fault.row or 1) - 1]) + 1) for fault in error.faults]
        raise InputError(faults) from error
    if roads is None:
        return Plan(ids, index, options, None, left_out)
    from pyproj import CRS

    from gis.engine.nearest import RoadReach

    lines, _ = _read_frame(roads, zones_datum)
    courses = np.asarray(_in_system(lines, CRS.from_user_input("OGC:CRS84")).geometry.array, dtype=object)
    return Plan(ids, index, options, RoadReach.build(courses, 500.0 if reach_m is None else reach_m, crs), left_out)


def _read_frame(source: Path | str | gpd.GeoDataFrame, datum: str | None) -> tuple[gpd.GeoDataFrame, str]:
    """A GeoDataFrame with a known system, and what to call it."""
    import geopandas as gpd
    import pyarrow as pa

    if isinstance(source, str | Path):
        path, where = Path(source), str(source)
        if not path.exists():
            raise UsageError(f"{path} does not exist")
        try:
            parquet = path.suffix.lower() in {".parquet", ".geoparquet", ".pq"}
            frame = gpd.read_parquet(path) if parquet else read_frame(path)
        except (pa.ArrowException, OSError, ValueError) as error:
            what = " ".join(str(error).split())
            raise InputError([Fault(where, f"cannot be read: {what}")]) from error
        if not isinstance(frame, gpd.GeoDataFrame):
            raise InputError([Fault(where, "has no geometry")])
        system = None if datum is not None else _stated(path, where, frame.crs)
    else:
        frame, where = source, "zones"
        system = frame.crs
    return _with_system(frame, where, datum, system), where


def _stated(path: Path, where: str, read: Any) -> Any:
    try:
        return stated_system(path, read)
    except DatumError as error:
        raise DatumError(f"{where}: {error}") from error


def _with_system(frame: gpd.GeoDataFrame, where: str, datum: str | None, stated: Any) -> gpd.GeoDataFrame:
    """The frame in the system that is declared, else in the one that its source states."""
    import shapely
    from pyproj import CRS

    from gis.earth.datum import Datum, Projected, convert, parse_datum

    if datum is None:
        if stated is None:
            raise DatumError(
                f"{where} does not say which datum its coordinates are in; say so with --zones-datum: "
                "wgs84, gcj02 (Amap, Tencent), bd09 (Baidu), cgcs2000 or an EPSG code"
            )
        if isinstance(stated, CRS):
            return frame
    reference = stated if datum is None else parse_datum(datum)
    if isinstance(reference, Projected):
        return frame.set_crs(reference.crs, allow_override=True)
    if reference in {Datum.GCJ02, Datum.BD09}:
        moved = shapely.transform(
            np.asarray(frame.geometry.array, dtype=object),
            lambda xy: np.column_stack(convert(xy[:, 0], xy[:, 1], reference, Datum.WGS84)),
        )
        frame = frame.set_geometry(list(moved))
    return frame.set_crs("OGC:CRS84", allow_override=True)


def _in_system(frame: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """The same features in the system `crs`, untouched where they are in it already."""
    return frame if plain_crs(frame.crs) == crs else frame.to_crs(crs)


def _ids(frame: gpd.GeoDataFrame, where: str, column: str | None) -> Ids:
    if column is None:
        if "id" not in frame.columns:
            return list(range(1, len(frame) + 1))
        column = "id"
    if column not in frame.columns:
        have = ", ".join(str(name) for name in frame.columns if name != frame.geometry.name)
        raise InputError([Fault(where, f"has no column {column!r}; it has {have}")])
    values = frame[column]
    ids = [None if missing else value for value, missing in zip(values.tolist(), values.isna(), strict=True)]
    faults, seen = [], dict[Any, int]()
    for row, value in enumerate(ids, 1):
        if value is None:
            faults.append(Fault(where, f"has no {column!r}", row))
        elif value in seen:
            faults.append(Fault(where, f"has the same {column!r} as row {seen[value]}: {value!r}", row))
        else:
            seen[value] = row
    raise_if_any(faults, InputError)
    return [value for value in ids if value is not None]


def _count_here(plan: Plan, parts: Sequence[Partition], progress: Callable[[Progress], None] | None) -> Partial:
    whole = Partial.empty(plan)
    total = max(sum(part.size for part in parts), 1)
    before, last, start = 0, 0.0, perf_counter()
    for part in parts:
        for batch in part.batches():
            plan.add(part, batch, whole)
            seconds = perf_counter() - start
            if progress is not None and seconds - last >= _PROGRESS_S:
                last = seconds
                progress(Progress(whole.points, (before + batch.done * part.size) / total, seconds))
        before += part.size
    if progress is not None:
        progress(Progress(whole.points, 1.0, perf_counter() - start))
    return whole


def _result(plan: Plan, whole: Partial) -> CountResult:
    by, sums = plan.options.by, plan.options.sums
    near = () if plan.reach is None else (f"within_{plan.reach.reach_m:g}_m",)
    totals = _totals(whole.tally)
    columns = ("id", *((by,) if by else ()), "count", *near, *sums)
    groups = sorted(whole.groups.items(), key=lambda item: (item[0] is None, _sortable(item[0])))
    rows = []
    for zone, id_ in enumerate(plan.ids):
        for value, group in groups:
            n = int(whole.tally.counts[zone, group])
            if by is None or n:
                reached = () if whole.near is None else (int(whole.near.counts[zone, group]),)
                rows.append((id_, *((value,) if by else ()), n, *reached, *totals[zone][group]))
    return CountResult(columns, tuple(rows), whole.points, plan.left_out)


def _totals(tally: Tally) -> list[list[list[float | int]]]:
    """The sums by zone, group and column; a column whose sums are all whole holds integers."""
    exact = np.empty(tally.high.shape, object)
    for column in range(tally.high.shape[2]):
        high, low = tally.high[:, :, column], tally.low[:, :, column]
        if (high == np.floor(high)).all() and (low == np.floor(low)).all():
            exact[:, :, column] = np.frompyfunc(_whole, 2, 1)(high, low)
        else:
            exact[:, :, column] = high + low
    listed: list[list[list[float | int]]] = exact.tolist()
    return listed


def _whole(high: float, low: float) -> int:
    return int(high) + int(low)


def _sortable(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, int | float) else (1, str(value))
