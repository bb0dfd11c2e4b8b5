"""Say how well a position is known: at a point, along a line, within a place, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

# A wider radius is no position: it says within which place a thing lies.
POINT_AT_MOST_M: Final = 1000.0


class Knowledge(StrEnum):
    """How the position of a firm or facility is known."""

    AT = "at"
    ALONG = "along"
    OUTLINE = "outline"
    WITHIN = "within"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """Who says within which place a thing lies."""

    DOCUMENT = "document"
    SOURCE = "source"
    GENERAL = "general"


def knowledge(record: Mapping[str, Any], geometry: BaseGeometry | None) -> Knowledge:
    """How the position of a feature is known.

    AT: a point, with a radius of at most 1 km. ALONG: a line, somewhere on which it lies (a street). OUTLINE: its own
    area. WITHIN: the place `within` of its record. UNKNOWN: none of these; `unplaced_reason` says why.
    """
    if geometry is None:
        return Knowledge.WITHIN if record.get("within") else Knowledge.UNKNOWN
    if geometry.geom_type in {"Point", "MultiPoint"}:
        return Knowledge.AT
    return Knowledge.ALONG if geometry.geom_type.endswith("LineString") else Knowledge.OUTLINE


def too_wide(geometry: BaseGeometry, accuracy_m: float) -> str:
    """Why a point of this accuracy is no position, and what to do; nothing where it is one."""
    if geometry.geom_type != "Point" or accuracy_m <= POINT_AT_MOST_M:
        return ""
    return (
        f"accuracy_m is {accuracy_m:g}; a point is known to at most {POINT_AT_MOST_M:g} m. Leave the geometry out and "
        "say within which place it lies: within, within_source and within_basis (document, source or general)"
    )
