"""Find out whether two datums are mixed in one list."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.intake.detective.evidence import Judge

Floats = NDArray[np.float64]

# Rows that lie right only in another datum: more than so many, and more than this share of what half a list would show.
_TRACES: Final = 1.5
_TRACES_SEEN: Final = 0.2
_TWIN_M: Final = 0.5


def double(labels: Sequence[str], xys: Sequence[Floats]) -> str:
    """Which two datums give the same places; empty where none do."""
    for (i, one), (j, other) in combinations(enumerate(labels), 2):
        twins = _twins(xys[i], xys[j])
        if twins:
            return f"{twins} places are in the list twice, once as {one} and once as {other}: the two seem to be mixed"
    return ""


def mixture(judge: Judge, labels: Sequence[str], xys: Sequence[Floats], best: str) -> str:
    """What rows of another datum show among those of the best; empty where they do not."""
    own = labels.index(best) if best in labels else None
    for k, label in enumerate(labels):
        if own is None or k == own:
            continue
        traces = judge.traces_of(xys[own], xys[k])
        if any(seen > max(_TRACES, _TRACES_SEEN * expected) for expected, seen in traces):
            most = max(seen for _, seen in traces)
            return f"{most:.0f} rows (a block counts for few) lie right as {label} only: is it mixed with {best}?"
    return ""


def _twins(xy: Floats, other: Floats) -> int:
    """How many places are there twice, if one row is of one datum and another of the other; 0 where chance does it.

    A list put together from two sources holds some firms, or the spot that a geocoder falls back on, from both. Chance
    is what the same distance in other directions gives.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(xy)
    step = other - xy
    counts = []
    for turn in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        there = xy + np.column_stack([turn[0] * step[:, 0] - turn[1] * step[:, 1],
                                      turn[1] * step[:, 0] + turn[0] * step[:, 1]])  # fmt: skip
        met = np.isfinite(tree.query(there, distance_upper_bound=_TWIN_M)[0])
        counts.append(len(np.unique(np.round(there[met]), axis=0)))
    # Backwards is the same pair, seen from the other row.
    found, chance = max(counts[0], counts[2]), max(counts[1], counts[3])
    return found if found >= 2 + len(xy) // 250 and found > 3 * chance else 0
