"""The zone index must say of every point what GEOS says, whatever the geometry."""

from __future__ import annotations

import pickle
from fractions import Fraction

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from gis.base.errors import InputError, UsageError
from gis.engine import zone_kernels
from gis.engine.zone_index import Tally, ZoneIndex

Floats = npt.NDArray[np.float64]
Zones = npt.NDArray[np.object_]
RELAXED = settings(max_examples=60, suppress_health_check=list(HealthCheck))


def array_of(*zones: object) -> Zones:
    made = np.empty(len(zones), dtype=object)
    made[:] = zones
    return made


def joined(zones: Zones, x: Floats, y: Floats) -> set[tuple[int, int]]:
    points = gpd.GeoDataFrame(geometry=shapely.points(x, y))
    frame = gpd.GeoDataFrame(geometry=list(zones))
    found = gpd.sjoin(points, frame, predicate="intersects")
    return set(zip(found.index.tolist(), found["index_right"].tolist(), strict=True))


def assert_same(zones: Zones, x: Floats, y: Floats, **options: int) -> None:
    index = ZoneIndex.build(zones, **options)
    points, hits = index.pairs(x, y)
    pairs = list(zip(points.tolist(), hits.tolist(), strict=True))
    assert len(pairs) == len(set(pairs)), "a pair is listed twice"
    wanted = joined(zones, x, y)
    assert set(pairs) == wanted
    counts = np.bincount([zone for _, zone in wanted], minlength=len(zones))
    assert index.count(x, y).tolist() == counts.tolist()
    held = {point for point, _ in wanted}
    assert index.any(x, y).tolist() == [k in held for k in range(len(x))]


def probes(zones: Zones, rng: np.random.Generator, n: int = 200) -> tuple[Floats, Floats]:
    """Random points, all vertices, points on (or a rounding beside) edges, and points level with vertices."""
    coordinates = shapely.get_coordinates(zones)
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    margin = 0.1 * (high - low) + 1e-9
    scattered = rng.uniform(low - margin, high + margin, (n, 2))
    some = coordinates[rng.integers(0, len(coordinates), n)]
    other = coordinates[rng.integers(0, len(coordinates), n)]
    middle = (coordinates[:-1] + coordinates[1:]) / 2
    share = rng.random((len(coordinates) - 1, 1))
    along = coordinates[:-1] + share * (coordinates[1:] - coordinates[:-1])
    beside = np.nextafter(along, np.inf)
    level = np.column_stack([scattered[:, 0], some[:, 1]])
    upright = np.column_stack([some[:, 0], scattered[:, 1]])
    crossed = np.column_stack([some[:, 0], other[:, 1]])
    every = np.vstack([scattered, coordinates, middle, along, beside, level, upright, crossed])
    return np.ascontiguousarray(every[:, 0]), np.ascontiguousarray(every[:, 1])


def star(rng: np.random.Generator, centre: Floats, radius: float, n: int) -> Polygon:
    angle = (np.arange(n) + rng.random(n) * 0.9) / n * 2 * np.pi
    reach = radius * rng.uniform(0.3, 1.0, n)
    return Polygon(np.column_stack([centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle)]))


