"""Give an analyst the project as GeoDataFrames: the notebook's face, which makes the command line's own calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gis.base.errors import UsageError
from gis.earth.datum import Reference, convert
from gis.model.project import Project, find_project, load_project
from gis.model.schema import LAYER_COLUMNS

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

_DTYPES: Final = {str: "string", float: "float64", int: "Int64", bool: "boolean", list: "object"}


def open(path: str | Path | None = None) -> Park:  # noqa: A001
    """Open a project.

    Args:
        path: the folder that holds gis.toml; the nearest one from here upwards, else the bundled one, where None.

    Raises:
        ProjectError: a rule is broken; every fault is listed with file and row.

    >>> import gis
    >>> park = gis.open()
    >>> park.cities
    ['jiading', 'hangzhou', 'huli']
    """
    return Park(load_project(find_project() if path is None else Path(path)))


class Park:
    """A project: its cities by id, as `park["jiading"]`."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @property
    def cities(self) -> list[str]:
        """The ids of the cities, in the order of gis.toml."""
        return list(self.project.cities)

    def __getitem__(self, city: str) -> Area:
        return Area(self.project, self.project.city(city).id)

    def __iter__(self) -> Iterator[Area]:
        return (self[city] for city in self.cities)

    def __len__(self) -> int:
        return len(self.cities)

    def __repr__(self) -> str:
        firms = sum(len(self.project.layer(city, "enterprises")) for city in self.cities)
        return f"{self.project.name} · {len(self)} cities · {firms} firms · as of {self.project.as_of}"


class Area:
    """One city of a project: its layers as GeoDataFrames, its statistics as DataFrames."""

    def __init__(self, project: Project, city: str) -> None:
        self.project = project
        self.id = city

    def __repr__(self) -> str:
        city = self.project.city(self.id)
        counts = " · ".join(
            f"{len(self.project.layer(self.id, kind))} {kind}" for kind in ("zones", "enterprises", "roads")
        )
        return f"{city.name} ({self.id}) · {counts}"

    @property
    def districts(self) -> gpd.GeoDataFrame:
        """The districts, shape (n, columns), EPSG:4326, index `id`."""
        return self._frame("districts")

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """The functional zones, shape (n, columns), EPSG:4326, index `id`."""
        return self._frame("zones")

    @property
    def enterprises(self) -> gpd.GeoDataFrame:
        """The enterprises, shape (n, columns), EPSG:4326, index `id`; a firm known by its park alone stands in it."""
        return self._frame("enterprises")

    @property
    def roads(self) -> gpd.GeoDataFrame:
        """The roads, shape (n, columns), EPSG:4326, index `id`."""
        return self._frame("roads")

    @property
    def facilities(self) -> gpd.GeoDataFrame:
        """The facilities, shape (n, columns), EPSG:4326, index `id`."""
        return self._frame("facilities")

    def _frame(self, kind: str) -> gpd.GeoDataFrame:
        """One layer with every column of its schema in a fixed dtype, also where the layer or the column is empty."""
        import geopandas as gpd
        import pandas as pd

        layer = self.project.layer(self.id, kind)
        columns = {
            column.name: pd.Series(layer.column(column.name), dtype=_DTYPES[column.type])
            for column in LAYER_COLUMNS[kind]
        }
        frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(list(layer.geometry)), crs="EPSG:4326")
        return frame.set_index("id")

    def coverage(self, on: str | date | None = None) -> pd.DataFrame:
        """What `gis coverage` counts of each zone in the role that each zone system gives it, index `id`.

        Args:
            on: a day, ISO text or date: the layout of that day; all layouts where None.

        Raises:
            UsageError: `on` is no day, or nothing is drawn in the city.
        """
        import pandas as pd

        from gis.measures.coverage import coverage

        counted = coverage(self.project, self.id, day=_day(on))
        return pd.DataFrame([row.flat() for row in counted.zones]).set_index("id")

    def at(self, lon: float, lat: float, datum: Reference | str = "wgs84") -> list[dict[str, Any]]:
        """The zones that hold a point, the smallest first, each with its roles by plan, section and line.

        Args:
            lon: longitude in degrees (or easting in metres, where `datum` is projected).
            lat: latitude in degrees (or northing).
            datum: the system of the position; never guessed.

        Raises:
            DatumError: the system is unknown, or a value cannot be a coordinate in it.
        """
        from gis.measures.query import at

        east, north = convert(float(lon), float(lat), datum)
        return [
            {"id": found.record["id"], "name": found.record["name"], **found.answer}
            for found in at(self.project, east, north)
            if found.city == self.id
        ]


def _day(on: str | date | None) -> date | None:
    if on is None or isinstance(on, date):
        return on
    try:
        return date.fromisoformat(on)
    except ValueError as error:
        raise UsageError(f"on is {on!r}; it must be a day like 2025-12-31") from error
