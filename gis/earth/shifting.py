"""Convert whole geometries from one datum to another."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.earth.datum import Reference, convert

Geometries = NDArray[np.object_]


@overload
def convert_geometries(
    geometry: BaseGeometry, from_: Reference | str | int, to: Reference | str | int
) -> BaseGeometry: ...
@overload
def convert_geometries(geometry: Geometries, from_: Reference | str | int, to: Reference | str | int) -> Geometries: ...
def convert_geometries(geometry: Any, from_: Reference | str | int, to: Reference | str | int) -> Any:
    """Convert every vertex of geometries; heights are left out, None stays None.

    Args:
        geometry: one geometry or an array (n,) of geometries or None; longitude (easting) before latitude (northing).
        from_: the datum or projected system that they are in.
        to: the one that is wanted.

    Raises:
        DatumError: a system is unknown, or a coordinate cannot belong to `from_`.
    """
    return shapely.transform(
        shapely.force_2d(geometry),
        lambda points: np.column_stack(convert(points[:, 0], points[:, 1], from_, to)),
    )
