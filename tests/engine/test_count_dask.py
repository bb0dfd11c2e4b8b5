"""Counting on a Dask scheduler must give the local answer, survive a dying worker and name a damaged partition."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gis.base.errors import InputError, UsageError
from gis.engine.count import Progress, count
from tests.engine.test_count import blank_pages, blocks, firms

PARTS = 24


@pytest.fixture(scope="module")
def partitions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("partitions")
    for k in range(PARTS):
        firms(4000, k).to_parquet(folder / f"{k:02}.parquet", row_group_size=500)
    return folder


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each a process of its own, on loopback."""
    address_file = folder / "scheduler.json"
    base = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen(
        [
            *base,
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--dashboard-address",
            "127.0.0.1:0",
            "--scheduler-file",
            str(address_file),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    workers: list[subprocess.Popen[bytes]] = []
    try:
        deadline = time.monotonic() + 60
        while not address_file.exists() or not address_file.read_text():
            assert scheduler.poll() is None, "the scheduler ended"
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.1)
        address = json.loads(address_file.read_text())["address"]
        workers += [
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "distributed.cli.dask_worker",
                    address,
                    "--nthreads",
                    "1",
                    "--no-nanny",
                    "--dashboard-address",
                    "127.0.0.1:0",
                ],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]
        yield address, workers
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("cluster")) as (address, _):
        yield address


def test_two_workers_give_the_answer_of_the_local_engine(partitions: Path, cluster: str) -> None:
    seen: list[Progress] = []
    spread = count(
        partitions, blocks(), "segment", ["staff", "output"], engine="dask", scheduler=cluster, progress=seen.append
    )
    here = count(partitions, blocks(), "segment", ["staff", "output"])
    assert spread.columns == here.columns
    assert [row[:4] for row in spread.rows] == [row[:4] for row in here.rows]
    assert [row[4] for row in spread.rows] == pytest.approx([row[4] for row in here.rows], rel=1e-14)
    assert spread.points == here.points == PARTS * 4000
    assert len(seen) == PARTS
    assert seen[-1].points == PARTS * 4000


def test_a_worker_killed_in_mid_run_changes_nothing(partitions: Path, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        if not killed and progress.share > 0.2:
            assert progress.share < 0.8
            os.kill(workers[0].pid, signal.SIGKILL)
            workers[0].wait()
            killed.append(workers[0].pid)

    with running(tmp_path) as (address, workers):
        spread = count(partitions, blocks(), "segment", engine="dask", scheduler=address, progress=kill_one)
        assert killed
        assert workers[0].returncode == -signal.SIGKILL
    assert spread.rows == count(partitions, blocks(), "segment").rows


def test_a_damaged_partition_is_named(partitions: Path, tmp_path: Path, cluster: str) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for path in partitions.iterdir():
        data = bytearray(path.read_bytes())
        if path.stem == "07":
            blank_pages(data)
        (folder / path.name).write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"07\.parquet: cannot be read") as caught:
        count(folder, blocks(), engine="dask", scheduler=cluster)
    assert [Path(fault.where).name for fault in caught.value.faults] == ["07.parquet"]


def test_a_scheduler_that_does_not_answer_is_named(partitions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.engine.count_dask._CONNECT_S", 1)
    with pytest.raises(UsageError, match=r"tcp://127\.0\.0\.1:9 does not answer"):
        count(partitions, blocks(), engine="dask", scheduler="tcp://127.0.0.1:9")


def test_without_a_scheduler_a_cluster_of_this_machine_counts(partitions: Path) -> None:
    assert count(partitions, blocks(), engine="dask").rows == count(partitions, blocks()).rows
