"""Make the points, zones and roads of the benchmark from a fixed seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
SEED = 20_250_101
WEST, SOUTH, SIZE = 119.0, 29.0, 4.0
# So many points lie exactly on a vertex of a zone: engines must agree on these too.
ON_VERTICES = 1000


def zones(n: int, vertices: int) -> npt.NDArray[np.object_]:
    """Wavy star-shaped zones on a jittered lattice; neighbours overlap, and four fifths of the ground are covered."""
    rng = np.random.default_rng([SEED, n, vertices])
    side = int(np.ceil(np.sqrt(n)))
    made = np.empty(n, dtype=object)
    for k in range(n):
        centre = (np.array([k % side, k // side]) + 0.5 + rng.uniform(-0.3, 0.3, 2)) / side
        angle = (np.arange(vertices) + 0.8 * rng.random(vertices)) / vertices * 2 * np.pi
        phase = rng.random(3) * 2 * np.pi
        wave = 0.75 + 0.12 * np.sin(2 * angle + phase[0]) + 0.08 * np.sin(5 * angle + phase[1])
        wave += 0.05 * np.sin(9 * angle + phase[2])
        reach = 0.75 / side * rng.uniform(0.6, 1.2) * wave * (1 - min(0.03, 6 / vertices) * rng.random(vertices))
        ring = np.column_stack([centre[0] + reach * np.cos(angle), centre[1] + reach * np.sin(angle)])
        made[k] = shapely.Polygon(ring * SIZE + [WEST, SOUTH])
    return made


def points(n: int, on: npt.NDArray[np.object_], clustered: bool = False) -> tuple[Floats, Floats]:
    """Points all over, or nine tenths of them in 300 towns; the first `ON_VERTICES` on vertices of the zones `on`."""
    rng = np.random.default_rng([SEED, n, clustered])
    xy = rng.random((n, 2))
    if clustered:
        town = rng.random((300, 2))
        share = rng.permutation(n)[: 9 * n // 10]
        xy[share] = town[rng.integers(0, 300, share.size)] + rng.normal(0, 0.01, (share.size, 2))
    xy = xy * SIZE + [WEST, SOUTH]
    vertices = shapely.get_coordinates(on)
    chosen = min(ON_VERTICES, n)
    xy[:chosen] = vertices[rng.integers(0, len(vertices), chosen)]
    return np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])


def roads(n: int, vertices: int) -> npt.NDArray[np.object_]:
    """Winding lines over a square of 100 km, in metres."""
    rng = np.random.default_rng([SEED, n, vertices, 1])
    made = np.empty(n, dtype=object)
    for k in range(n):
        heading = rng.random() * 2 * np.pi + np.cumsum(rng.normal(0, 0.2, vertices))
        steps = np.column_stack([np.cos(heading), np.sin(heading)]) * rng.uniform(50, 250)
        made[k] = shapely.LineString(rng.random(2) * 100_000 + np.cumsum(steps, axis=0))
    return made


def describe() -> str:
    """The machine, its processor and its software, in words."""
    import platform
    from importlib.metadata import version
    from pathlib import Path

    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    packages = ("numpy", "numba", "shapely", "geopandas", "pyarrow")
    software = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{names[0]} ({len(names)} processors), {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {software}, GEOS {'.'.join(map(str, shapely.geos_version))}"
    )


def load() -> str:
    """How busy the machine is with other work."""
    import os

    busy = os.getloadavg()[1]
    return f" Other work kept about {busy:.1f} processors busy meanwhile." if busy > 0.5 else ""
