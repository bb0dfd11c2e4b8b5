"""Measure the peak memory of a count against the points' own arrays: `python benchmarks/count/memory.py FOLDER`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import shapely

from gis.engine.zone_index import ZoneIndex


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def main() -> None:
    folder = Path(sys.argv[1])
    zones = np.asarray(shapely.from_wkb(np.load(folder / "zones.npy", allow_pickle=True)), dtype=object)
    ZoneIndex.build(zones[:2]).count(np.zeros(9), np.zeros(9))
    before = _status("VmRSS")
    points = np.load(folder / "points.npy")
    x, y = points[0], points[1]
    Path("/proc/self/clear_refs").write_text("5")
    ZoneIndex.build(zones).count(x, y)
    print(json.dumps({"points": points.nbytes, "peak": _status("VmHWM") - before}))


if __name__ == "__main__":
    main()
