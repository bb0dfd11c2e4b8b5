"""Say which geographic libraries are at hand, and which of the formats that we use they can open and write."""

from __future__ import annotations

from typing import Final

# The drivers of GDAL that reading and export rest on.
DRIVERS: Final = ("GeoJSON", "GPKG", "ESRI Shapefile", "OpenFileGDB", "FlatGeobuf", "KML", "LIBKML", "DXF", "OSM")


def engine_versions() -> dict[str, str]:
    """The versions of the C libraries: two GDALs (pyogrio's and fiona's), GEOS and PROJ."""
    import fiona
    import pyogrio
    import pyproj
    import shapely

    return {
        "GDAL (pyogrio)": ".".join(map(str, pyogrio.__gdal_version__)),
        "GDAL (fiona)": str(fiona.__gdal_version__),
        "GEOS": ".".join(map(str, shapely.geos_version)),
        "PROJ": str(pyproj.proj_version_str),
    }


def drivers() -> dict[str, str]:
    """What GDAL can do with each of `DRIVERS`: `r` reads, `rw` writes too, empty where it is not there."""
    import pyogrio

    offered = pyogrio.list_drivers()
    return {name: str(offered.get(name, "")) for name in DRIVERS}
