"""Count partitions on the workers of a Dask scheduler and merge what they counted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter
from typing import Any

from gis.base.errors import Fault, FaultsError, GisError, InputError, MissingExtraError, UsageError
from gis.engine.count import Partial, Plan, Progress
from gis.io.streams import Partition

_CONNECT_S = 30


def count_on_dask(
    plan: Plan,
    parts: Sequence[Partition],
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Partial:
    """Count the points of all partitions; each is one task, and is counted again elsewhere if its worker dies.

    The plan with the index is sent to each worker once. The workers must see the files under the same paths and have
    this program installed.

    Args:
        plan: what to count.
        parts: the partitions.
        scheduler: address of a running scheduler; None starts workers on this machine, one a processor.
        progress: called after each partition.

    Raises:
        MissingExtraError: Dask is not installed.
        UsageError: the scheduler does not answer.
        InputError: a partition is damaged, or kills every worker that counts it; the text names it.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise MissingExtraError("distributed", "dask", "--engine dask") from error
    with _client(distributed, scheduler) as client:
        return _gather(distributed, client, plan, parts, progress)


@contextmanager
def _client(distributed: Any, scheduler: str | None) -> Iterator[Any]:
    if scheduler is None:
        with (
            distributed.LocalCluster(threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise UsageError(f"the scheduler {scheduler} does not answer: {error}") from error
    with client:
        yield client


def _gather(
    distributed: Any,
    client: Any,
    plan: Plan,
    parts: Sequence[Partition],
    progress: Callable[[Progress], None] | None,
) -> Partial:
    start = perf_counter()
    whole = Partial.empty(plan)
    counted: dict[int, Partial] = {}
    merged = 0
    total = max(sum(part.size for part in parts), 1)
    read = 0
    with warnings.catch_warnings():
        # A task, not scattered data: the scheduler can make it again when all workers that held it are gone.
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        broadcast = client.submit(_same, plan, pure=False)
    futures = {client.submit(_count, broadcast, part, pure=False): k for k, part in enumerate(parts)}
    try:
        for future in distributed.as_completed(futures):
            part = parts[futures[future]]
            try:
                found: Partial | _Refusal = future.result()
            except distributed.KilledWorker as error:
                fault = Fault(str(part.path), f"every worker that counted it died, the last was {error.last_worker}")
                raise InputError([fault], "the points cannot be counted") from error
            if isinstance(found, _Refusal):
                raise found.error()
            # Sums of floating-point numbers depend on the order, so they are merged in that of the partitions.
            counted[futures[future]] = found
            while merged in counted:
                whole.add(counted.pop(merged), plan.options.by)
                merged += 1
            read += part.size
            if progress is not None:
                points = whole.points + sum(other.points for other in counted.values())
                progress(Progress(points, read / total, perf_counter() - start))
    finally:
        client.cancel([broadcast, *futures])
    return whole


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A fault that a worker found, in a form that can be sent."""

    kind: type[GisError]
    text: str
    faults: tuple[Fault, ...]

    def error(self) -> GisError:
        if issubclass(self.kind, FaultsError):
            return self.kind(self.faults, "the points cannot be counted")
        return self.kind(self.text)


def _same(plan: Plan) -> Plan:
    return plan


def _count(plan: Plan, part: Partition) -> Partial | _Refusal:
    """Count one partition on a worker; a fault of the file is handed back, for trying again would not mend it."""
    try:
        return plan.count(part)
    except GisError as error:
        return _Refusal(type(error), str(error), error.faults if isinstance(error, FaultsError) else ())
