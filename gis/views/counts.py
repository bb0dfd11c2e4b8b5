"""Write the result of a count as CSV, JSON or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.views.tables import as_csv, as_json, as_table

if TYPE_CHECKING:
    from gis.engine.count import CountResult

FORMATS = ("table", "csv", "json", "parquet")


def as_bytes(result: CountResult, format_: str) -> bytes:
    """The rows of a count; text is UTF-8.

    Args:
        result: the count.
        format_: one of `FORMATS`.
    """
    if format_ == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        values = list(zip(*result.rows, strict=True)) or [()] * len(result.columns)
        table = pa.table({name: list(column) for name, column in zip(result.columns, values, strict=True)})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        return bytes(sink.getvalue().to_pybytes())
    if format_ == "json":
        return as_json(result.records()).encode("utf-8")
    if format_ == "csv":
        return as_csv(result.records(), result.columns).encode("utf-8")
    return as_table(result.records(), result.columns).encode("utf-8")
