"""Pair the cost of `gis query at` with that of importing shapely and pyarrow: CPU time (user and system), medians.

Run it with the Python that holds the program: `uv run python benchmarks/startup.py`. The commands take turns, so that
what else the machine does falls on all of them alike. CPU time needs `resource`, which Windows lacks.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

GOAL = 1.5
COMMANDS = {
    "import shapely, pyarrow": [sys.executable, "-c", "import shapely, pyarrow"],
    "gis query at": [sys.executable, "-m", "gis", "query", "at", "121.1575", "31.2904"],
    "gis --help": [sys.executable, "-m", "gis", "--help"],
    "import geopandas, folium": [sys.executable, "-c", "import geopandas, folium"],
}


def cost(command: list[str]) -> tuple[float, float]:
    """CPU seconds (user and system) and wall seconds of one run."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parent.parent)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main(runs: int) -> int:
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():  # Once unmeasured: files into the cache, bytecode written.
        cost(command)
    for _ in range(runs):
        for name, command in COMMANDS.items():
            measured[name].append(cost(command))
    base = measured["import shapely, pyarrow"]
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, {runs} runs each")
    print(f"{'command':26} {'CPU ms':>8} {'× base':>7} {'wall ms':>8} {'× base':>7}")
    ratios = {}
    for name, runs_of in measured.items():
        cpu, wall = (median(run[i] for run in runs_of) for i in (0, 1))
        cpu_ratio, wall_ratio = (median(run[i] / b[i] for run, b in zip(runs_of, base, strict=True)) for i in (0, 1))
        ratios[name] = cpu_ratio
        print(f"{name:26} {cpu * 1000:8.0f} {cpu_ratio:7.2f} {wall * 1000:8.0f} {wall_ratio:7.2f}")
    return 0 if ratios["gis query at"] <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
