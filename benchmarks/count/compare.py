"""Run the benchmark of the count engine and write RESULTS.md: `python benchmarks/count/compare.py [--quick]`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import shapely
import workload
from engines import ENGINES

OURS = "zone index"
RESULTS = Path(__file__).with_name("RESULTS.md")
# In the goals: the best of these, and sjoin.
DATABASES = ("DuckDB spatial", "SedonaDB", "polars-st", "PostGIS")


def measure(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of this benchmark in a process of its own and read its line of JSON."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(f"{module}.py")), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return {"error": (done.stderr.strip().splitlines() or ["ended without a word"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def write(folder: Path, zones: np.ndarray[Any, np.dtype[np.object_]], n: int, clustered: bool = False) -> None:
    np.save(folder / "zones.npy", shapely.to_wkb(zones))
    np.save(folder / "points.npy", np.vstack(workload.points(n, zones, clustered)))


def compare(n: int, n_zones: int, repeats: int, skip: Sequence[str]) -> list[str]:
    """All engines on one task: a table, and whether they agree."""
    zones = workload.zones(n_zones, 200)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        write(folder, zones, n)
        found = {
            name: measure("engines", name, folder, 7 if name == OURS else repeats)
            for name in ENGINES
            if name not in skip
        }
        counts = {name: np.load(folder / f"{name}.npy") for name in found if "error" not in found[name]}
        memory = measure("memory", folder)
    mine = found.pop(OURS)
    with_build, alone, limit = (median(mine[key]) for key in ("seconds", "count", "histogram"))
    lines = [
        f"### {n:,} points, {n_zones:,} zones of 200 vertices",
        "",
        "| engine | CPU s | zone index is faster by | counts |",
        "| --- | ---: | ---: | --- |",
        f"| **zone index**, built and counted | {with_build:.3f} | | {int(counts[OURS].sum()):,} pairs |",
        f"| zone index, counted only | {alone:.3f} | | |",
        f"| bare histogram over the same {mine['cells']:,} cells | {limit:.3f} | | |",
    ]
    for name, result in sorted(found.items(), key=lambda item: item[1].get("median", np.inf)):
        if "error" in result:
            lines.append(f"| {name} | – | | failed: {result['error'][:80]} |")
            continue
        wrong = int(np.abs(counts[name] - counts[OURS]).sum())
        agree = "the same in every zone" if wrong == 0 else f"**differ by {wrong:,} in all**"
        lines.append(f"| {name} | {result['median']:.2f} | {result['median'] / with_build:.0f} × | {agree} |")
    peers = [result["median"] for name, result in found.items() if name in DATABASES and "error" not in result]
    best = min(peers, default=np.nan)
    sjoin = found.get("geopandas.sjoin + groupby", {}).get("median", np.nan)
    goal = 3 if n_zones <= 40 else 6
    lines += [
        "",
        "| goal | measured |",
        "| --- | ---: |",
        f"| ≥ 30 × `geopandas.sjoin` + groupby | {sjoin / with_build:.0f} × "
        f"({sjoin / alone:.0f} × without the build) |",
        f"| ≥ 5 × the best of {', '.join(DATABASES)} | {best / with_build:.1f} × "
        f"({best / alone:.1f} × without the build) |",
        f"| ≤ {goal} × the histogram | {alone / limit:.1f} × ({with_build / limit:.1f} × with the build) |",
        f"| peak memory ≤ 1.5 × the points' arrays | {memory['peak'] / memory['points']:.2f} × "
        f"({memory['peak'] / 1e6:.0f} MB for points of {memory['points'] / 1e6:.0f} MB; "
        f"the index {mine['index_bytes'] / 1e6:.0f} MB) |",
        "",
    ]
    return lines


def curve(title: str, head: str, tasks: Sequence[tuple[str, int, int, int, bool]]) -> list[str]:
    """The zone index alone over several tasks of (label, points, zones, vertices, clustered)."""
    lines = [f"### {title}", "", f"| {head} | build s | count s | count, ns a point |", "| ---: | ---: | ---: | ---: |"]
    for label, n, n_zones, vertices, clustered in tasks:
        with tempfile.TemporaryDirectory() as made:
            write(Path(made), workload.zones(n_zones, vertices), n, clustered)
            found = measure("engines", OURS, made, 5)
        build, count = median(found["build"]), median(found["count"])
        lines.append(f"| {label} | {build:.3f} | {count:.3f} | {count / n * 1e9:.1f} |")
    return [*lines, ""]


def nearest(n: int) -> list[str]:
    found = measure("nearest", n)
    return [
        f"### The nearest of 2,000 roads (100,000 vertices) for {n:,} points, in metres",
        "",
        "| engine | CPU s |",
        "| --- | ---: |",
        f"| `nearest_line` | {found['ours']:.2f} |",
        f"| `STRtree.query_nearest` (with distances) | {found['strtree']:.2f} |",
        "",
        f"{found['strtree'] / found['ours']:.1f} × faster; the distances differ by at most {found['differ_m']:.1e} m.",
        f"`nearest_road` against the shortest geodesic to the road found, {found['checked']:,} points over 2 × 2",
        "degrees:",
        f"at most {found['geodesic_share']:.3%} off (goal: 0.1 %).",
        "",
    ]


def dask(partitions: int, rows: int) -> list[str]:
    found = measure("spread", partitions, rows)
    if "error" in found:
        return ["### Files and Dask", "", f"failed: {found['error']}", ""]
    one, two, build = found["workers"]["1"], found["workers"]["2"], found["build_s"]
    points = partitions * rows
    each = (found["local_cpu_s"] - build) / points
    seconds = 60e6 * each
    size = 60e6 * found["bytes"] / points
    return [
        f"### Files and Dask: {partitions} GeoParquet partitions of {rows:,} points, 5,000 zones of 200 vertices",
        "",
        "| engine | wall s | points a second |",
        "| --- | ---: | ---: |",
        f"| local, one thread | {found['local_s']:.2f} | {points / found['local_s']:,.0f} |",
        f"| Dask, 1 worker | {one:.2f} | {points / one:,.0f} |",
        f"| Dask, 2 workers | {two:.2f} | {points / two:,.0f} |",
        "",
        f"From 1 to 2 workers: {one / two:.2f} × of the whole (the building of the index, which the client does once,",
        f"included), on a machine of two processors that also runs client and scheduler{found['load']}.",
        f"The answers are equal. Of processor time the local engine takes {build:.2f} s to build the index and",
        f"{each * 1e9:.0f} ns a point to read, decode and count: {1e-6 / each:.1f} million points a second.",
        "",
        f"**60 million firms × 5,000 zones**, from these rates: {seconds + build:.1f} s of one processor. On one",
        f"machine of 8 processors {seconds / 8 + build:.1f} s, on 10 such machines {seconds / 80 + build:.1f} s, if",
        "all is ideal; the start of the workers (some seconds) and the reading of files that are in no cache come on",
        f"top: these points are {size / 1e9:.1f} GB of GeoParquet, {size / 200e6:.0f} s from a disk of 200 MB/s. One",
        "machine is enough for the counting; more machines are for more disks.",
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the points, to see that all runs")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each peer")
    parser.add_argument("--skip", action="append", default=[], choices=list(ENGINES)[1:])
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    n = 100_000 if given.quick else 10_000_000
    lines = [
        "# What the count engine costs",
        "",
        "Made by `python benchmarks/count/compare.py` (dependency group `peers`); data from a fixed seed, see",
        "`workload.py`. Times are processor time (user and system, all threads) in one run; medians of 7 for the zone",
        "index and the histogram. Points and zones are in memory in each engine's own form before its time starts;",
        "indices that are built in advance (PostGIS) are not counted for the peers, while the zone index is given with",
        "its building. A thousand points lie exactly on vertices. The histogram is a compiled loop that adds one to",
        "the cell of each point, in the same grid, in int32.",
        "",
        f"Machine: {workload.describe()}.",
        f"{datetime.now(UTC):%Y-%m-%d}.{workload.load()}",
        "",
    ]
    for n_zones in (2000, 40):
        lines += compare(n, n_zones, given.repeats, given.skip)
    k = n // 10
    points = [(f"{share * k:,}", share * k, 2000, 200, False) for share in (1, 2, 5, 10, 20)]
    lines += curve("Linear in points (2,000 zones of 200 vertices)", "points", points)
    zones = [(f"{z:,}", n, z, 200, False) for z in (10, 40, 200, 1000, 2000, 5000)]
    lines += curve(f"Sub-linear in zones ({n:,} points, 200 vertices)", "zones", zones)
    vertices = [(f"{v:,}", n, 500, v, False) for v in (10, 50, 200, 1000, 5000, 20_000)]
    lines += curve(f"Nearly independent of vertices ({n:,} points, 500 zones)", "vertices a zone", vertices)
    towns = [("40", n, 40, 200, True), ("2,000", n, 2000, 200, True)]
    lines += curve(f"Nine tenths of the points in towns ({n:,} points, 200 vertices)", "zones", towns)
    lines += nearest(n // 10)
    lines += dask(12, n // 10)
    given.out.write_text("\n".join(lines).rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