@RELAXED
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 12),
    vertices=st.integers(3, 60),
    cells=st.sampled_from([1, 7, 64, 4096]),
    most_edges=st.sampled_from([1, 4, 12]),
    shift=st.sampled_from([0.0, 121.3, -73.5, 4.0e5, 3.4e6]),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
)
def test_random_overlapping_stars_agree_with_sjoin(
    seed: int, n: int, vertices: int, cells: int, most_edges: int, shift: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    zones = array_of(
        *(star(rng, shift + scale * rng.random(2), scale * rng.uniform(0.05, 0.6), vertices) for _ in range(n))
    )
    assert_same(zones, *probes(zones, rng), most_cells=cells, most_edges=most_edges)


@RELAXED
@given(
    seed=st.integers(0, 2**32 - 1),
    cells=st.sampled_from([1, 9, 64, 2048]),
    grid=st.sampled_from([2, 3, 5, 9]),
    step=st.sampled_from([1.0, 0.1, 1 / 3]),
)
def test_polygons_on_a_small_lattice_agree_with_sjoin(seed: int, cells: int, grid: int, step: float) -> None:
    """Shared edges, vertices on edges, collinear and level runs, holes that touch the outline, parts that touch."""
    rng = np.random.default_rng(seed)
    zones = []
    for _ in range(8):
        cover = [
            box(i * step, j * step, (i + 1) * step, (j + 1) * step)
            for i in range(grid)
            for j in range(grid)
            if rng.random() < 0.6
        ]
        corner = rng.integers(0, grid + 1, (4, 2)) * step
        ring = Polygon(corner)
        shape = shapely.union_all(cover) if rng.random() < 0.6 else ring
        zones.append(
            shape if shape.is_valid and shape.geom_type in {"Polygon", "MultiPolygon"} else box(0, 0, step, step)
        )
    lattice = np.arange(-1, 2 * grid + 2) * step / 2
    x, y = (np.ascontiguousarray(axis.ravel()) for axis in np.meshgrid(lattice, lattice))
    made = array_of(*zones)
    assert_same(made, x, y, most_cells=cells, most_edges=2)
    assert_same(made, *probes(made, rng, 50), most_cells=cells, most_edges=2)


@RELAXED
@given(seed=st.integers(0, 2**32 - 1), cells=st.sampled_from([1, 100, 5000]))
def test_holes_and_many_parts_agree_with_sjoin(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    zones = []
    for _ in range(5):
        blob = shapely.union_all([star(rng, rng.random(2), 0.4, 20).buffer(0) for _ in range(3)])
        holes = shapely.union_all([star(rng, rng.random(2), 0.1, 8).buffer(0) for _ in range(6)])
        cut = blob.difference(holes)
        zones.append(cut if cut.geom_type in {"Polygon", "MultiPolygon"} else box(0, 0, 1, 1))
    made = array_of(*zones)
    assert_same(made, *probes(made, rng), most_cells=cells, most_edges=3)


@RELAXED
@given(seed=st.integers(0, 2**32 - 1), bits=st.integers(2, 40))
def test_points_a_rounding_off_slanted_edges_agree_with_sjoin(seed: int, bits: int) -> None:
    """Nearly collinear coordinates of few bits, far from the origin: the plain orientation is wrong for many."""
    rng = np.random.default_rng(seed)
    unit = 2.0**-bits
    corner = 12.0 + rng.integers(0, 64, (3, 2)) * 0.5
    zones = array_of(Polygon(corner))
    start = corner[0] + rng.random((400, 1)) * (corner[1] - corner[0])
    x, y = (np.ascontiguousarray(axis) for axis in (start + rng.integers(-4, 5, (400, 2)) * unit * 2.0**-10).T)
    assert_same(zones, x, y, most_cells=64)


@RELAXED
@given(
    st.tuples(*[st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: v if abs(v) > 1e-30 else 0.0) for _ in range(4)]),
    st.floats(0, 1),
    st.integers(-3, 3),
    st.integers(-3, 3),
)
def test_the_orientation_has_the_exact_sign(ends: tuple[float, ...], share: float, up: int, across: int) -> None:
    ax, ay, bx, by = ends
    px = float(np.float64(ax + share * (bx - ax)))
    py = float(np.float64(ay + share * (by - ay)))
    for _ in range(abs(across)):
        px = float(np.nextafter(px, np.inf * across))
    for _ in range(abs(up)):
        py = float(np.nextafter(py, np.inf * up))
    px, py = (v if abs(v) > 1e-30 else 0.0 for v in (px, py))
    exact = (Fraction(ax) - Fraction(px)) * (Fraction(by) - Fraction(py)) - (Fraction(ay) - Fraction(py)) * (
        Fraction(bx) - Fraction(px)
    )
    assert zone_kernels.orientation(ax, ay, bx, by, px, py) == (exact > 0) - (exact < 0)


def test_neighbours_both_count_a_point_on_their_shared_edge_and_corner() -> None:
    index = ZoneIndex.build(array_of(box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 2, 2)))
    points, zones = index.pairs(np.array([1.0, 1.0, 0.0]), np.array([0.5, 1.0, 0.0]))
    assert list(zip(points.tolist(), zones.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0)]


