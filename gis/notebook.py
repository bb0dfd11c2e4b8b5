"""Give an analyst the project as GeoDataFrames: the notebook's face, which makes the command line's own calls."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from gis.base.errors import DatumError, UsageError
from gis.earth.datum import Reference, convert
from gis.model.project import Project, find_project, load_project
from gis.model.schema import LAYER_COLUMNS

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from gis.intake.importing import Plan

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

    def map(self, lang: str = "zh") -> Picture:
        """Draw the city's page, the one that `gis build` writes; a notebook shows it.

        Args:
            lang: `zh` or `en`.

        Raises:
            UsageError: nothing is drawn in the city.
        """
        from gis.measures.results import city_results
        from gis.views.map.page import render_page
        from gis.views.site import page_of

        return Picture(render_page(page_of(self.project, self.id, city_results(self.project, self.id)), lang))

    def import_frame(
        self,
        frame: pd.DataFrame,
        kind: str,
        *,
        datum: str | None = None,
        columns: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
        accuracy_m: float | None = None,
        merge: bool = False,
    ) -> Import:
        """Work out what importing a frame would do, as `gis import` does for a file; nothing is changed yet.

        Args:
            frame: a DataFrame with columns of coordinates, or a GeoDataFrame with a CRS.
            kind: `zones`, `enterprises`, `roads`, `facilities` or `districts`.
            datum: what the coordinates are in; a GeoDataFrame says it by its CRS.
            columns: the frame's column for a column of the layer, where its name does not say it.
            values: a value of a column for every row that has none.
            accuracy_m: metres that hold the true position with 95 % probability.
            merge: update features that are there already.

        Raises:
            InputError: rows are faulty; every one is listed.
            UsageError: an option names something that is not there, or the project is the bundled one.
        """
        from gis.intake.importing import Request, plan_import

        root = self.project.root
        with TemporaryDirectory() as folder:
            request = Request(
                file=_written(frame, Path(folder)),
                kind=kind,
                city=self.id,
                datum=datum or _stated(frame),
                columns=dict(columns or {}),
                constants=dict(values or {}),
                accuracy_m=accuracy_m,
                merge=merge,
            )
            return Import(root, plan_import(root, request))


class Import:
    """An import that is planned: look at it, then `apply()`."""

    def __init__(self, root: Path, plan: Plan) -> None:
        self._root = root
        self.plan = plan

    def __repr__(self) -> str:
        request = self.plan.request
        new, changed = len(self.plan.added), len(self.plan.changed)
        return f"import of {request.kind} into {request.city}: {new} new, {changed} changed"

    def preview(self, rows: int = 5) -> pd.DataFrame:
        """The first new or changed features, index `id`."""
        import pandas as pd

        return pd.DataFrame(self.plan.preview(rows), columns=["id", "name", "where (WGS 84)"]).set_index("id")

    def apply(self) -> int:
        """Change the project, and give the number by which `gis imports undo` takes it back.

        Raises:
            UsageError: the layer changed since the plan was made.
        """
        from gis.intake.importing import apply

        return apply(self._root, self.plan, datetime.now().astimezone().isoformat(timespec="seconds")).number


class Picture:
    """A map page: shown in a notebook, saved as one file that needs no network."""

    def __init__(self, page: bytes) -> None:
        self.html = page.decode()

    def __repr__(self) -> str:
        return f"map page of {len(self.html) / 1e6:.1f} MB; .save('map.html') writes it"

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that neither its styles nor its scripts touch the notebook."""
        page = b64encode(self.html.encode()).decode()
        source = f"data:text/html;charset=utf-8;base64,{page}"
        return f'<iframe src="{source}" sandbox="allow-scripts allow-downloads" width="100%" height="640"></iframe>'

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the page.

        Args:
            path: the HTML file.
            force: whether a file that is there may be replaced.

        Raises:
            UsageError: there is such a file.
        """
        from gis.base.files import write_bytes_atomic

        target = Path(path)
        if target.exists() and not force:
            raise UsageError(f"{target} is there already; save with force=True to replace it")
        write_bytes_atomic(target, self.html.encode())
        return target


def count(
    points: str | Path | pd.DataFrame,
    zones: str | Path | gpd.GeoDataFrame,
    by: str | None = None,
    sums: Sequence[str] = (),
    *,
    datum: str | None = None,
    zones_datum: str | None = None,
    id_column: str | None = None,
) -> pd.DataFrame:
    """Count points in zones, as `gis count` does; a point on a boundary is in.

    Args:
        points: a file, a GeoDataFrame of points, or a DataFrame with columns of coordinates.
        zones: a file or a GeoDataFrame of polygons.
        by: a column of the points to count by.
        sums: columns of the points to sum.
        datum: of the points, where neither file nor frame says it: wgs84, gcj02, bd09, cgcs2000 or an EPSG code.
        zones_datum: of the zones, likewise.
        id_column: the column that names a zone; by default `id`, else the row number from 1.

    Returns:
        columns `id`, the BY column, `count`, and each sum; one row a zone, or a zone and value with points there.

    Raises:
        DatumError: a datum is neither stated nor given.
        InputError: a file is damaged, a column is not there, or no zone is a polygon.

    >>> import geopandas as gpd
    >>> from shapely import Point, box
    >>> zones = gpd.GeoDataFrame({"id": ["west", "east"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4326)
    >>> points = gpd.GeoDataFrame(geometry=[Point(0.5, 0.5), Point(1.0, 0.5)], crs=4326)
    >>> count(points, zones)
         id  count
    0  west      2
    1  east      1
    """
    import pandas as pd

    from gis.engine.count import count as compute

    if isinstance(zones, pd.DataFrame) and "id" not in zones.columns and zones.index.name == "id":
        zones = zones.reset_index()
    found = compute(points, zones, by, list(sums), datum=datum, zones_datum=zones_datum, id_column=id_column)
    return pd.DataFrame([list(row) for row in found.rows], columns=list(found.columns))


def expected(
    points: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, accuracy: str = "accuracy_m", zones_accuracy: str | None = None
) -> pd.DataFrame:
    """Say how many points to expect in each zone, where positions are known to an accuracy only.

    Args:
        points: points with a CRS, their accuracy in a column: metres that hold the true position with 95 % probability.
        zones: polygons with a CRS.
        accuracy: the points' column of accuracies.
        zones_accuracy: the zones' column of accuracies; outlines are exact where none is named.

    Returns:
        columns `estimate`, `low`, `high` (a 95 % interval), with the index of `zones`.

    Raises:
        DatumError: a frame has no CRS.
        UsageError: a column is not there, or an accuracy is no number of metres from 0.
    """
    import numpy as np
    import pandas as pd
    import shapely

    from gis.earth import geodesy
    from gis.engine.expected import expected as compute

    for frame, column in ((points, accuracy), (zones, zones_accuracy)):
        if frame.crs is None:
            raise DatumError("a frame has no CRS; say what its coordinates are in with frame.set_crs(…)")
        if column is not None and column not in frame.columns:
            raise UsageError(
                f"there is no column {column!r}; the columns are {', '.join(str(name) for name in frame.columns)}"
            )
    here, there = (np.asarray(frame.to_crs(4326).geometry.array, dtype=object) for frame in (points, zones))
    crs = geodesy.metric_crs_for(shapely.total_bounds(np.concatenate([here, there])))
    flat = np.asarray(geodesy.to_metric(here, crs), dtype=object)
    found = compute(
        np.column_stack([shapely.get_x(flat), shapely.get_y(flat)]),
        points[accuracy].to_numpy(float),
        np.asarray(geodesy.to_metric(there, crs), dtype=object),
        None if zones_accuracy is None else zones[zones_accuracy].to_numpy(float),
    )
    rows = [(one.estimate, one.low, one.high) for one in found]
    return pd.DataFrame(rows, columns=["estimate", "low", "high"], index=zones.index)


def map(  # noqa: A001
    points: str | Path | pd.DataFrame,
    zones: str | Path | gpd.GeoDataFrame,
    by: str | None = None,
    *,
    roads: str | Path | gpd.GeoDataFrame | None = None,
    name: str | None = None,
    datum: str | None = None,
    zones_datum: str | None = None,
    title: str = "",
    lang: str = "zh",
) -> Picture:
    """Draw points and zones as one offline page, as `gis map` does.

    Args:
        points: a file, a GeoDataFrame of points, or a DataFrame with columns of coordinates.
        zones: a file or a GeoDataFrame of polygons.
        by: the points' column that colours them.
        roads: lines, measured by zone.
        name: the points' column of names; recognised where it is not given.
        datum: of the points, where neither file nor frame says it.
        zones_datum: of zones and roads, likewise.
        title: the page's title.
        lang: `zh` or `en`.

    Raises:
        InputError: what is given cannot be read, or a datum is neither stated nor given.
    """
    from gis.earth.datum import parse_datum
    from gis.measures.loose import count_loose, read_points, read_shapes
    from gis.views.map.loose import build_loose_payload
    from gis.views.map.page import render_page

    given = parse_datum(zones_datum) if zones_datum else None
    table = read_points(_source(points), parse_datum(datum) if datum else None, by, name)
    shapes = read_shapes(_source(zones), frozenset({"Polygon", "MultiPolygon"}), given)
    lines = None if roads is None else read_shapes(_source(roads), frozenset({"LineString", "MultiLineString"}), given)
    payload = build_loose_payload(count_loose(table, shapes, lines), title=title, as_of=date.today())
    return Picture(render_page(payload, lang))


def _source(given: Any) -> Any:
    return Path(given) if isinstance(given, str) else given


def _stated(frame: pd.DataFrame) -> str | None:
    """The datum that a GeoDataFrame's CRS says, as `--datum` takes it."""
    crs = getattr(frame, "crs", None)
    code = None if crs is None else crs.to_epsg()
    return None if code is None else ("wgs84" if code == 4326 else f"EPSG:{code}")


def _written(frame: pd.DataFrame, folder: Path) -> Path:
    """Write a frame as a file that the readers know: GeoJSON where it has geometry, else CSV."""
    import geopandas as gpd

    if isinstance(frame, gpd.GeoDataFrame):
        path = folder / "frame.geojson"
        path.write_text(frame.to_json(drop_id=True, na="null"), encoding="utf-8")
    else:
        path = folder / "frame.csv"
        frame.to_csv(path, index=False, encoding="utf-8")
    return path


def _day(on: str | date | None) -> date | None:
    if on is None or isinstance(on, date):
        return on
    try:
        return date.fromisoformat(on)
    except ValueError as error:
        raise UsageError(f"on is {on!r}; it must be a day like 2025-12-31") from error
