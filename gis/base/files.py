"""Write files so that a reader, or the next run, never finds half of anything.

Two ways to write, both safe against a kill at any moment, a full disk and a folder that cannot be written:

- `write_bytes_atomic`, `write_text_atomic`: one file; the old content or the new one.
- `commit_folder`, or `lock_folder` and `FolderLock.commit`: several files of one folder; all old or all new. The new
  contents are staged in a folder beside them; then one file, the manifest, is put in place by one rename, and this is
  the commit point; then the contents are moved to their places and the manifest is removed. Whoever finds a manifest
  finishes the moves (`recover`), whoever finds a stage without one throws it away. So whoever writes a folder that is
  written this way calls `recover` before it reads, and whoever only reads calls `check_finished`, which writes nothing.

What a command gives out goes through `write_outputs` (files that the user named) or `commit_made` (a folder that a
command fills again and again): they write over nothing that the program did not make there, unless they are forced.

Everything temporary is named `.~gis-…` and lies beside what it is for; leftovers of a killed run are removed by the
next one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from gis.base.errors import Fault, GisError, InputError, ProjectError, UsageError
from gis.base.interrupts import stop_if_heard

PREFIX: Final = ".~gis-"
_LOCK: Final = PREFIX + "lock"
_MANIFEST: Final = PREFIX + "commit"
_STAGE: Final = PREFIX + "stage-"
_TEMPORARY: Final = PREFIX + "new-"

_PROJECT_MARK: Final = "gis.toml"
_PROJECT_FOLDERS: Final = ("layers", "seeds", "imports", "recipes")
_PROJECT_FILES: Final = (_PROJECT_MARK, "segments.csv")
_PROJECT_SUFFIXES: Final = frozenset({".csv", ".geojson", ".gz", ".json", ".toml"})
_MOST_IN_MANIFEST: Final = 16 * 2**20
_MOST_NAMED: Final = 10
_BLOCK: Final = 1 << 20

_RECOVERY_WAIT_S: Final = 30.0
_READER_WAIT_S: Final = 0.2  # A reader holds the lock for an instant, to learn whether somebody else does.
_REPLACE_TRIES: Final = 20  # Windows: a virus scanner may hold a new file for a moment.
_PAUSE_S: Final = 0.05


NOTHING_DONE: Final = "nothing was changed"
_done: list[Path] = []  # What this process wrote, for whoever interrupts it; folders changed as a whole among them.


def what_was_done() -> str:
    """Say what this process changed on the disk, in words, for whoever interrupted it."""
    if not _done:
        return NOTHING_DONE
    begun = [folder for folder in _done if folder.is_dir() and is_unfinished(folder)]
    if begun:
        return f"the change to {begun[-1]} is begun, and the next command that writes there finishes it"
    return f"written before: {', '.join(str(path) for path in dict.fromkeys(_done))}"


def write_text_atomic(path: Path, text: str) -> None:
    """Write text as UTF-8, line ends as they are; else as `write_bytes_atomic`."""
    write_bytes_atomic(path, text.encode("utf-8"))


def write_bytes_atomic(path: Path, data: bytes) -> None:
    """Write one file: whatever happens, `path` holds its old content or all of `data`.

    Raises:
        GisError: The folder does not exist or cannot be written, the disk is full, or the file is in use.
    """
    with _faults_of(path):
        target = path.resolve()  # Through a symbolic link the file it points at is replaced, not the link.
        if target.is_dir():
            raise GisError(f"cannot write {path}: it is a folder")
        if not target.parent.is_dir():
            raise GisError(f"cannot write {path}: the folder {target.parent} does not exist")
        _remove_leftovers(target.parent)
        temporary, handle = _create(target)
        try:
            try:
                _write_through(handle, data)
                stop_if_heard()
                if os.name != "nt":  # Windows cannot rename an open file, and needs no lock: nobody can delete it.
                    _replace(temporary, target)
            finally:
                os.close(handle)
            if os.name == "nt":
                _replace(temporary, target)
        except BaseException:
            if temporary.exists():
                with suppress(OSError):
                    temporary.unlink()
            else:  # An interrupt came just after it was put in its place.
                _done.append(path)
            raise
        _done.append(path)
        _sync_folder(target.parent)


def _create(target: Path) -> tuple[Path, int]:
    """Create a temporary file beside `target`, held so that no other run takes it for a leftover."""
    while True:
        temporary = target.with_name(_TEMPORARY + os.urandom(8).hex())
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        if _hold(handle) and temporary.exists():
            if target.exists() and os.name != "nt":
                temporary.chmod(target.stat().st_mode & 0o777)
            return temporary, handle
        os.close(handle)


def _write_through(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)
    _check_written(handle, memoryview(data))


def _check_written(handle: int, data: memoryview) -> None:
    """Read a file back; OSError where it does not hold what was written, whatever the system said of the writing."""
    os.lseek(handle, 0, os.SEEK_SET)
    at = 0
    while block := os.read(handle, _BLOCK):
        if block != data[at : at + len(block)]:
            break
        at += len(block)
    if block or at != len(data):
        raise OSError(errno.EIO, "what was written cannot be read back as it was")


def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files whose writer is gone: nobody holds them (or, on Windows, has them open)."""
    for path in folder.glob(_TEMPORARY + "*"):
        with suppress(OSError):
            if not stat.S_ISREG(path.lstat().st_mode):  # Opening a pipe would hang; nothing of this is ours.
                continue
            if os.name == "nt":
                path.unlink()
                continue
            handle = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            try:
                if stat.S_ISREG(os.fstat(handle).st_mode) and _hold(handle):
                    path.unlink()
            finally:
                os.close(handle)


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Read a file that may have come with a folder: only a regular one, no link, no pipe, and not more than said.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no regular file, or larger.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError("is no regular file")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123  (a handle that follows no link)
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("is no regular file")
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ValueError(f"is larger than {most_bytes // 2**20} MiB")
    return data