def test_a_point_in_a_hole_is_out_and_on_its_edge_is_in() -> None:
    zones = array_of(box(0, 0, 9, 9).difference(box(3, 3, 6, 6)))
    assert ZoneIndex.build(zones).any(np.array([4.0, 3.0, 1.0]), np.array([4.0, 5.0, 1.0])).tolist() == [
        False,
        True,
        True,
    ]


def test_a_zone_of_overlapping_parts_counts_a_point_once() -> None:
    zones = array_of(MultiPolygon([box(0, 0, 4, 4), box(2, 2, 6, 6), box(20, 20, 21, 21)]))
    rng = np.random.default_rng(0)
    for cells in (1, 30, 10_000):
        assert_same(zones, *probes(zones, rng), most_cells=cells, most_edges=2)


def test_a_ring_that_crosses_itself_is_read_as_geos_reads_it() -> None:
    zones = array_of(
        Polygon([(0, 0), (4, 4), (4, 0), (0, 4)]), Polygon([(0, 0), (6, 0), (6, 6), (2, 6), (2, -2), (0, 3)])
    )
    assert_same(zones, *probes(zones, np.random.default_rng(0)))


@pytest.mark.parametrize(
    "zone",
    [
        Polygon([(0, 0), (1, 1), (2, 2)]),
        Polygon([(0, 0), (3, 0), (1, 0)]),
        Polygon([(1, 0), (1, 5), (1, 2)]),
        Polygon([(5, 5), (5, 5), (5, 5)]),
    ],
)
def test_a_zone_without_area_holds_the_points_on_it(zone: Polygon) -> None:
    line = np.arange(-1, 7) / 2
    x, y = (np.ascontiguousarray(axis.ravel()) for axis in np.meshgrid(line, line))
    assert_same(array_of(zone), x, y)
    assert_same(array_of(zone, box(0, 0, 3, 3)), x, y, most_cells=4)


def test_an_empty_part_changes_nothing() -> None:
    made = array_of(
        shapely.from_wkt("MULTIPOLYGON (EMPTY, ((0 0, 1 0, 1 1, 0 0)))"),
        shapely.from_wkt("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), EMPTY)"),
    )
    assert ZoneIndex.build(made).count(np.array([0.5, 2.0]), np.array([0.2, 2.0])).tolist() == [1, 1]


def test_missing_and_empty_zones_hold_nothing_and_keep_their_row() -> None:
    x = np.array([0.5])
    assert ZoneIndex.build(array_of(None, box(0, 0, 1, 1), Polygon())).count(x, x).tolist() == [0, 1, 0]
    assert ZoneIndex.build(array_of(None)).count(x, x).tolist() == [0]
    assert ZoneIndex.build(array_of()).count(x, x).tolist() == []


def test_points_without_a_place_are_in_no_zone() -> None:
    nowhere = np.array([np.nan, np.inf, -np.inf, 0.5])
    assert ZoneIndex.build(array_of(box(0, 0, 1, 1))).count(nowhere, np.full(4, 0.5)).tolist() == [1]
    assert ZoneIndex.build(array_of(box(0, 0, 1, 1))).count(np.full(4, 0.5), nowhere).tolist() == [1]


def test_a_vertex_with_a_thousand_edges_stays_exact() -> None:
    angle = np.linspace(0, 2 * np.pi, 2001)[:-1]
    reach = np.where(np.arange(2000) % 2, 1.0, 1e-7)
    zones = array_of(Polygon(np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])))
    rng = np.random.default_rng(3)
    near = rng.normal(0, 1e-7, (500, 2))
    assert_same(zones, np.ascontiguousarray(near[:, 0]), np.ascontiguousarray(near[:, 1]))
    assert_same(zones, *probes(zones, rng))


