"""Files change all or nothing: when the process is killed, the disk is full, or two write at once."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gis.base import files
from gis.base.errors import GisError
from gis.base.files import check_finished, commit_folder, lock_folder, recover, write_bytes_atomic, write_text_atomic

NAMES = ["layers/x/districts.geojson", "layers/x/zones.geojson", "layers/x/roads.geojson", "seeds/新城/zones.csv"]

# Commits generation after generation; each file holds its generation, and every third one removes the last file.
WRITER = """
import sys
from pathlib import Path
from gis.base.files import commit_folder
folder, names = Path(sys.argv[1]), sys.argv[2:]
generation = 0
while True:
    generation += 1
    staged = {Path(name): (b"%d;" % generation) * 20_000 for name in names}
    if generation % 3 == 0:
        staged[Path(names[-1])] = None
    commit_folder(folder, staged)
    print(generation, flush=True)
"""

# Commits once, but the process ends, as if killed, at the step whose number is given.
STEPPER = """
import os, sys
from pathlib import Path
from gis.base.files import commit_folder
folder, last, names = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
step = 0
def watched(name):
    act = getattr(os, name)
    def acting(*args, **options):
        global step
        step += 1
        if step > last:
            os._exit(9)
        return act(*args, **options)
    setattr(os, name, acting)
for name in ("replace", "fsync", "open", "write", "unlink", "rmdir", "mkdir"):
    watched(name)
