"""Pack points into compressed columns: quantised, sorted along a space-filling curve, split into byte planes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from math import ceil, cos, log2, radians

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

_EQUATOR_M = 40_075_016.686
# No point may move by more than this when its position is rounded.
_ERROR_M = 0.25
_HALF_BITS = 12

Floats = NDArray[np.float64]
Codes = NDArray[np.uint64]


@dataclass(frozen=True)
class PackedPositions:
    """Positions as steps from a corner, in the Web Mercator square whose side is 1.

    `order` gives, for each packed point, its place in the input. `error_m` is the largest shift by rounding, in metres
    on the ground along each axis.
    """

    x0: float
    y0: float
    step: float
    bits: int
    planes: int
    error_m: float
    order: NDArray[np.intp]
    data: bytes


def _spread(values: Codes) -> Codes:
    """Put a zero bit before each of the lowest 24 bits."""
    v = values & np.uint64(0xFFFFFF)
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        v = (v | (v << np.uint64(shift))) & np.uint64(mask)
    return v


def pack_positions(lon: Floats, lat: Floats) -> PackedPositions:
    """Round positions to at most 0.25 m and pack them along a Morton curve.

    Args:
        lon: longitudes in degrees, WGS 84, shape (n,), all finite.
        lat: latitudes in degrees within ±85, shape (n,).

    Returns:
        the packed positions. `data` holds the differences of neighbouring Morton codes, as `planes` planes of n bytes,
        lowest byte first. The curve interleaves x (even bits) and y (odd bits).
    """
    if not len(lon):
        return PackedPositions(0.0, 0.0, 1.0, 2 * _HALF_BITS, 1, 0.0, np.zeros(0, np.intp), b"")
    x = (lon + 180) / 360
    y = 0.5 - np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)) / (2 * np.pi)
    x0, y0 = float(x.min()), float(y.min())
    extent = max(float(np.ptp(x)), float(np.ptp(y)), 1e-12)
    # On the ground a step is longest where |latitude| is least.
    metres = _EQUATOR_M * cos(radians(float(np.abs(lat).min())))
    bits = min(max(ceil(log2(max(extent * metres / (2 * _ERROR_M), 2))), 2), 2 * _HALF_BITS)
    step = extent / (2**bits - 1)
    # Written to 17 digits in JSON, so the page computes with the same numbers.
    codes = _spread(np.rint((x - x0) / step).astype(np.uint64))
    codes |= _spread(np.rint((y - y0) / step).astype(np.uint64)) << np.uint64(1)
    order = np.argsort(codes, kind="stable")
    delta = np.diff(codes[order], prepend=np.uint64(0))
    planes = max(1, ceil(int(delta.max()).bit_length() / 8))
    data = b"".join(
        ((delta >> np.uint64(8 * plane)) & np.uint64(255)).astype(np.uint8).tobytes() for plane in range(planes)
    )
    return PackedPositions(x0, y0, step, bits, planes, step * metres / 2, order, data)


def unpack_positions(packed: PackedPositions) -> tuple[Floats, Floats]:
    """Give longitudes and latitudes in packed order, as the page sees them."""
    n = len(packed.order)
    raw = np.frombuffer(packed.data, np.uint8).reshape(packed.planes, n) if n else np.zeros((1, 0), np.uint8)
    delta = np.zeros(n, np.uint64)
    for plane in range(packed.planes):
        delta |= raw[plane].astype(np.uint64) << np.uint64(8 * plane)
    codes = np.cumsum(delta, dtype=np.uint64)
    x = packed.x0 + _gather(codes) * packed.step
    y = packed.y0 + _gather(codes >> np.uint64(1)) * packed.step
    return x * 360 - 180, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y))))


def _gather(codes: Codes) -> Floats:
    v = codes & np.uint64(0x5555555555555555)
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        v = (v | (v >> np.uint64(shift))) & np.uint64(mask)
    return v.astype(np.float64)


def byte_planes(values: NDArray[np.integer]) -> tuple[bytes, int]:
    """Split whole numbers ≥ 0 into planes of bytes, lowest first; give the planes and how many there are."""
    if not len(values):
        return b"", 1
    wide = values.astype(np.uint32)
    planes = max(1, ceil(int(wide.max()).bit_length() / 8))
    return b"".join(
        ((wide >> np.uint32(8 * p)) & np.uint32(255)).astype(np.uint8).tobytes() for p in range(planes)
    ), planes


# The ground carries no more than 1 m.
_GROUND_SCALE = 1e5


def pack_parts(geometry: BaseGeometry) -> list[list[int]]:
    """Write the lines, rings or points of a geometry as whole numbers: each coordinate's step from the one before.

    Args:
        geometry: WGS 84; steps are of 0.00001 degree, longitude before latitude.

    Returns:
        one list for each line, ring or point, beginning with its first position; holes follow their outline.

    >>> pack_parts(shapely.LineString([(121, 31), (121.0001, 30.9999)]))
    [[12100000, 3100000, 10, -10]]
    """
    parts = []
    for part in shapely.get_parts(shapely.force_2d(geometry)):
        for line in shapely.get_rings(part) if part.geom_type == "Polygon" else [part]:
            corners = np.rint(shapely.get_coordinates(line) * _GROUND_SCALE).astype(np.int64)
            steps = np.diff(corners, axis=0, prepend=np.zeros((1, 2), np.int64))
            parts.append(steps[(steps != 0).any(axis=1)].ravel().tolist())
    return parts


def packed_size(data: bytes) -> int:
    """Give the bytes that data takes in the page: deflated, then in base64."""
    return -(-len(zlib.compress(data, 9)) // 3) * 4