def _replace(source: Path, target: Path) -> None:
    for attempt in range(_REPLACE_TRIES):
        try:
            os.replace(source, target)  # noqa: PTH105  (tests stop the process at this very call)
        except PermissionError:
            if os.name != "nt" or attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # A folder cannot be opened there; NTFS journals its names.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """Turn faults of the file system into one that names the path and says what to do."""
    try:
        yield
    except OSError as error:
        place = error.filename or path
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise GisError(
                f"cannot write {path}: the disk is full (or the quota used up); nothing was changed"
            ) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            reason = "the folder is read-only, or the file is open in another program (close it and try again)"
            raise GisError(f"cannot write {path}: no permission for {place}: {reason}") from error
        raise GisError(f"cannot write {path}: {error.strerror or error} ({place})") from error


# --- What a command gives out ---------------------------------------------------------------------------------------


def check_free(paths: Iterable[Path], *, force: bool = False) -> None:
    """Refuse to write over a file that is there, or into what a project is made of.

    Who made the file that is there cannot be known, so none is written over: it may be the input of the same command.

    Args:
        paths: the files that are to be written.
        force: the user said that they may be written over.

    Raises:
        UsageError: one of them is there, or belongs to a project, and nothing is forced; or it is a device or a pipe.
        GisError: it is a folder.
    """
    for path in paths:
        if path.is_dir():
            raise GisError(f"cannot write {path}: it is a folder")
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is no regular file and is not written over; name another file")
        if force:
            continue
        if source := _project_source(path):
            raise UsageError(f"{path} would be {source}; name another file, or say --force")
        if os.path.lexists(path):
            raise UsageError(f"{path} is there already and is not written over; name another file, or say --force")


def write_outputs(files: Mapping[Path, bytes], command: str = "", *, force: bool = False) -> None:
    """Write the files that a command gives out: all of them or none, and none over another file unless forced.

    Args:
        files: the content of each; all in one folder.
        command: what is being done, for the message that another process gets meanwhile.
        force: the user said that they may be written over.

    Raises:
        UsageError: one of them is there, or belongs to a project; see `check_free`.
        GisError: they cannot be written; then nothing is changed.
    """
    check_free(files, force=force)
    if len(files) == 1:
        for path, data in files.items():
            write_bytes_atomic(path, data)
        return
    folders = {path.parent for path in files}
    if len(folders) != 1:
        raise GisError(f"{', '.join(map(str, files))} do not lie in one folder")
    folder = folders.pop()
    if not folder.is_dir():
        raise GisError(f"cannot write into {folder}: the folder does not exist")
    commit_folder(folder, {Path(path.name): data for path, data in files.items()}, command)