commit_folder(folder, {Path(name): b"new" for name in names})
"""


def generations(folder: Path) -> set[bytes]:
    """The distinct contents of the files that are there."""
    return {
        data.split(b";")[0] for name in NAMES if (folder / name).exists() for data in [(folder / name).read_bytes()]
    }


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".~gis-")]


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "报告 1.txt"
    write_text_atomic(path, "一\r\n")
    write_text_atomic(path, "二\n")
    assert path.read_bytes() == "二\n".encode()
    assert names_in(tmp_path) == ["报告 1.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_bytes_atomic(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_disk_that_cannot_be_written_leaves_the_old_content_and_names_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(GisError, match=r"cannot write .*file"):
        write_bytes_atomic(path, b"new")
    with pytest.raises(GisError, match=str(tmp_path)):
        commit_folder(tmp_path, {path: b"new", Path("other"): b"new"})
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


def test_a_folder_that_is_not_there_or_in_the_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(GisError, match="does not exist"):
        write_bytes_atomic(tmp_path / "none" / "file", b"")
    with pytest.raises(GisError, match="is a folder"):
        write_bytes_atomic(tmp_path, b"")
    (tmp_path / "layers").write_bytes(b"a file")
    with pytest.raises(GisError, match="is a file"):
        commit_folder(tmp_path, {Path("a"): b"", Path("layers/b"): b""})
    assert not (tmp_path / "a").exists()


@pytest.mark.skipif(os.name == "nt" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(GisError, match="read-only"):
        write_bytes_atomic(tmp_path / "file", b"")
    with pytest.raises(GisError, match="read-only"):
        commit_folder(tmp_path, {Path("file"): b""})


def test_leftovers_of_a_killed_write_are_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".~gis-new-0123456789abcdef").write_bytes(b"half")
    write_bytes_atomic(tmp_path / "file", b"whole")
    assert names_in(tmp_path) == ["file"]


def test_the_temporary_file_of_a_live_writer_is_left_alone(tmp_path: Path) -> None:
    temporary, handle = files._create(tmp_path / "first")
    try:
        write_bytes_atomic(tmp_path / "second", b"")
        assert temporary.exists()
    finally:
        os.close(handle)


def test_a_set_of_files_is_written_and_removed_together(tmp_path: Path) -> None:
    commit_folder(tmp_path, {tmp_path / name: b"1;" for name in NAMES})
    commit_folder(tmp_path, {Path(NAMES[0]): b"2;", Path(NAMES[1]): None, Path("never/there"): None})
    assert (tmp_path / NAMES[0]).read_bytes() == b"2;"
    assert not (tmp_path / NAMES[1]).exists()
    assert (tmp_path / NAMES[2]).read_bytes() == b"1;"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("path", ["../out", "a/../../out", "/out", "", ".~gis-lock", "a/.~gis-x"])
def test_nothing_outside_the_folder_is_written(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "project"
    with pytest.raises(GisError):
        commit_folder(folder, {Path("in"): b"", Path(path): b""})
    assert names_in(folder) == []


def test_a_symbolic_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "project", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "layers").symlink_to(outside)
    with pytest.raises(GisError, match="symbolic link"):
        commit_folder(folder, {Path("layers/file"): b""})
    assert names_in(outside) == []


@pytest.mark.parametrize(
    "plan",
    [
        "half a pl",
        "[]",
        '{"stage": "../x", "files": []}',
        '{"stage": ".~gis-stage-1", "files": [{"from": "../../secret", "path": "a"}]}',
        '{"stage": ".~gis-stage-1", "files": [{"from": null, "path": "../victim"}]}',
    ],
)
def test_a_forged_or_damaged_manifest_touches_nothing(tmp_path: Path, plan: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "victim").write_bytes(b"")
    (folder / ".~gis-commit").write_text(plan)
    with pytest.raises(GisError):
        recover(folder)
    assert (tmp_path / "victim").exists()


def test_a_second_writer_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with (
        lock_folder(tmp_path, "gis import 企业.xlsx"),
        pytest.raises(GisError, match=rf"process {os.getpid()} .*gis import 企业.xlsx"),
        lock_folder(tmp_path),
    ):
        pass
    with lock_folder(tmp_path):
        pass
    assert names_in(tmp_path) == []


def test_of_many_writers_at_once_each_does_its_whole_work_in_turn(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from gis.base.files import lock_folder\n"
        "for _ in range(20):\n"
        "    with lock_folder(Path(sys.argv[1]), wait_s=60) as lock:\n"
        "        count = Path(sys.argv[1]) / 'count'\n"
        "        had = int(count.read_bytes()) if count.exists() else 0\n"
        "        lock.commit({count: b'%d' % (had + 1)})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(4)]
    assert [process.wait(120) for process in running] == [0] * 4
    assert (tmp_path / "count").read_bytes() == b"80"
    assert names_in(tmp_path) == ["count"]


def test_the_lock_of_a_killed_writer_is_free(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from gis.base.files import lock_folder\n"
        "with lock_folder(Path(sys.argv[1])): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    with lock_folder(tmp_path):
        pass


def test_recovery_waits_for_a_writer_in_the_middle_of_its_moves(tmp_path: Path) -> None:
    commit_folder(tmp_path, {Path(name): b"0;" for name in NAMES})
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), *NAMES], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        for _ in range(10):
            recover(tmp_path)
    finally:
        writer.kill()
        writer.communicate()


def test_a_writer_killed_at_any_step_leaves_all_old_or_all_new(tmp_path: Path) -> None:
    outcomes = []
    for last in range(200):
        folder = tmp_path / str(last)
        commit_folder(folder, {Path(name): b"old" for name in NAMES[:2]})
        done = subprocess.run([sys.executable, "-c", STEPPER, str(folder), str(last), *NAMES[:2]], check=False)
        recover(folder)
        found = generations(folder)
        assert found in ({b"old"}, {b"new"}), f"after step {last}"
        with lock_folder(folder):
            pass
        assert leftovers(folder) == [], f"after step {last}"
        outcomes.append(found == {b"new"})
        if done.returncode == 0:
            break
    assert outcomes == sorted(outcomes)  # One commit point: before it all is old, after it all is new.
    assert outcomes[-1]
    assert 10 < outcomes.index(True) < len(outcomes) - 5


@pytest.mark.parametrize("seed", range(10))
def test_a_writer_killed_at_a_random_moment_leaves_one_generation(tmp_path: Path, seed: int) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), *NAMES], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.15))
    writer.kill()
    out, _ = writer.communicate()
    reported = int((out.split() or [b"1"])[-1])
    recover(tmp_path)
    (found,) = generations(tmp_path)
    assert int(found) in {reported, reported + 1}
    assert (tmp_path / NAMES[-1]).exists() == (int(found) % 3 != 0)
    with lock_folder(tmp_path):
        pass
    assert leftovers(tmp_path) == []


def test_an_interrupt_just_after_the_commit_point_does_not_lose_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_folder(tmp_path, {Path("a"): b"old", Path("b"): b"old"})
    replace = os.replace

    def interrupted(source: Path, target: Path) -> None:
        replace(source, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            commit_folder(tmp_path, {Path("a"): b"new", Path("b"): b"new"})
    recover(tmp_path)
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"new", b"new"]


def test_a_file_in_use_after_the_commit_point_is_named_and_the_next_run_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def busy(source: Path, target: Path) -> None:
        if target.name == "b":
            raise PermissionError(errno.EACCES, "in use", str(target))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", busy)
        with pytest.raises(GisError, match=r"cannot put .*b in its place.*finishes the change"):
            commit_folder(tmp_path, {Path("a"): b"new", Path("b"): b"new"})
    assert json.loads((tmp_path / ".~gis-commit").read_bytes())["files"]
    recover(tmp_path)
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"new", b"new"]


@pytest.mark.parametrize("path", ["gis.toml", "README.md", ".git/hooks/pre-commit", "layers/.hidden/x", "C:x", "a\0b"])
@pytest.mark.parametrize("source", [None, "0"])
def test_a_manifest_that_came_with_a_project_is_refused(tmp_path: Path, path: str, source: str | None) -> None:
    for name in ("gis.toml", "README.md", ".git/hooks/pre-commit"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine")
    stage = tmp_path / (".~gis-stage-" + "0" * 16)
    stage.mkdir()
    (stage / "0").write_text("foreign")
    digest = None if source is None else hashlib.sha256(b"foreign").hexdigest()
    was = hashlib.sha256(b"mine").hexdigest()
    plan = {"stage": stage.name, "files": [{"path": path, "from": source, "sha256": digest, "was": was}]}
    (tmp_path / ".~gis-commit").write_text(json.dumps(plan))
    with pytest.raises(GisError):
        recover(tmp_path)
    for name in ("gis.toml", "README.md", ".git/hooks/pre-commit"):
        assert (tmp_path / name).read_text() == "mine"
    assert (tmp_path / ".~gis-commit").exists()


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe"])
def test_a_lock_that_is_no_regular_file_is_refused(tmp_path: Path, kind: str) -> None:
    folder, outside = tmp_path / "project", tmp_path / "outside"
    folder.mkdir()
    if kind == "link":
        outside.write_text("mine")
    if kind == "pipe":
        os.mkfifo(folder / ".~gis-lock")
    else:
        (folder / ".~gis-lock").symlink_to(outside)
    with pytest.raises(GisError, match="no regular file"):
        commit_folder(folder, {Path("a"): b""})
    assert outside.exists() == (kind == "link")
    assert not outside.exists() or outside.read_text() == "mine"


def cut_short(folder: Path, monkeypatch: pytest.MonkeyPatch, new: dict[str, bytes | None]) -> None:
    """Leave what a run leaves that is killed just after its commit point."""
    replace = os.replace

    def killed(source: Path, target: Path) -> None:
        replace(source, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            commit_folder(folder, {Path(name): data for name, data in new.items()})


def test_a_reader_of_an_unfinished_change_is_told_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_folder(tmp_path, {Path("a"): b"old", Path("b"): b"old"})
    check_finished(tmp_path)
    cut_short(tmp_path, monkeypatch, {"a": b"new", "b": None})
    before = sorted((path, path.is_file() and path.read_bytes()) for path in tmp_path.rglob("*"))
    with pytest.raises(GisError, match="gis layers recover"):
        check_finished(tmp_path)
    assert sorted((path, path.is_file() and path.read_bytes()) for path in tmp_path.rglob("*")) == before
    recover(tmp_path)
    check_finished(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names_in(tmp_path) == ["a"]


def test_a_reader_waits_for_a_writer_that_lives(tmp_path: Path) -> None:
    commit_folder(tmp_path, {Path(name): b"0;" for name in NAMES})
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), *NAMES], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        for _ in range(30):
            check_finished(tmp_path)
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()


@pytest.mark.parametrize("what", ["target", "content"])
def test_a_change_whose_files_were_touched_since_is_refused_with_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    commit_folder(tmp_path, {Path("a"): b"old", Path("b"): b"old"})
    cut_short(tmp_path, monkeypatch, {"a": b"new", "b": b"new"})
    (staged,) = tmp_path.glob(".~gis-stage-*/1")
    touched = tmp_path / "b" if what == "target" else staged
    touched.write_bytes(b"by somebody else")
    with pytest.raises(GisError, match=r"(?s)refused.*  b: "):
        recover(tmp_path)
    assert touched.read_bytes() == b"by somebody else"
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("name", ["new-0123456789abcdef", "stage-0123456789abcdef", "commit"])
def test_a_pipe_under_a_temporary_name_hangs_nothing(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / f".~gis-{name}")
    code = (
        "import sys; from pathlib import Path; from gis.base.files import *\n"
        "from gis.base.errors import GisError\n"
        "folder = Path(sys.argv[1])\n"
        "for act in (lambda: write_bytes_atomic(folder / 'a', b'1'),\n"
        "            lambda: commit_folder(folder, {Path('a'): b'2'}),\n"
        "            lambda: recover(folder), lambda: check_finished(folder)):\n"
        "    try: act()\n"
        "    except GisError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], timeout=30, capture_output=True, check=True)
    assert (b"no regular file" in done.stdout) == (name == "commit")
    assert (tmp_path / f".~gis-{name}").exists()