def test_many_zones_over_one_place_agree_with_sjoin() -> None:
    rng = np.random.default_rng(4)
    zones = array_of(*(star(rng, rng.random(2), rng.uniform(0.3, 2), 30) for _ in range(200)))
    assert_same(zones, *probes(zones, rng), most_cells=5000)


def test_groups_and_sums_are_those_of_a_pandas_groupby() -> None:
    rng = np.random.default_rng(5)
    zones = array_of(*(star(rng, rng.random(2), 0.4, 40) for _ in range(6)))
    x, y = rng.random(150_000), rng.random(150_000)
    groups = rng.integers(0, 3, x.size).astype(np.int32)
    values = [rng.integers(0, 10**9, x.size).astype(np.float64), rng.random(x.size)]
    values[1][::7] = np.nan
    index = ZoneIndex.build(zones)
    tally = Tally.empty(6, 3, 2)
    index.tally(x, y, groups, values, tally)
    points, hits = index.pairs(x, y)
    for zone in range(6):
        for group in range(3):
            chosen = points[(hits == zone) & (groups[points] == group)]
            assert tally.counts[zone, group] == chosen.size
            assert int(tally.high[zone, group, 0]) + int(tally.low[zone, group, 0]) == sum(map(int, values[0][chosen]))
            assert tally.high[zone, group, 1] + tally.low[zone, group, 1] == pytest.approx(
                np.nansum(values[1][chosen]), rel=1e-14
            )


def test_integer_sums_stay_exact_beyond_what_a_float_holds() -> None:
    index = ZoneIndex.build(array_of(box(0, 0, 1, 1)))
    values = np.full(4001, 2.0**53 - 1)
    values[-1] = 3
    x = np.full(4001, 0.5)
    whole = Tally.empty(1, 1, 1)
    for a, b in ((0, 1000), (1000, 4001)):
        part = Tally.empty(1, 1, 1)
        index.tally(x[a:b], x[a:b], None, [values[a:b]], part)
        whole.add(part)
    assert int(whole.high[0, 0, 0]) + int(whole.low[0, 0, 0]) == 4000 * (2**53 - 1) + 3
    assert whole.counts.tolist() == [[4001]]


def test_an_index_survives_pickling() -> None:
    rng = np.random.default_rng(6)
    zones = array_of(*(star(rng, rng.random(2), 0.4, 40) for _ in range(6)))
    index = ZoneIndex.build(zones)
    x, y = probes(zones, rng)
    assert pickle.loads(pickle.dumps(index)).count(x, y).tolist() == index.count(x, y).tolist()


def test_every_zone_that_is_no_polygon_is_named() -> None:
    with pytest.raises(InputError) as caught:
        ZoneIndex.build(array_of(Point(0, 0), box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])))
    assert [fault.row for fault in caught.value.faults] == [1, 3]


def test_holes_that_cross_the_outline_are_refused() -> None:
    broken = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(2, 2), (6, 2), (6, 3), (2, 3)]])
    with pytest.raises(InputError, match="repair it first"):
        ZoneIndex.build(array_of(box(0, 0, 1, 1), broken))


def test_a_coordinate_that_is_not_finite_is_refused() -> None:
    with pytest.raises(InputError, match="not a finite number"):
        ZoneIndex.build(array_of(Polygon([(0, 0), (np.inf, 0), (1, 1)])))


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(UsageError, match="equally long"):
        ZoneIndex.build(array_of(box(0, 0, 1, 1))).count(np.zeros(2), np.zeros(3))


def test_a_settled_cell_needs_no_edge() -> None:
    """Most points must be answered by their cell alone: that is what makes the count fast."""
    rng = np.random.default_rng(7)
    index = ZoneIndex.build(array_of(*(star(rng, rng.random(2), 0.1, 20) for _ in range(40))), most_cells=1 << 20)
    assert np.mean(index.cells[: index.columns * index.rows] < 0) < 0.05
