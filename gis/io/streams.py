"""Stream points out of Parquet, GeoParquet, CSV and GeoPackage files, a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gis.base.errors import DatumError, Fault, InputError, UsageError
from gis.earth.datum import Datum, Projected, check_degrees, convert, parse_datum
from gis.io import gdal
from gis.io.columns import meaning
from gis.io.gdal import format_for_gdal

if TYPE_CHECKING:
    import pyarrow as pa
    from pyproj import CRS

Floats = npt.NDArray[np.float64]

SUFFIXES = {
    ".parquet": "parquet",
    ".geoparquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".txt": "csv",
    ".gpkg": "gpkg",
}
BATCH_ROWS = 1 << 20
_WGS84 = "OGC:CRS84"
# Codes of what is longitude and latitude on WGS 84, or on CGCS2000, which is the same here (see gis.earth.datum).
_SAME_AS_WGS84 = {("OGC", "CRS84"), ("EPSG", "4326"), ("EPSG", "4490")}
_WKB_POINT_BYTES = 21
_SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class PointOptions:
    """How to read points.

    Attributes:
        by: the column to group by, or None.
        sums: the columns to sum.
        datum: wgs84, gcj02, bd09, cgcs2000 or an EPSG code; None reads it from the file (GeoParquet, GPKG). Where it is
            given, it is believed rather than the file.
        lon: the column of the longitude or easting, for files without a geometry; None recognises it by its name.
        lat: the column of the latitude or northing, likewise.
        batch_rows: rows read at once.
    """

    by: str | None = None
    sums: tuple[str, ...] = ()
    datum: str | None = None
    lon: str | None = None
    lat: str | None = None
    batch_rows: int = BATCH_ROWS

    @property
    def columns(self) -> list[str]:
        """The columns besides the position, each once."""
        return list(dict.fromkeys([*([self.by] if self.by else []), *self.sums]))


@dataclass(frozen=True, slots=True)
class Batch:
    """Some points of a file.

    Attributes:
        x: (n,) float64 in the system `Partition.crs`; NaN where the row has no position.
        y: (n,) likewise.
        columns: the columns asked for, (n,) arrow arrays.
        done: the share of the file that has been read, 0 to 1.
    """

    x: Floats
    y: Floats
    columns: Mapping[str, pa.Array]
    done: float


@dataclass(frozen=True, slots=True)
class Partition:
    """One file of points that has been opened far enough to know its columns and system.

    Attributes:
        path: the file.
        kind: parquet, csv or gpkg.
        crs: the system its points come in, after a conversion from GCJ-02 or BD-09 to WGS 84.
        datum: the datum to convert from, or None.
        position: the name of the geometry column, or of the two columns of coordinates.
        options: how to read it.
        encoding: of a CSV file.
    """

    path: Path
    kind: str
    crs: CRS
    datum: Datum | None
    position: tuple[str, ...]
    options: PointOptions
    encoding: str = "utf-8"
    size: int = field(default=0)

    def batches(self) -> Iterator[Batch]:
        """Read the points.

        Raises:
            InputError: the file is damaged, or holds what is no point; the text names it.
            DatumError: a coordinate cannot be one of the system.
        """
        readers = {"parquet": _parquet_batches, "csv": _csv_batches, "gpkg": _gpkg_batches}
        with _naming(self.path):
            for x, y, columns, done in readers[self.kind](self):
                if self.datum is not None:
                    lon, lat = convert(x, y, self.datum, Datum.WGS84)
                    yield Batch(lon, lat, columns, done)
                else:
                    yield Batch(x, y, columns, done)


_Read = Iterator[tuple[Floats, Floats, Mapping[str, Any], float]]


def find_partitions(points: Path | str | Sequence[Path | str], options: PointOptions) -> list[Partition]:
    """Open the files that `points` names: a file, a folder of files, or several of these.

    Args:
        points: Parquet, GeoParquet, CSV or GPKG.
        options: how to read them.

    Raises:
        UsageError: there is no such file, or none in the folder.
        DatumError: the datum of a file is neither stated in it nor given.
        InputError: a file is damaged, lacks a column, or is in another system than the first.
    """
    given = [Path(points)] if isinstance(points, str | Path) else [Path(path) for path in points]
    paths = [path for name in given for path in _files_of(name)]
    if not paths:
        raise UsageError("no file of points is given")
    partitions = [_open(path, options) for path in paths]
    first = partitions[0]
    faults = [
        Fault(
            str(part.path), f"is in {part.crs.name}, but {first.path} is in {first.crs.name}; convert one of them first"
        )
        for part in partitions[1:]
        if part.crs != first.crs
    ]
    if faults:
        raise InputError(faults)
    return partitions


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(
            child
            for child in path.rglob("*")
            if child.suffix.lower() in SUFFIXES
            and not any(part.startswith((".", "_")) for part in child.relative_to(path).parts)
        )
        if not found:
            raise UsageError(f"{path} holds no file of points; read are {', '.join(SUFFIXES)}")
        return found
    if not path.is_file():
        raise UsageError(f"{path} does not exist")
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path} cannot be read as points; read are {', '.join(SUFFIXES)}")
    return [path]


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what a reader says of a damaged file into a fault that names the file."""
    import pyarrow as pa
    import shapely

    errors: Any = gdal.pyogrio().errors

    try:
        yield
    except (
        pa.ArrowException,
        OSError,
        UnicodeDecodeError,
        shapely.errors.GEOSException,
        errors.DataSourceError,
        errors.DataLayerError,
    ) as error:
        what = " ".join(str(error).split())
        raise InputError([Fault(str(path), f"cannot be read: {what}")], "the points cannot be counted") from error
    except DatumError as error:
        raise DatumError(f"{path}: {error}") from error


