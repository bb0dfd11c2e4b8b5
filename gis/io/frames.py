"""Read points out of a data frame in memory, as a file of points is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.base.errors import DatumError, Fault, InputError
from gis.earth.datum import Datum, convert
from gis.io.streams import Batch, Floats, Partition, PointOptions, check_columns, coordinate_columns, numbers, system_of

if TYPE_CHECKING:
    import pandas as pd

# What messages call a frame, which has no path.
_NAME = Path("points")
# Bytes that a row of a file would have, by which a frame is told to be small.
_ROW_BYTES = 40


@dataclass(frozen=True, slots=True)
class FramePartition(Partition):
    """A frame of points, as one partition.

    Attributes:
        frame: a GeoDataFrame of points, or a DataFrame with two columns of coordinates.
    """

    frame: pd.DataFrame | None = None

    def batches(self) -> Iterator[Batch]:
        """Give all points at once.

        Raises:
            InputError: a column that must be numbers holds something else.
            DatumError: a coordinate cannot be one of the system.
        """
        import pyarrow as pa

        frame = self.frame
        if frame is None:
            return
        columns = {name: pa.Array.from_pandas(frame[name]) for name in self.options.columns}
        x, y = self._position(frame)
        if self.datum is not None:
            x, y = convert(x, y, self.datum, Datum.WGS84)
        yield Batch(x, y, columns, 1.0)

    def _position(self, frame: pd.DataFrame) -> tuple[Floats, Floats]:
        import pyarrow as pa
        import shapely

        if len(self.position) == 2:
            x, y = (numbers(self.path, name, pa.Array.from_pandas(frame[name])) for name in self.position)
            return x, y
        geometry = np.asarray(frame[self.position[0]].array, dtype=object)
        return shapely.get_x(geometry), shapely.get_y(geometry)


def partition_of(frame: pd.DataFrame, options: PointOptions) -> FramePartition:
    """Take a frame for a file of points.

    Args:
        frame: a GeoDataFrame of points with a CRS, or a DataFrame whose coordinates are in two columns.
        options: how to read it; `datum` must be given where the frame has no CRS.

    Raises:
        DatumError: the system is neither in the frame nor given.
        InputError: a column is not there, or a geometry is no point.
    """
    import geopandas as gpd

    names = [str(name) for name in frame.columns]
    check_columns(_NAME, names, options)
    stated: Any = None
    if isinstance(frame, gpd.GeoDataFrame):
        position: tuple[str, ...] = (str(frame.geometry.name),)
        _check_points(frame)
        stated = frame.crs
    else:
        position = coordinate_columns(_NAME, names, options)
    try:
        crs, datum = system_of(stated, options)
    except DatumError as error:
        raise DatumError(f"{_NAME}: {error}") from error
    return FramePartition(_NAME, "frame", crs, datum, position, options, size=len(frame) * _ROW_BYTES, frame=frame)


def _check_points(frame: Any) -> None:
    import shapely

    kinds = shapely.get_type_id(np.asarray(frame.geometry.array, dtype=object))
    wrong = np.flatnonzero((kinds != -1) & (kinds != 0))
    if wrong.size:
        found = frame.geometry.iloc[int(wrong[0])].geom_type
        raise InputError([Fault(str(_NAME), f"holds {wrong.size} geometries that are no points, such as a {found}")])
