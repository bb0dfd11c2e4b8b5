"""Read the history of a feature: what its earlier geometries rested on, a list of tables, however a file writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

COLUMN: Final = "history"


def history_of(value: Any) -> list[dict[str, Any]]:
    """The entries of a history, as a list or as the JSON text that formats without lists hold.

    Raises:
        ValueError: it is neither.

    >>> history_of('[{"accuracy_m": 50}]'), history_of(None)
    ([{'accuracy_m': 50}], [])
    """
    found = value
    if isinstance(value, str):
        try:
            found = json.loads(value) if value.strip() else []
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{value[:40]!r} is no list of JSON objects, as a history is") from error
    if found is None:
        return []
    if not isinstance(found, list | tuple) or not all(isinstance(entry, Mapping) for entry in found):
        raise ValueError(f"{str(value)[:40]!r} is no list of JSON objects, as a history is")
    return [dict(entry) for entry in found]