def check_output_folder(folder: Path, *, force: bool = False) -> None:
    """Refuse to fill a project's own folder, or one of those that it is made of, unless forced.

    Raises:
        UsageError: it is a file, or it is such a folder and nothing is forced.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    if force:
        return
    source = "the folder of a project" if (folder / _PROJECT_MARK).exists() else _project_source(folder / "made")
    if source:
        raise UsageError(f"{folder} is {source}, and what is made is not mixed with it; name another, or say --force")


def commit_made(
    folder: Path, files: Mapping[Path, bytes], mark: str, command: str = "", *, force: bool = False
) -> None:
    """Fill a folder with what a command makes: all together or not at all, over nothing but what it made before.

    What it made it knows by a mark that it leaves in the folder: a file with the name and SHA-256 of each file. One
    that was changed since is the user's.

    Args:
        folder: the folder; made if it is missing.
        files: the content of each file by its path in the folder.
        mark: the name of the mark.
        command: what is being done, for messages.
        force: the user said that other files may be written over.

    Raises:
        InputError: a file lies in the way that the command did not make, or that was changed since.
        UsageError: the folder is a project's; see `check_output_folder`.
        GisError: something cannot be written; then nothing is changed.
    """
    check_output_folder(folder, force=force)
    with lock_folder(folder, command) as lock:
        made = _read_mark(folder / mark)
        new = {path.as_posix(): hashlib.sha256(data).hexdigest() for path, data in files.items()}
        if not force:
            _check_made(folder, made, new, mark, command)
        text = json.dumps({"made": dict(sorted({**(made or {}), **new}.items()))}, ensure_ascii=False, indent=1)
        lock.commit({**files, Path(mark): f"{text}\n".encode()})


def _check_made(folder: Path, made: Mapping[str, str] | None, new: Mapping[str, str], mark: str, command: str) -> None:
    faults = []
    if made is None:
        faults.append(Fault(mark, "is no list of what was made"))
    for name, digest in new.items():
        path = folder / name
        if source := _project_source(path):
            faults.append(Fault(name, f"would be {source}"))
        elif os.path.lexists(path):
            now = None if path.is_symlink() else _digest_of(path)
            known = (made or {}).get(name)
            if now is None or now not in {known, digest}:
                faults.append(Fault(name, "was changed since" if known else f"was not made by {command}"))
    if not faults:
        return
    more = [Fault(folder.name, f"and {len(faults) - _MOST_NAMED} more files")] if len(faults) > _MOST_NAMED else []
    heading = (
        f"{folder} holds files that are not written over; nothing was changed: move them away, name another folder, "
        "or say --force"
    )
    raise InputError([*faults[:_MOST_NAMED], *more], heading)


def _read_mark(path: Path) -> dict[str, str] | None:
    """The names and SHA-256 that a mark holds; none where there is no mark, None where it is something else."""
    try:
        made = json.loads(read_regular(path, _MOST_IN_MANIFEST))["made"]
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    if not isinstance(made, dict) or not all(isinstance(digest, str) for digest in made.values()):
        return None
    return made


def _project_source(path: Path) -> str:
    """What of a project a file would be part of, in words; empty where it belongs to none."""
    target = path.resolve()
    for folder in target.parents:
        if (folder / _PROJECT_MARK).is_file():
            first, *rest = (part.casefold() for part in target.relative_to(folder).parts)
            if (rest and first in _PROJECT_FOLDERS) or (not rest and first in _PROJECT_FILES):
                return f"part of the project in {folder} ({first}{'/' if rest else ''})"
    return ""


# --- Locks ----------------------------------------------------------------------------------------------------------

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE: Final = 1 << 30  # Far behind the content, so that others can read who holds the lock.

    def _hold(handle: int) -> bool:
        """Take the exclusive lock of an open file, if it is free; closing the file lets it go."""
        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _hold(handle: int) -> bool:
        """Take the exclusive lock of an open file, if it is free; closing the file lets it go."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class FolderLock:
    """The right to write a folder; held from `lock_folder` to the end of its `with`."""

    folder: Path

    def commit(self, staged: Mapping[Path, bytes | None]) -> None:
        """Change a set of files all together or not at all, even if the process is killed at any moment.

        Args:
            staged: The new content of each file, or None to remove it; paths within the folder, absolute or relative
                to it. Folders that are missing are made.

        Raises:
            GisError: A path lies outside the folder, or something cannot be written; then nothing is changed.
                Or a file could not be moved to its place (on Windows: it is open in another program); the text says so,
                and the change is finished by the next run.
        """
        with _faults_of(self.folder):
            entries = {_inside(self.folder, path): data for path, data in staged.items()}
            stage = self.folder / (_STAGE + os.urandom(8).hex())
            try:
                manifest = self._stage(stage, entries)
                stop_if_heard()
                _replace(stage / _MANIFEST, manifest)  # The commit point.
            except BaseException:
                if not (self.folder / _MANIFEST).exists():
                    shutil.rmtree(stage, ignore_errors=True)
                else:  # An interrupt came just after the commit point.
                    _done.append(self.folder)
                raise
            _done.append(self.folder)
            _sync_folder(self.folder)
        _finish(self.folder, own=True)

    def _stage(self, stage: Path, entries: Mapping[PurePosixPath, bytes | None]) -> Path:
        stage.mkdir()
        for number, (relative, data) in enumerate(entries.items()):
            target = self.folder / relative
            _check_target(self.folder, target)
            if data is not None:
                _write_new(stage / str(number), data)
        names = [
            {
                "path": str(relative),
                "from": None if data is None else str(number),
                "sha256": None if data is None else hashlib.sha256(data).hexdigest(),
                "was": _digest_of(self.folder / relative),
            }
            for number, (relative, data) in enumerate(entries.items())
        ]
        _write_new(stage / _MANIFEST, json.dumps({"stage": stage.name, "files": names}, ensure_ascii=False).encode())
        _sync_folder(stage)
        return self.folder / _MANIFEST


