"""Read extracts of OpenStreetMap (.osm, .osm.pbf) through GDAL's OSM driver: things with their tags, WGS 84."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.io.containers import refuse
from gis.io.raw import reason_of

_LAYERS: Final = ("points", "lines", "multipolygons")
# What GDAL writes of tags that have no column of their own: "key"=>"value","key"=>"value".
_OTHER: Final = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class OsmThing:
    """A node, way or area of OpenStreetMap with its tags; WGS 84, longitude before latitude."""

    tags: Mapping[str, str]
    geometry: BaseGeometry


def is_osm(path: Path) -> bool:
    """Whether a file is an extract of OpenStreetMap, by its name.

    >>> is_osm(Path("shanghai.osm.pbf")), is_osm(Path("lakes.shp"))
    (True, False)
    """
    return path.name.lower().endswith((".osm", ".pbf"))


def read_osm(path: Path, box: tuple[float, float, float, float]) -> Iterator[OsmThing]:
    """Read the nodes, ways and areas of an extract that meet a box.

    Args:
        path: The file.
        box: West, south, east, north in degrees.

    Raises:
        InputError: It is damaged, or cannot be read.
    """
    import pyogrio

    failures = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError, ValueError, OSError)
    for layer in _LAYERS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks; what matters fails.
                meta, _, geometry, columns = pyogrio.raw.read(path, layer=layer, bbox=box)
            names = [str(name) for name in meta["fields"]]
            for shape, *values in zip(geometry, *columns, strict=True):
                if shape is not None:
                    cells = zip(names, values, strict=True)
                    yield OsmThing(_tags({name: value for name, value in cells if value}), shapely.from_wkb(shape))
        except (*failures, shapely.errors.ShapelyError) as error:
            raise refuse(path.name, f"is damaged, or no extract of OpenStreetMap: {reason_of(error)}") from error


def _tags(cells: Mapping[str, object]) -> dict[str, str]:
    found = {name: str(value) for name, value in cells.items() if name != "other_tags"}
    return found | {key: value.replace('\\"', '"') for key, value in _OTHER.findall(str(cells.get("other_tags", "")))}
