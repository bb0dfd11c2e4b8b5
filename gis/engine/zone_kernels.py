"""Build and read the grid of a zone index in compiled code; importing this module imports numba.

How the grid stays exact. A point's cell is `floor((x - x0) * sx)`, `floor((y - y0) * sy)`, and each step of that is
monotone in IEEE arithmetic, so for two coordinates a, b: cell(a) < cell(b) implies a < b. A cell one level down is
`floor(f * 4)` of the same `f`; scaling by a power of two is exact. For all the points of one cell, an edge of a zone is
therefore one of

* above or below the cell's row, or left of the cell: a ray to the right never meets it;
* right of the cell: the ray meets it exactly when one end is above the point and the other is not, so a chain of such
  edges folds into its two ends, and an end in another row folds into a constant;
* touching the cell (or so close that rounding could decide): kept, and tested with an exact orientation.

A cell that no edge of a zone touches is wholly inside or wholly outside that zone. The cost of a point is thus the
number of edges that pass through its cell, whatever the number of vertices of the zone; a cell with many edges is split
in 4 x 4.

The arrays of a finished index:
    frame: float64 [x0, y0, sx, sy, slack_x, slack_y]; the slack is the rounding of a coordinate, in map units.
    cells: int32. >= 0: a set of zones that hold the whole cell; -(2r + 1): the record at r in `stream`; -(2b + 2):
        split, its 16 cells start at b. After the first level comes one cell for all that is outside the grid: 0.
    stream: int32. A record is [set, number of items, items ...]; an item is [zone, 2 * edges + parity, heights, start]:
        the parity is that of the constants; at `start` in `numbers` stand four for each edge, ax, ay, bx, by, and then
        the heights of the ends that are to be compared. So testing a record reads memory in one run.
    set_parent, set_start, set_zones: a set is its parent set and the zones
        `set_zones[set_start[s]:set_start[s + 1]]`; set 0 is empty.

While it is built, `xy`, (n, 2) float64, holds the vertices of all rings, closed, one after the other; edge v runs from
vertex v to v + 1, and an item is [zone, 2 * edges + parity, number of ends, edges ..., ends ...]; an end is a vertex.
"""

# ruff: noqa: PLR0912, PLR0915  (what is compiled together is inlined together; each further function adds compile time)

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gis.engine.compiling import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Whole: TypeAlias = int | np.signedinteger[Any]

SPLIT_BITS = 2
SPLIT = 1 << SPLIT_BITS
MOST_STALLS = 1
# Shewchuk 1997, "Adaptive precision floating-point arithmetic": the error bound of the plain orientation.
_BOUND = (3.0 + 16.0 * 2.0**-53) * 2.0**-53
_SPLITTER = 134217729.0
_BLOCK = 2048
# Points of which those that need a test are put in order, and into how many heaps.
_ORDERED = 1 << 20
_BUCKETS = 2048


@compiled
def _add_product(terms: Floats, n: int, a: float, b: float) -> int:
    """Add the product a * b exactly to the expansion `terms[:n]`; return its new length."""
    high = a * b
    c = _SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = _SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    low = a_low * b_low - (((high - a_high * b_high) - a_low * b_high) - a_high * b_low)
    for part in (low, high):
        carry = part
        for k in range(n):
            total = carry + terms[k]
            virtual = total - carry
            terms[k] = (carry - (total - virtual)) + (terms[k] - virtual)
            carry = total
        terms[n] = carry
        n += 1
    return n