def _open(path: Path, options: PointOptions) -> Partition:
    with _naming(path):
        return {"parquet": _open_parquet, "csv": _open_csv, "gpkg": _open_gpkg}[SUFFIXES[path.suffix.lower()]](
            path, options
        )


def system_of(stated: CRS | None, options: PointOptions) -> tuple[CRS, Datum | None]:
    """The system the points will come in, and the datum to convert from.

    Raises:
        DatumError: it is neither stated nor given.
    """
    from pyproj import CRS

    if options.datum is not None:
        reference = parse_datum(options.datum)
        if isinstance(reference, Projected):
            return CRS.from_user_input(reference.crs), None
        return CRS.from_user_input(_WGS84), None if reference in {Datum.WGS84, Datum.CGCS2000} else reference
    if stated is None:
        raise DatumError(
            "does not say which datum its coordinates are in; say so with --datum: "
            "wgs84 (GPS), gcj02 (Amap, Tencent), bd09 (Baidu), cgcs2000 or an EPSG code"
        )
    return plain_crs(stated), None


def plain_crs(crs: CRS) -> CRS:
    """The same system; WGS 84 longitude and latitude in one way of saying it, CGCS2000 taken for it."""
    from pyproj import CRS

    authority = crs.to_authority(min_confidence=100) if crs.is_geographic else None
    return CRS.from_user_input(_WGS84) if authority in _SAME_AS_WGS84 else crs


def check_columns(path: Path, have: Sequence[str], options: PointOptions) -> None:
    """Hold the columns that are asked for against those that are there.

    Raises:
        InputError: one is not there.
    """
    faults = [
        Fault(str(path), f"has no column {name!r}; it has {', '.join(have)}")
        for name in options.columns
        if name not in have
    ]
    if faults:
        raise InputError(faults)


def coordinate_columns(path: Path, have: Sequence[str], options: PointOptions) -> tuple[str, str]:
    """The two columns of coordinates, longitude or easting first: those named, else those whose names say it.

    Raises:
        InputError: one is not there, or several could be meant.
    """
    found = []
    for role, given in (("lon", options.lon), ("lat", options.lat)):
        names = [given] if given is not None else [name for name in have if meaning(name, None) == role]
        if len(names) != 1 or names[0] not in have:
            what = f"has {len(names)} columns that read like {role} ({', '.join(names)})" if len(names) > 1 else (
                f"has no column {given!r}" if given is not None else f"has no column that reads like {role}"
            )  # fmt: skip
            raise InputError([Fault(str(path), f"{what}; its columns are {', '.join(have)}: name one with --{role}")])
        found.append(names[0])
    return found[0], found[1]


# Parquet


def _open_parquet(path: Path, options: PointOptions) -> Partition:
    import pyarrow.parquet as pq
    from pyproj import CRS

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        metadata = (schema.metadata or {}).get(b"geo")
    check_columns(path, schema.names, options)
    size = path.stat().st_size
    if metadata is not None and options.lon is None:
        geo = json.loads(metadata)
        column = geo["primary_column"]
        described = geo["columns"][column]
        stated = described.get("crs", _WGS84)
        crs, datum = system_of(None if stated is None else CRS.from_user_input(stated), options)
        return Partition(path, "parquet", crs, datum, (column,), options, size=size)
    position = coordinate_columns(path, schema.names, options)
    crs, datum = system_of(None, options)
    return Partition(path, "parquet", crs, datum, position, options, size=size)


def _parquet_batches(part: Partition) -> _Read:
    import pyarrow.parquet as pq

    wanted = list(dict.fromkeys([*part.position, *part.options.columns]))
    with pq.ParquetFile(part.path, page_checksum_verification=True) as file:
        total = file.metadata.num_rows
        read = 0
        for batch in file.iter_batches(part.options.batch_rows, columns=wanted, use_threads=False):
            read += batch.num_rows
            yield (*_position(part, batch), {name: batch.column(name) for name in part.options.columns}, read / total)


# CSV


def _open_csv(path: Path, options: PointOptions) -> Partition:
    import pyarrow.csv as pc

    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    encoding = "utf-8" if _is_utf8(head) else "gb18030"
    with path.open("rb") as file, pc.open_csv(file, read_options=pc.ReadOptions(encoding=encoding)) as reader:
        names = reader.schema.names
    check_columns(path, names, options)
    position = coordinate_columns(path, names, options)
    crs, datum = system_of(None, options)
    return Partition(path, "csv", crs, datum, position, options, encoding, path.stat().st_size)


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut by the end of the sample.
        return error.start >= len(head) - 3 and len(head) == _SAMPLE_BYTES
    return True


