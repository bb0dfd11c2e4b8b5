"""Make outlines of rings: what lies within an odd number of the others is a hole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

_LEAST: Final = 3


def outline_of_rings(rings: Sequence[Sequence[Any]]) -> BaseGeometry:
    """The polygon, or polygons, that rings of points draw, whatever way they turn and in whatever order they stand.

    Args:
        rings: the corners of each ring, with or without the first one again at the end.

    Raises:
        ValueError: a ring has fewer than three corners, or two rings cross.

    >>> outline_of_rings([[(0, 0), (4, 0), (4, 4), (0, 4)], [(1, 1), (2, 1), (2, 2)]]).area
    15.5
    """
    shapes = []
    for number, ring in enumerate(rings, 1):
        corners = list(ring)
        if len({tuple(corner) for corner in corners}) < _LEAST:
            raise ValueError(f"ring {number} has {len(corners)} corner(s); an outline needs three")
        shapes.append(shapely.Polygon(corners))
    if len(shapes) == 1:
        return shapes[0]
    if any(
        one.boundary.crosses(other.boundary) or one.overlaps(other)
        for i, one in enumerate(shapes)
        if one.is_valid
        for other in shapes[:i]
        if other.is_valid
    ):
        raise ValueError("its rings cross: a ring is a hole, or a part of its own")
    order = sorted(range(len(shapes)), key=lambda i: -shapes[i].area)
    around: dict[int, list[int]] = {}
    for place, i in enumerate(order):
        inside = shapes[i].representative_point() if shapes[i].is_valid else shapely.centroid(shapes[i])
        around[i] = [j for j in order[:place] if shapely.contains(shapely.make_valid(shapes[j]), inside)]
    outer = [i for i in range(len(shapes)) if len(around[i]) % 2 == 0]
    parts = []
    for i in outer:
        holes = [j for j in around if len(around[j]) == len(around[i]) + 1 and i in around[j]]
        parts.append(shapely.Polygon(shapes[i].exterior.coords, [shapes[j].exterior.coords for j in holes]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
