"""Say which libraries are at hand, which of our formats they can open and write, and what they raise."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping
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


# What the libraries raise by their own base classes, and whose words these are.
_ERRORS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "GDAL": {
        "pyogrio.errors": ("DataSourceError", "DataLayerError"),
        "pyogrio._err": ("CPLE_BaseError",),
        "fiona.errors": ("FionaError", "FionaValueError"),
        "fiona._err": ("CPLE_BaseError",),
    },
    "GEOS": {"shapely.errors": ("ShapelyError",)},
    "PROJ": {"pyproj.exceptions": ("ProjError",)},
    "Arrow": {"pyarrow.lib": ("ArrowException",)},
    "openpyxl": {
        "openpyxl.utils.exceptions": (
            *("CellCoordinatesException", "IllegalCharacterError", "InvalidFileException", "NamedRangeException"),
            *("ReadOnlyWorkbookException", "SheetTitleException", "WorkbookAlreadySaved"),
        ),
    },
    "xlrd": {"xlrd.biffh": ("XLRDError",)},
    "zip": {"zipfile": ("BadZipFile", "LargeZipFile")},
    "SQLite": {"sqlite3": ("Error",)},
    "numba": {"numba.core.errors": ("NumbaError",)},
}
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def library_errors() -> tuple[type[BaseException], ...]:
    """What the libraries that are loaded may raise, by their base classes, and the lack of memory."""
    return (MemoryError, RecursionError, *_classes())


def _classes() -> dict[type[BaseException], str]:
    found = {}
    for library, modules in _ERRORS.items():
        for module, names in modules.items():
            for name in names:
                kind = getattr(sys.modules.get(module), name, None)
                if isinstance(kind, type) and issubclass(kind, BaseException):
                    found[kind] = library
    return found


def said_by(error: BaseException) -> str:
    """What an error of a library or of the system says, in one line that tells what to do where that is known."""
    if isinstance(error, MemoryError):
        return "内存不足：out of memory; end other programs, or give a smaller file"
    if isinstance(error, RecursionError):
        return "what was given is nested too deep to be read"
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        if error.errno in FULL:
            return f"the disk is full (or the quota used up){where}"
        if "temporary directory" in str(error):
            return f"{error.strerror}: the disk may be full"
        return f"{error.strerror or error}{where}"
    words = " ".join(str(error).split()) or type(error).__name__
    library = next((name for kind, name in _classes().items() if isinstance(error, kind)), type(error).__name__)
    return f"{library} cannot do this: {words}"