def _csv_batches(part: Partition) -> _Read:
    import pyarrow as pa
    import pyarrow.csv as pc

    types = dict.fromkeys([*part.position, *part.options.sums], pa.float64())
    if part.options.by is not None:
        types[part.options.by] = pa.string()
    wanted = list(dict.fromkeys([*part.position, *part.options.columns]))
    # Some tens of bytes make a row.
    read = pc.ReadOptions(
        encoding=part.encoding, block_size=max(1 << 16, 32 * part.options.batch_rows), use_threads=False
    )
    to = pc.ConvertOptions(include_columns=wanted, column_types=types, strings_can_be_null=True)
    with part.path.open("rb") as file, pc.open_csv(file, read_options=read, convert_options=to) as reader:
        for batch in reader:
            done = min(file.tell() / max(part.size, 1), 1.0)
            yield (*_position(part, batch), {name: batch.column(name) for name in part.options.columns}, done)


# GeoPackage


def _open_gpkg(path: Path, options: PointOptions) -> Partition:
    from pyproj import CRS

    if (found := format_for_gdal(path, str(path))) != "gpkg":
        raise InputError([Fault(str(path), f"is called {path.suffix}, but it is {found}")])
    pyogrio: Any = gdal.pyogrio()
    layers = pyogrio.list_layers(path)
    if len(layers) != 1:
        names = ", ".join(str(name) for name, _ in layers)
        raise InputError(
            [Fault(str(path), f"has {len(layers)} layers ({names}); points are read from a file with one")]
        )
    info = pyogrio.read_info(path)
    check_columns(path, list(info["fields"]), options)
    crs, datum = system_of(None if info["crs"] is None else CRS.from_user_input(info["crs"]), options)
    return Partition(path, "gpkg", crs, datum, (info["geometry_name"] or "geom",), options, size=path.stat().st_size)


def _gpkg_batches(part: Partition) -> _Read:
    pyogrio: Any = gdal.pyogrio()
    total = max(pyogrio.read_info(part.path, force_feature_count=True)["features"], 1)
    read = 0
    with pyogrio.open_arrow(
        part.path, columns=part.options.columns, batch_size=part.options.batch_rows, use_pyarrow=True
    ) as (meta, reader):
        geometry = meta["geometry_name"] or "wkb_geometry"
        for batch in reader:
            read += batch.num_rows
            x, y = _points(part.path, batch.column(geometry))
            columns: dict[str, pa.Array] = {name: batch.column(name) for name in part.options.columns}
            yield x, y, columns, min(read / total, 1.0)


# Positions


def _position(part: Partition, batch: pa.RecordBatch) -> tuple[Floats, Floats]:
    if len(part.position) == 1:
        return _points(part.path, batch.column(part.position[0]))
    x, y = (numbers(part.path, name, batch.column(name)) for name in part.position)
    if part.crs.is_geographic:
        check_degrees(x, y)
    return x, y


def numbers(path: Path, name: str, column: pa.Array) -> Floats:
    """The numbers of an arrow array as float64, NaN for null.

    Raises:
        InputError: they are no numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    raise InputError([Fault(str(path), f"the column {name!r} holds {kind}, not numbers")])


def _points(path: Path, column: pa.Array) -> tuple[Floats, Floats]:
    """The coordinates of an arrow array of points: WKB, or GeoArrow with x and y as a struct or a pair."""
    import pyarrow as pa

    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    kind = column.type
    if pa.types.is_struct(kind):
        x, y = (np.asarray(column.field(axis).to_numpy(zero_copy_only=False), np.float64).copy() for axis in ("x", "y"))
        missing = column.is_null().to_numpy(zero_copy_only=False)
        x[missing] = np.nan
        return x, y
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _wkb_points(path, column)
    raise InputError([Fault(str(path), f"its geometry is stored as {kind}, which is not read; store it as WKB")])


def _wkb_points(path: Path, column: pa.Array) -> tuple[Floats, Floats]:
    import pyarrow as pa
    import shapely

    n = len(column)
    offset_type = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, offset_type)[column.offset : column.offset + n + 1]
    if column.null_count == 0 and n and bool((np.diff(starts) == _WKB_POINT_BYTES).all()):
        raw = np.frombuffer(data, np.uint8)[starts[0] : starts[-1]].reshape(n, _WKB_POINT_BYTES)
        if (raw[:, :5] == np.array([1, 1, 0, 0, 0], np.uint8)).all():
            xy = np.ascontiguousarray(raw[:, 5:]).view("<f8")
            return np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    geometries = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    kinds = shapely.get_type_id(geometries)
    wrong = np.flatnonzero((kinds != -1) & (kinds != 0))
    if wrong.size:
        found = geometries[wrong[0]].geom_type
        raise InputError([Fault(str(path), f"holds {wrong.size} geometries that are no points, such as a {found}")])
    return shapely.get_x(geometries), shapely.get_y(geometries)