def commit_folder(folder: Path, staged: Mapping[Path, bytes | None], command: str = "") -> None:
    """Lock a folder and change a set of its files all together; see `FolderLock.commit` and `lock_folder`."""
    with lock_folder(folder, command) as lock:
        lock.commit(staged)


@contextmanager
def lock_folder(folder: Path, command: str = "", wait_s: float = 0.0) -> Iterator[FolderLock]:
    """Hold the one right to write a folder; what a killed run left is finished or removed first.

    The lock is that of the operating system on the file `.~gis-lock`, so it goes with the process that holds it. It
    binds only those who ask for it.

    Args:
        folder: The folder; made if it is missing.
        command: What is being done, for the message that another process gets meanwhile.
        wait_s: How many seconds to wait for another process.

    Raises:
        GisError: Another process holds the lock (the text says which), or the folder cannot be written.
    """
    with _faults_of(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = _acquire(folder, command, wait_s)
    try:
        with _faults_of(folder):
            _finish(folder)
            for stage in folder.glob(_STAGE + "*"):
                if stat.S_ISDIR(stage.lstat().st_mode):
                    shutil.rmtree(stage)
            _remove_leftovers(folder)
        yield FolderLock(folder)
    finally:
        # On Linux the file goes while it is still held, and `_acquire` sees that; on Windows a closed one can go.
        if os.name != "nt":
            (folder / _LOCK).unlink(missing_ok=True)
        os.close(handle)
        if os.name == "nt":
            with suppress(OSError):
                (folder / _LOCK).unlink(missing_ok=True)


def _acquire(folder: Path, command: str, wait_s: float) -> int:
    path = folder / _LOCK
    until = time.monotonic() + max(wait_s, _READER_WAIT_S)
    while True:
        _check_lock(path)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise InputError([Fault(str(path), "is no regular file, so it cannot be the lock; remove it")])
            if _hold(handle):
                if _is_same_file(handle, path):
                    os.ftruncate(handle, 0)
                    os.write(handle, _holder(command))
                    return handle
            elif time.monotonic() >= until:
                raise GisError(_held_message(folder, path))
            else:
                time.sleep(_PAUSE_S)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _check_lock(path: Path) -> None:
    """Raise where the lock is a link or no file: it would be written elsewhere, or opening it would hang."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise InputError([Fault(str(path), "is no regular file, so it cannot be the lock; remove it")])


def _is_same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _holder(command: str) -> bytes:
    import getpass
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # No name for the user number, as in some containers.
        user = ""
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "user": user,
        "command": command,
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    return json.dumps(holder, ensure_ascii=False).encode()


def _held_message(folder: Path, path: Path) -> str:
    try:
        holder = json.loads(path.read_bytes())
        who = f"process {holder['pid']} of {holder['user'] or 'another user'} on {holder['host']}"
        doing = f" ({holder['command']})" if holder["command"] else ""
        who += f"{doing}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"
    return f"{folder} is being written by {who}; wait until it is done, or end that process"


def _inside(folder: Path, path: Path) -> PurePosixPath:
    """Return `path` relative to `folder`; GisError where it is not in it."""
    try:
        relative = path.relative_to(folder) if path.is_absolute() or path.is_relative_to(folder) else path
    except ValueError as error:
        raise GisError(f"{path} does not lie in {folder}") from error
    if not relative.parts or ".." in relative.parts or relative.is_absolute() or relative.drive:
        raise GisError(f"{path} does not lie in {folder}")
    if any(part.startswith(PREFIX) for part in relative.parts):
        raise GisError(f"{path} has a name that is kept for temporary files ({PREFIX}…)")
    return PurePosixPath(*relative.parts)


def _check_target(folder: Path, target: Path) -> None:
    """Raise what would fail after the commit point before it: another disk, a way out, a folder, a file in use."""
    _check_leads_inside(folder, target)
    parent = next(parent for parent in target.parents if parent.exists())
    if not parent.is_dir():
        raise GisError(f"cannot write {target}: {parent} is a file")
    if parent.stat().st_dev != folder.stat().st_dev:
        raise GisError(f"{parent} lies on another disk than {folder}, so they cannot change together")
    if target.is_dir() and not target.is_symlink():
        raise GisError(f"cannot write {target}: it is a folder")
    if not os.access(parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(parent))
    if os.name == "nt" and target.exists():
        os.close(os.open(target, os.O_RDWR))


def _check_leads_inside(folder: Path, target: Path) -> None:
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise GisError(f"{target} leads out of {folder} through a symbolic link")


def _write_new(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        _write_through(handle, data)
    finally:
        os.close(handle)


def recover(folder: Path) -> None:
    """Finish the change that a killed run began in a folder, if there is one; to be called before reading it.

    Where another process is in the middle of a change, wait until it is done.

    Raises:
        GisError: It cannot be finished: the folder is read-only, or a file is open in another program.
    """
    if is_unfinished(folder):
        with lock_folder(folder, "recovery", _RECOVERY_WAIT_S):
            pass


def is_unfinished(folder: Path) -> bool:
    """Whether a change to a folder is past its commit point and its files are not all in their places."""
    return os.path.lexists(folder / _MANIFEST)


def check_finished(folder: Path) -> None:
    """Refuse to read a folder in the middle of a change, without writing to it; to be called before reading it.

    Where another process is in the middle of a change, wait until it is done.

    Raises:
        GisError: a killed run left a change unfinished; the text says what finishes it.
    """
    until = time.monotonic() + _RECOVERY_WAIT_S
    while is_unfinished(folder):
        if not _is_held(folder / _LOCK) or time.monotonic() >= until:
            if not is_unfinished(folder):  # It was finished, and the lock let go, between the two looks.
                return
            raise GisError(
                f"a change to {folder} was begun and not finished ({_MANIFEST}), and reading does not write: "
                f"gis layers recover --project {folder} finishes it, and so does the next command that changes a layer"
            )
        time.sleep(_PAUSE_S)


def _is_held(lock: Path) -> bool:
    """Whether a process holds a lock; it is taken for an instant, and not written."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if not stat.S_ISREG(lock.lstat().st_mode):
            return False
        handle = os.open(lock, flags)
    except OSError:
        return False
    try:
        return not _hold(handle)
    finally:
        os.close(handle)


def _finish(folder: Path, *, own: bool = False) -> None:
    """Make the moves of the manifest, if there is one, that are not made yet; then remove it and its stage.

    One that this process did not write itself (`own`) may have come with the folder, so it may do less.
    """
    manifest = folder / _MANIFEST
    if manifest.is_symlink() or (manifest.exists() and not manifest.is_file()):
        raise ProjectError([Fault(_MANIFEST, "is no regular file, so the change it describes is not made")])
    try:
        plan = json.loads(read_regular(manifest, _MOST_IN_MANIFEST))
    except FileNotFoundError:
        return
    except (ValueError, RecursionError) as error:
        raise GisError(f"{manifest} is damaged; a change to {folder} was not finished: restore the folder") from error
    try:
        stage, moves = _moves(folder, plan)
    except (KeyError, TypeError, AttributeError) as error:
        raise GisError(f"{manifest} is damaged; a change to {folder} was not finished: restore the folder") from error
    if not own:
        _check_foreign(folder, stage, moves)
    for source, target in ((move.source, move.target) for move in moves):
        try:
            if source is None:
                target.unlink(missing_ok=True)
            elif source.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _replace(source, target)
        except OSError as error:
            raise GisError(
                f"cannot put {target} in its place: {error.strerror}; close the programs that have it open, "
                "then run any command again: it finishes the change"
            ) from error
    with _faults_of(folder):
        for parent in sorted({move.target.parent for move in moves if move.target.parent.is_dir()}):
            _sync_folder(parent)
        manifest.unlink()
        _sync_folder(folder)
        shutil.rmtree(stage, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Move:
    """One file of a manifest: where its new content lies (None: it goes), and what it was and shall be, as SHA-256."""

    source: Path | None
    target: Path
    digest: str | None
    was: str | None


def _moves(folder: Path, plan: dict[str, object]) -> tuple[Path, list[_Move]]:
    """Return the stage and each move of a manifest; nothing outside of the folder, whoever wrote it."""
    name, files = plan["stage"], plan["files"]
    if (
        not isinstance(name, str)
        or not re.fullmatch(re.escape(_STAGE) + "[0-9a-f]{16}", name)
        or not isinstance(files, list)
    ):
        raise TypeError("stage")
    stage = folder / name
    moves: list[_Move] = []
    for entry in files:
        source, path, digest, was = entry["from"], entry["path"], entry["sha256"], entry["was"]
        if "\0" in path or "\\" in path or ":" in path:
            raise GisError(f"{path!r} in {folder / _MANIFEST} is no path that this program writes")
        target = folder / _inside(folder, Path(path))
        if source is not None and not re.fullmatch("[0-9]+", source):
            raise TypeError("from")
        if (source is None) != (digest is None) or not all(isinstance(text, str | None) for text in (digest, was)):
            raise TypeError("sha256")
        _check_leads_inside(folder, target)
        moves.append(_Move(None if source is None else stage / source, target, digest, was))
    return stage, moves


def _digest_of(path: Path) -> str | None:
    """The SHA-256 of a regular file; None where there is none."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _check_foreign(folder: Path, stage: Path, moves: list[_Move]) -> None:
    """Refuse a manifest that does what no killed run of this program left to do; it may have come with the folder."""
    faults = [Fault(stage.name, "is a symbolic link")] if stage.is_symlink() else []
    is_project = os.path.lexists(folder / _PROJECT_MARK)
    for move in moves:
        relative = move.target.relative_to(folder)
        what = _foreign_fault(folder, relative, move) or (_project_fault(relative, move) if is_project else "")
        if what:
            faults.append(Fault(relative.as_posix(), what))
    if faults:
        raise ProjectError(faults, f"the unfinished change in {_MANIFEST} is refused, nothing was changed")


def _foreign_fault(folder: Path, relative: PurePath, move: _Move) -> str:
    """What of a move no killed run leaves to do in any folder; empty where it may be made."""
    steps = [folder.joinpath(*relative.parts[: i + 1]) for i in range(len(relative.parts))]
    if any(step.is_symlink() for step in steps):
        return "a symbolic link lies on its path"
    if any(part.startswith(".") for part in relative.parts[:-1]):
        return "a hidden folder lies on its path"
    if os.path.lexists(move.target) and not move.target.is_file():
        return "it is no regular file"
    if move.source is not None and os.path.lexists(move.source):
        mode = move.source.lstat().st_mode
        if not stat.S_ISREG(mode):
            return f"its new content, {move.source.name}, is no regular file"
        if os.name != "nt" and mode & 0o111:
            return f"its new content, {move.source.name}, is executable"
        if _digest_of(move.source) != move.digest:
            return f"its new content, {move.source.name}, is not what the change wrote"
    now = _digest_of(move.target)
    if now is not None and now not in {move.was, move.digest}:
        return "it is not what the change found or made; it was changed since"
    return ""


def _project_fault(relative: PurePath, move: _Move) -> str:
    """What of a move no killed run leaves to do in a project: layers, facts and the journal are all that changes."""
    if len(relative.parts) > 1 and relative.parts[0] in _PROJECT_FOLDERS:
        return "" if relative.suffix in _PROJECT_SUFFIXES else "it is no table, layer or entry of the journal"
    if move.source is None or (os.path.lexists(move.source) and os.path.lexists(move.target)):
        return f"outside of {', '.join(_PROJECT_FOLDERS)} nothing is removed or replaced"
    return ""