@compiled
def _orientation_exact(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """The sign of the orientation by exact expansion arithmetic."""
    terms = np.zeros(12)
    n = _add_product(terms, 0, ax, by)
    n = _add_product(terms, n, -ax, py)
    n = _add_product(terms, n, -px, by)
    n = _add_product(terms, n, -ay, bx)
    n = _add_product(terms, n, ay, px)
    n = _add_product(terms, n, py, bx)
    for k in range(n - 1, -1, -1):
        if terms[k] > 0.0:
            return 1
        if terms[k] < 0.0:
            return -1
    return 0


@compiled
def orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """The side of the line a -> b on which p lies: 1 left, -1 right, 0 on it.

    Exact for magnitudes from 1e-140 to 1e140.
    """
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    det = left - right
    bound = _BOUND * (abs(left) + abs(right))
    if det > bound:
        return 1
    if det < -bound:
        return -1
    if left == 0.0 and right == 0.0:
        return 0
    return _orientation_exact(ax, ay, bx, by, px, py)


@compiled
def _room(buffer: Ints, needed: Whole) -> Ints:
    """A buffer with room for `needed` items that begins with the content of `buffer`."""
    if needed <= buffer.size:
        return buffer
    larger = np.empty(max(needed, 2 * buffer.size), np.int32)
    for k in range(buffer.size):
        larger[k] = buffer[k]
    return larger


@compiled
def _toggle(v: Whole, row: Whole, y0: float, sy: float, xy: Floats, ends: Ints, n_ends: Whole) -> tuple[Whole, Whole]:
    """Fold one end of an edge on the right into (new number of open ends, change of parity)."""
    y = xy[v, 1]
    at = np.int64(np.floor((y - y0) * sy))
    if at < row:
        return n_ends, 0
    if at > row:
        return n_ends, 1
    for k in range(n_ends - 1, -1, -1):
        if xy[ends[k], 1] == y:
            ends[k] = ends[n_ends - 1]
            return n_ends - 1, 0
    ends[n_ends] = v
    return n_ends + 1, 0


@compiled
def _sweep(
    zone: Whole,
    edges: Ints,
    ends: Ints,
    n_ends: Whole,
    parity: Whole,
    level: Whole,
    row: Whole,
    first_col: Whole,
    last_col: Whole,
    xy: Floats,
    frame: Floats,
    left: Ints,
    right: Ints,
    touching: Ints,
    entries: Ints,
    entries_end: Whole,
    runs: Ints,
    runs_end: Whole,
) -> tuple[Ints, Whole, Ints, Whole]:
    """Find, right to left, what one part of a zone is to each cell of a row.

    Appends to `entries` for each touched cell [next, column, item ...] and to `runs` for each stretch of cells that
    lies wholly inside [next opening, next closing, zone, first column, last column]; returns both with their ends.
    `ends` has room for 2 * edges + n_ends; `left`, `right` and `touching` have room for the edges.
    """
    x0, y0 = frame[0], frame[1]
    sx, sy = frame[2] * (1 << (SPLIT_BITS * level)), frame[3] * (1 << (SPLIT_BITS * level))
    bottom = y0 + row / sy - 1e-9 / sy - frame[5]
    top = y0 + (row + 1) / sy + 1e-9 / sy + frame[5]
    slack = 1e-9 / sx + frame[4]
    kept = 0
    for k in range(edges.size):
        v = edges[k]
        ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
        x_min, x_max = min(ax, bx), max(ax, bx)
        low, high = x_min, x_max
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        if ay < bottom:
            at = ax + (bottom - ay) / (by - ay) * (bx - ax)
            if ax < bx:
                low = max(low, at)
            else:
                high = min(high, at)
        if by > top:
            at = ax + (top - ay) / (by - ay) * (bx - ax)
            if ax < bx:
                high = min(high, at)
            else:
                low = max(low, at)
        col_low = np.int64(np.floor((max(low, x_min) - slack - x0) * sx))
        col_high = np.int64(np.floor((min(high, x_max) + slack - x0) * sx))
        if col_high < first_col:
            continue
        if col_low > last_col:
            for end in range(2):
                n_ends, flip = _toggle(np.int64(v + end), row, y0, sy, xy, ends, n_ends)
                parity ^= flip
            continue
        left[kept] = max(col_low, first_col)
        right[kept] = min(col_high, last_col)
        edges[kept] = v
        kept += 1

    # Order the edges by their last column, the rightmost first, and else as they run along the ring (a counting sort).
    place = np.zeros(last_col - first_col + 2, np.int32)
    order = np.empty(kept, np.int32)
    for k in range(kept):
        place[last_col - right[k] + 1] += 1
    for k in range(1, place.size):
        place[k] += place[k - 1]
    for k in range(kept):
        at_right = last_col - right[k]
        order[place[at_right]] = k
        place[at_right] += 1

    column = last_col
    n_touching = 0
    taken = 0
    while column >= first_col:
        still = 0
        for k in range(n_touching):
            edge = touching[k]
            if left[edge] > column:
                for end in range(2):
                    n_ends, flip = _toggle(np.int64(edges[edge] + end), row, y0, sy, xy, ends, n_ends)
                    parity ^= flip
            else:
                touching[still] = edge
                still += 1
        n_touching = still
        while taken < kept and right[order[taken]] >= column:
            touching[n_touching] = order[taken]
            n_touching += 1
            taken += 1
        if n_touching == 0:
            following = np.int64(right[order[taken]]) if taken < kept else first_col - 1
            if parity == 1:
                runs = _room(runs, runs_end + 5)
                runs[runs_end + 2] = zone
                runs[runs_end + 3] = following + 1
                runs[runs_end + 4] = column
                runs_end += 5
            column = following
            continue
        entries = _room(entries, entries_end + 5 + n_touching + n_ends)
        entries[entries_end] = -1
        entries[entries_end + 1] = column
        entries[entries_end + 2] = zone
        entries[entries_end + 3] = 2 * n_touching + parity
        entries[entries_end + 4] = n_ends
        entries_end += 5
        for k in range(n_touching):
            entries[entries_end + k] = edges[touching[k]]
        entries_end += n_touching
        for k in range(n_ends):
            entries[entries_end + k] = ends[k]
        entries_end += n_ends
        column -= 1
    return entries, entries_end, runs, runs_end


@compiled
def _mixed(value: Whole) -> np.uint64:
    """Scatter an integer over 64 bits (splitmix64)."""
    z = np.uint64(value + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@compiled
def _set_of(
    parent: Whole,
    zones: Ints,
    n_zones: Whole,
    sets: tuple[Ints, Ints, Ints, Ints],
    counts: Longs,
) -> tuple[Whole, tuple[Ints, Ints, Ints, Ints]]:
    """The number of the set `parent` + `zones[:n_zones]` (ascending, unique), new or known, and `sets`, maybe enlarged.

    `sets` is (parent, start, zones, hash table); `counts[0]` the number of sets, `counts[1]` that of listed zones.
    """
    if n_zones == 0:
        return parent, sets
    parents, starts, listed, table = sets
    key = _mixed(parent)
    for k in range(n_zones):
        key += _mixed(zones[k] + 0x7FFFFFFF)
    mask = table.size - 1
    slot = np.int64(key & np.uint64(mask))
    while table[slot] >= 0:
        known = table[slot]
        start = starts[known]
        if parents[known] == parent and starts[known + 1] - start == n_zones:
            same = True
            for k in range(n_zones):
                if listed[start + k] != zones[k]:
                    same = False
                    break
            if same:
                return np.int64(known), sets
        slot = (slot + 1) & mask
    new = np.int64(counts[0])
    parents = _room(parents, new + 1)
    starts = _room(starts, new + 2)
    listed = _room(listed, counts[1] + n_zones)
    table[slot] = new
    parents[new] = parent
    for k in range(n_zones):
        listed[counts[1] + k] = zones[k]
    counts[1] += n_zones
    starts[new + 1] = counts[1]
    counts[0] = new + 1
    if 2 * counts[0] > table.size:
        table = np.empty(4 * table.size, np.int32)
        for k in range(table.size):
            table[k] = -1
        mask = table.size - 1
        for s in range(1, counts[0]):
            key = _mixed(np.int64(parents[s]))
            for k in range(starts[s], starts[s + 1]):
                key += _mixed(listed[k] + 0x7FFFFFFF)
            slot = np.int64(key & np.uint64(mask))
            while table[slot] >= 0:
                slot = (slot + 1) & mask
            table[slot] = s
    return new, (parents, starts, listed, table)


@compiled
def _finish_row(
    first_col: Whole,
    last_col: Whole,
    first_cell: Whole,
    parent: Whole,
    level: Whole,
    row: Whole,
    most_edges: Whole,
    edges_before: Whole,
    stalls: Whole,
    entries: Ints,
    entries_end: Whole,
    runs: Ints,
    runs_end: Whole,
    chains: Ints,
    cells: Ints,
    stream: Ints,
    crowded: Ints,
    sets: tuple[Ints, Ints, Ints, Ints],
    counts: Longs,
) -> tuple[Ints, Ints, tuple[Ints, Ints, Ints, Ints]]:
    """Write the cells of one row from the entries and runs of all zones.

    A record with more than `most_edges` edges goes to `crowded`, not to `stream`, after [cell, level, row, column,
    edges, stalls]: unless splitting has twice left most of `edges_before` together, as where zones share an edge.
    `counts[2]` is the end of `stream`, `counts[3]` that of `crowded`. `chains` has 4 rows of columns + 2.
    """
    columns = last_col - first_col + 1
    head, tail, opening, closing = chains[0], chains[1], chains[2], chains[3]
    for k in range(columns + 1):
        head[k] = -1
        opening[k] = -1
        closing[k] = -1
    at = 0
    while at < entries_end:
        k = entries[at + 1] - first_col
        if head[k] < 0:
            head[k] = at
        else:
            entries[tail[k]] = at
        tail[k] = at
        at += 5 + (entries[at + 3] >> 1) + entries[at + 4]
    for at in range(0, runs_end, 5):
        k = runs[at + 3] - first_col
        runs[at] = opening[k]
        opening[k] = at
        k = runs[at + 4] - first_col + 1
        runs[at + 1] = closing[k]
        closing[k] = at

    active = np.empty(runs_end // 5 + 1, np.int32)
    unique = np.empty(runs_end // 5 + 1, np.int32)
    n_active = 0
    n_unique = 0
    here: Whole = np.int64(parent)
    for k in range(columns):
        changed = False
        at = closing[k]
        while at >= 0:
            i = 0
            while active[i] != runs[at + 2]:
                i += 1
            n_active -= 1
            while i < n_active:
                active[i] = active[i + 1]
                i += 1
            changed = True
            at = runs[at + 1]
        at = opening[k]
        while at >= 0:
            i = n_active
            while i > 0 and active[i - 1] > runs[at + 2]:
                active[i] = active[i - 1]
                i -= 1
            active[i] = runs[at + 2]
            n_active += 1
            changed = True
            at = runs[at]
        if changed:
            n_unique = 0
            for i in range(n_active):
                if i == 0 or active[i] != active[i - 1]:
                    unique[n_unique] = active[i]
                    n_unique += 1
            here, sets = _set_of(parent, unique, n_unique, sets, counts)
        if head[k] < 0:
            cells[first_cell + k] = here
            continue

        size = 2
        items = 0
        edges = 0
        at = head[k]
        while at >= 0:
            i, j = 0, n_unique
            while i < j:
                middle = (i + j) // 2
                if unique[middle] < entries[at + 2]:
                    i = middle + 1
                else:
                    j = middle
            if i < n_unique and unique[i] == entries[at + 2]:
                entries[at + 2] = -1  # another part of this zone holds the whole cell
            else:
                n = 3 + (entries[at + 3] >> 1) + entries[at + 4]
                size += n
                edges += entries[at + 3] >> 1
                items += 1
            at = entries[at]
        if items == 0:
            cells[first_cell + k] = here
            continue
        stalled = stalls + 1 if 4 * edges > 3 * edges_before else 0
        if edges > most_edges and stalled <= MOST_STALLS:
            crowded = _room(crowded, counts[3] + 6 + size)
            to, end = crowded, counts[3]
            to[end] = first_cell + k
            to[end + 1] = level
            to[end + 2] = row
            to[end + 3] = first_col + k
            to[end + 4] = edges
            to[end + 5] = stalled
            end += 6
            counts[3] = end + size
        else:
            stream = _room(stream, counts[2] + size)
            to, end = stream, counts[2]
            cells[first_cell + k] = -(2 * end + 1)
            counts[2] = end + size
        to[end] = here
        to[end + 1] = items
        end += 2
        at = head[k]
        while at >= 0:
            if entries[at + 2] >= 0:
                n = 3 + (entries[at + 3] >> 1) + entries[at + 4]
                for k_item in range(n):
                    to[end + k_item] = entries[at + 2 + k_item]
                end += n
            at = entries[at]
    return stream, crowded, sets


@compiled
def _packed(cells: Ints, n_cells: Whole, stream: Ints, end: Whole, xy: Floats) -> tuple[Ints, Floats]:
    """Put the coordinates that a record needs in one run, and point `cells` to the new records."""
    size = 0
    n_numbers = 0
    at = 0
    while at < end:
        items = stream[at + 1]
        size += 2 + 4 * items
        at += 2
        for _ in range(items):
            edges = stream[at + 1] >> 1
            n_numbers += 4 * edges + stream[at + 2]
            at += 3 + edges + stream[at + 2]
    packed = np.empty(size, np.int32)
    numbers = np.empty(n_numbers)
    to = 0
    number = 0
    at = 0
    while at < end:
        record = at
        items = stream[at + 1]
        packed[to] = stream[at]
        packed[to + 1] = items
        stream[record] = to
        at += 2
        to += 2
        for _ in range(items):
            edges = stream[at + 1] >> 1
            ends = stream[at + 2]
            packed[to] = stream[at]
            packed[to + 1] = stream[at + 1]
            packed[to + 2] = ends
            packed[to + 3] = number
            to += 4
            at += 3
            for k in range(edges):
                v = stream[at + k]
                numbers[number] = xy[v, 0]
                numbers[number + 1] = xy[v, 1]
                numbers[number + 2] = xy[v + 1, 0]
                numbers[number + 3] = xy[v + 1, 1]
                number += 4
            at += edges
            for k in range(ends):
                numbers[number + k] = xy[stream[at + k], 1]
            number += ends
            at += ends
    for cell in range(n_cells):
        code = np.int64(cells[cell])
        if code < 0 and code & 1 == 1:
            cells[cell] = -(2 * stream[(-code - 1) >> 1] + 1)
    return packed, numbers


@compiled
def build(
    xy: Floats,
    ring_start: Longs,
    ring_part: Ints,
    part_zone: Ints,
    frame: Floats,
    columns: int,
    rows: int,
    most_edges: int,
    levels: int,
) -> tuple[Ints, Ints, Floats, Ints, Ints, Ints]:
    """Build the grid.

    Args:
        xy: (n, 2) the vertices of all rings, closed, one after the other.
        ring_start: (rings + 1,) the first vertex of each ring.
        ring_part: (rings,) the part (polygon) each ring belongs to, ascending.
        part_zone: (parts,) the zone of each part, ascending.
        frame: see the module.
        columns: of the grid's first level.
        rows: of the grid's first level.
        most_edges: a cell with more edges than this is split.
        levels: how often a cell may be split.

    Returns:
        cells, stream, numbers, set_parent, set_start, set_zones.
    """
    y0, sy = frame[1], frame[3]
    n_rings = ring_part.size
    # The edges of each row, in the order of their parts (a counting sort).
    row_start = np.zeros(rows + 1, np.int64)
    for ring in range(n_rings):
        for v in range(ring_start[ring], ring_start[ring + 1] - 1):
            a = np.int64((xy[v, 1] - y0) * sy)
            b = np.int64((xy[v + 1, 1] - y0) * sy)
            for row in range(min(a, b), max(a, b) + 1):
                row_start[row + 1] += 1
    for row in range(rows):
        row_start[row + 1] += row_start[row]
    fill = row_start[:-1].copy()
    row_edge = np.empty(row_start[rows], np.int32)
    row_part = np.empty(row_start[rows], np.int32)
    for ring in range(n_rings):
        for v in range(ring_start[ring], ring_start[ring + 1] - 1):
            a = np.int64((xy[v, 1] - y0) * sy)
            b = np.int64((xy[v + 1, 1] - y0) * sy)
            for row in range(min(a, b), max(a, b) + 1):
                row_edge[fill[row]] = v
                row_part[fill[row]] = ring_part[ring]
                fill[row] += 1

    cells = np.zeros(columns * rows + 1, np.int32)
    stream = np.empty(4096, np.int32)
    crowded = np.empty(4096, np.int32)
    sets = (np.zeros(64, np.int32), np.zeros(65, np.int32), np.empty(64, np.int32), np.empty(256, np.int32))
    for k in range(256):
        sets[3][k] = -1
    counts = np.zeros(4, np.int64)
    counts[0] = 1
    entries = np.empty(4096, np.int32)
    runs = np.empty(320, np.int32)
    left = np.empty(64, np.int32)
    right = np.empty(64, np.int32)
    touching = np.empty(64, np.int32)
    ends = np.empty(128, np.int32)
    chains = np.empty((4, max(columns, SPLIT) + 2), np.int32)

    zero = row_start[0]  # a literal 0 would have every function below compiled a second time
    for row in range(rows):
        entries_end: Whole = 0
        runs_end: Whole = 0
        at = row_start[row]
        while at < row_start[row + 1]:
            part = row_part[at]
            stop = at + 1
            while stop < row_start[row + 1] and row_part[stop] == part:
                stop += 1
            n = stop - at
            if n > left.size:
                left = np.empty(2 * n, np.int32)
                right = np.empty(2 * n, np.int32)
                touching = np.empty(2 * n, np.int32)
                ends = np.empty(4 * n, np.int32)
            entries, entries_end, runs, runs_end = _sweep(
                np.int64(part_zone[part]), row_edge[at:stop], ends, zero, zero, zero, np.int64(row),
                zero, np.int64(columns - 1), xy, frame,
                left, right, touching, entries, entries_end, runs, runs_end,
            )  # fmt: skip
            at = stop
        stream, crowded, sets = _finish_row(
            zero, np.int64(columns - 1), np.int64(row * columns), zero, zero, np.int64(row),
            np.int64(most_edges if levels > 0 else 2**31 - 1), np.int64(2**31 - 1), zero,
            entries, entries_end, runs, runs_end, chains, cells, stream, crowded, sets, counts,
        )  # fmt: skip

    n_cells = cells.size
    edges = np.empty(64, np.int32)
    for level in range(1, levels + 1):
        if counts[3] == 0:
            break
        source = crowded[: counts[3]].copy()
        counts[3] = 0
        at = 0
        while at < source.size:
            cell = source[at]
            edges_before = np.int64(source[at + 4])
            stalls = np.int64(source[at + 5])
            parent = np.int64(source[at + 6])
            items = np.int64(source[at + 7])
            first_row = np.int64(source[at + 2]) * SPLIT
            first_col = np.int64(source[at + 3]) * SPLIT
            at += 8
            cells[cell] = -(2 * n_cells + 2)
            first_cell = n_cells
            n_cells += SPLIT * SPLIT
            cells = _room(cells, n_cells)
            scale = sy * (1 << (SPLIT_BITS * level))
            for row in range(first_row, first_row + SPLIT):
                item = at
                entries_end = 0
                runs_end = 0
                for _ in range(items):
                    n = source[item + 1] >> 1
                    n_ends_given = source[item + 2]
                    if n > edges.size:
                        edges = np.empty(2 * n, np.int32)
                    if n > left.size:
                        left = np.empty(2 * n, np.int32)
                        right = np.empty(2 * n, np.int32)
                        touching = np.empty(2 * n, np.int32)
                    if 2 * n + n_ends_given > ends.size:
                        ends = np.empty(2 * (2 * n + n_ends_given), np.int32)
                    kept = 0
                    for k in range(n):
                        v = source[item + 3 + k]
                        a = np.int64(np.floor((xy[v, 1] - y0) * scale))
                        b = np.int64(np.floor((xy[v + 1, 1] - y0) * scale))
                        if min(a, b) <= row and max(a, b) >= row:
                            edges[kept] = v
                            kept += 1
                    parity = np.int64(source[item + 1] & 1)
                    n_ends: Whole = np.int64(0)
                    for k in range(n_ends_given):
                        n_ends, flip = _toggle(np.int64(source[item + 3 + n + k]), row, y0, scale, xy, ends, n_ends)
                        parity ^= flip
                    entries, entries_end, runs, runs_end = _sweep(
                        np.int64(source[item]), edges[:kept], ends, n_ends, parity, np.int64(level), np.int64(row),
                        first_col, first_col + SPLIT - 1, xy, frame,
                        left, right, touching, entries, entries_end, runs, runs_end,
                    )  # fmt: skip
                    item += 3 + n + n_ends_given
                stream, crowded, sets = _finish_row(
                    first_col, first_col + SPLIT - 1, np.int64(first_cell + (row - first_row) * SPLIT), parent,
                    np.int64(level), np.int64(row),
                    np.int64(most_edges if level < levels else 2**31 - 1), edges_before, stalls,
                    entries, entries_end, runs, runs_end, chains, cells, stream, crowded, sets, counts,
                )  # fmt: skip
            at = item

    n_sets = counts[0]
    packed, numbers = _packed(cells, n_cells, stream, counts[2], xy)
    return (
        cells if n_cells == cells.size else cells[:n_cells].copy(),
        packed,
        numbers,
        sets[0][:n_sets].copy(),
        sets[1][: n_sets + 1].copy(),
        sets[2][: counts[1]].copy(),
    )


@compiled
def _leaf(fx: float, fy: float, code: Whole, cells: Ints) -> Whole:
    """Follow a split cell down to its code for the point."""
    scale = 1.0
    while code < 0 and code & 1 == 0:
        scale *= SPLIT
        i = np.int64(fx * scale) & (SPLIT - 1)
        j = np.int64(fy * scale) & (SPLIT - 1)
        code = cells[(-code - 2) // 2 + j * SPLIT + i]
    return code


@compiled
def _holds_exactly(x: float, y: float, numbers: Floats, stream: Ints, item: Whole) -> bool:
    """Whether the part in the item at `item` holds the point or has it on its boundary, by exact orientations."""
    inside = stream[item + 1] & 1
    at = stream[item + 3]
    for _ in range(stream[item + 1] >> 1):
        ax, ay, bx, by = numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]
        at += 4
        if (ay > y) != (by > y):
            side = orientation(ax, ay, bx, by, x, y)
            if side == 0:
                return True
            if (side > 0) == (by > ay):
                inside ^= 1
        elif ay == y and (ax == x or (by == y and (bx == x or (ax < x) != (bx < x)))):
            return True
    for k in range(at, at + stream[item + 2]):
        if numbers[k] > y:
            inside ^= 1
    return bool(inside == 1)


@compiled
def _holds(x: float, y: float, numbers: Floats, stream: Ints, item: Whole) -> int:
    """1 where the part in the item at `item` holds the point or has it on its boundary, else 0.

    Without a branch; where the rounding of one orientation could matter, exactly.
    """
    inside = stream[item + 1] & 1
    at = stream[item + 3]
    doubt = False
    for _ in range(stream[item + 1] >> 1):
        ay = numbers[at + 1] - y
        by = numbers[at + 3] - y
        left = (numbers[at] - x) * by
        right = ay * (numbers[at + 2] - x)
        at += 4
        det = left - right
        up = by > 0.0
        inside ^= (up != (ay > 0.0)) & ((det > 0.0) == up)
        doubt |= abs(det) <= _BOUND * (abs(left) + abs(right))
    for k in range(at, at + stream[item + 2]):
        inside ^= numbers[k] > y
    if doubt:
        return 1 if _holds_exactly(x, y, numbers, stream, item) else 0
    return int(inside)


@compiled
def _settled(
    xs: Floats,
    ys: Floats,
    first: Whole,
    last: Whole,
    frame: Floats,
    columns: int,
    rows: int,
    cells: Ints,
    in_set: Longs,
    waiting: Ints,
    codes: Ints,
) -> int:
    """Count the points from `first` to `last` whose cell settles them; list the others, from `first`, and their codes.

    Three short loops a block, without a branch: then the processor waits for many cells at once.
    """
    x0, y0, sx, sy = frame[0], frame[1], frame[2], frame[3]
    wide = np.int32(columns)
    outside = wide * np.int32(rows)
    block = np.empty(_BLOCK, np.int32)
    n = 0
    for start in range(first, last, _BLOCK):
        length = min(_BLOCK, last - start)
        for k in range(length):
            fx = (xs[start + k] - x0) * sx
            fy = (ys[start + k] - y0) * sy
            within = (fx >= 0.0) & (fy >= 0.0) & (fx < columns) & (fy < rows)
            cell = np.int32(fy) * wide + np.int32(fx)
            block[k] = cell if within else outside
        for k in range(length):
            block[k] = cells[np.uint32(block[k])]
        for k in range(length):
            code = block[k]
            waiting[n] = start + k - first
            codes[n] = code
            n += code < 0
            in_set[max(code, 0)] += code >= 0
    return n


@compiled
def tally(
    xs: Floats,
    ys: Floats,
    numbers: Floats,
    frame: Floats,
    columns: int,
    rows: int,
    cells: Ints,
    stream: Ints,
    in_set: Longs,
    in_zone: Longs,
) -> None:
    """Add to `in_set` the points whose cell is settled or lies wholly in a set, to `in_zone` those found by a test.

    Points that need a test are first put in the order of their records: tested so, they find them in the cache.
    """
    x0, y0, sx, sy = frame[0], frame[1], frame[2], frame[3]
    size = min(xs.size, _ORDERED)
    waiting = np.empty(size, np.int32)
    codes = np.empty(size, np.int32)
    shift = 0
    while (stream.size >> shift) >= _BUCKETS:
        shift += 1
    bucket = np.empty(_BUCKETS + 1, np.int32)
    for first in range(0, xs.size, _ORDERED):
        last = min(first + _ORDERED, xs.size)
        n = _settled(xs, ys, np.int64(first), np.int64(last), frame, columns, rows, cells, in_set, waiting, codes)
        for k in range(_BUCKETS + 1):
            bucket[k] = 0
        tested = 0
        for w in range(n):
            k = first + waiting[w]
            code = _leaf((xs[k] - x0) * sx, (ys[k] - y0) * sy, np.int64(codes[w]), cells)
            if code >= 0:
                in_set[code] += 1
            else:
                record = (-code - 1) >> 1
                waiting[tested] = waiting[w]
                codes[tested] = record
                bucket[(record >> shift) + 1] += 1
                tested += 1
        for k in range(_BUCKETS):
            bucket[k + 1] += bucket[k]
        ordered_x = np.empty(tested)
        ordered_y = np.empty(tested)
        ordered = np.empty(tested, np.int32)
        for w in range(tested):
            record = codes[w]
            to = bucket[record >> shift]
            bucket[record >> shift] = to + 1
            k = first + waiting[w]
            ordered_x[to] = xs[k]
            ordered_y[to] = ys[k]
            ordered[to] = record
        for w in range(tested):
            x = ordered_x[w]
            y = ordered_y[w]
            at = np.int64(ordered[w])
            in_set[stream[at]] += 1
            item = at + 2
            found = -1
            for _ in range(stream[at + 1]):
                zone = stream[item]
                held = _holds(x, y, numbers, stream, item) & (zone != found)
                in_zone[zone] += held
                found = zone if held else found
                item += 4


@compiled
def settle(in_set: Longs, set_parent: Ints, set_start: Ints, set_zones: Ints, in_zone: Longs) -> None:
    """Add the points of each set to its zones and to its parent, which is always older than it."""
    for s in range(in_set.size - 1, 0, -1):
        for k in range(set_start[s], set_start[s + 1]):
            in_zone[set_zones[k]] += in_set[s]
        in_set[set_parent[s]] += in_set[s]


@compiled
def pairs(
    xs: Floats,
    ys: Floats,
    numbers: Floats,
    frame: Floats,
    columns: int,
    rows: int,
    cells: Ints,
    stream: Ints,
    set_parent: Ints,
    set_start: Ints,
    set_zones: Ints,
) -> tuple[Longs, Ints]:
    """The points and zones of each pair that intersects, ordered by point."""
    x0, y0, sx, sy = frame[0], frame[1], frame[2], frame[3]
    points = np.empty(max(xs.size, 16), np.int64)
    zones = np.empty(max(xs.size, 16), np.int32)
    n = 0
    for k in range(xs.size):
        fx = (xs[k] - x0) * sx
        fy = (ys[k] - y0) * sy
        if not (fx >= 0.0 and fy >= 0.0 and fx < columns and fy < rows):
            continue
        code = _leaf(fx, fy, np.int64(cells[np.int64(fy) * columns + np.int64(fx)]), cells)
        here: Whole = code
        items: Whole = 0
        item: Whole = 0
        if code < 0:
            at = (-code - 1) // 2
            here = stream[at]
            items = stream[at + 1]
            item = at + 2
        most = items
        s = here
        while s > 0:
            most += set_start[s + 1] - set_start[s]
            s = set_parent[s]
        if n + most > points.size:
            more_points = np.empty(2 * (n + most), np.int64)
            more_zones = np.empty(2 * (n + most), np.int32)
            for i in range(n):
                more_points[i] = points[i]
                more_zones[i] = zones[i]
            points, zones = more_points, more_zones
        s = here
        while s > 0:
            for i in range(set_start[s], set_start[s + 1]):
                points[n] = k
                zones[n] = set_zones[i]
                n += 1
            s = set_parent[s]
        found = -1
        for _ in range(items):
            zone = stream[item]
            if zone != found and _holds(xs[k], ys[k], numbers, stream, item) == 1:
                points[n] = k
                zones[n] = zone
                n += 1
                found = zone
            item += 4
    return points[:n].copy(), zones[:n].copy()


@compiled
def tally_groups(points: Longs, zones: Ints, groups: Ints, counts: Longs) -> None:
    """Add one to `counts[zone, group]` for each pair."""
    for k in range(points.size):
        counts[zones[k], groups[points[k]]] += 1


@compiled
def add_values(points: Longs, zones: Ints, groups: Ints, values: Floats, high: Floats, low: Floats) -> None:
    """Add the value of each pair's point to the compensated sum `high + low` of its zone and group; NaN is no value."""
    for k in range(points.size):
        value = values[points[k]]
        if np.isnan(value):
            continue
        zone = zones[k]
        group = groups[points[k]]
        before = high[zone, group]
        total = before + value
        virtual = total - before
        low[zone, group] += (before - (total - virtual)) + (value - virtual)
        high[zone, group] = total


@compiled
def histogram(xs: Floats, ys: Floats, frame: Floats, columns: int, rows: int, counts: Ints) -> None:
    """Count points by grid cell and do nothing else: the memory-bound limit that the benchmark measures against."""
    x0, y0, sx, sy = frame[0], frame[1], frame[2], frame[3]
    for k in range(xs.size):
        fx = (xs[k] - x0) * sx
        fy = (ys[k] - y0) * sy
        if fx >= 0.0 and fy >= 0.0 and fx < columns and fy < rows:
            counts[np.int64(fy) * columns + np.int64(fx)] += 1
