"""The tests mirror the rooms of `gis/`; fixtures by state stand in `tests/fixtures`."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
