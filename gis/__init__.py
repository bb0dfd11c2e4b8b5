"""Turn the functional zones of planning documents into checked geodata, coverage statistics and offline maps."""

from importlib.metadata import version

__version__ = version("park-gis")
