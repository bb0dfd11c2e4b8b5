"""Compile a kernel at its first call, and keep the code for the next run, where it can be written and read."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast

import numba
from numba.core import caching as typed

# numba says no types of what is inside it.
_caching: Any = typed
_P = ParamSpec("_P")
_R = TypeVar("_R")

_SEAL_BYTES: Final = 32
_CANNOT_KEEP: Final = "compiled code cannot be kept ({}): each run compiles it anew, which takes about 20 s longer"
_DAMAGED: Final = "kept compiled code was damaged ({}): it is compiled anew, and the result is the same"

_remarks: dict[str, None] = {}


def remarks() -> tuple[str, ...]:
    """What there is to say of the compiled code that is kept between runs; each once."""
    return tuple(_remarks)


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a function at its first call, once for all runs; it lets other threads work meanwhile.

    Where the compiled code can be kept nowhere, or what was kept is damaged, the function works all the same.
    """
    dispatcher: Any = numba.njit(nogil=True, error_model="numpy")(function)
    try:
        dispatcher._cache = _Cache(function)
    except RuntimeError:  # numba's way to say that no folder can be written.
        _remarks[_CANNOT_KEEP.format("no folder for it can be written; set NUMBA_CACHE_DIR")] = None
    return cast("Callable[_P, _R]", dispatcher)


class _Cache(_caching.FunctionCache):  # type: ignore[misc]
    """numba's own, except that nothing on the disk can end a run."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _Sealed(self._cache_path, f"{self._impl.filename_base}.sealed", locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except OSError as error:
            _remarks[_DAMAGED.format(error.strerror or error)] = None
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _remarks[_CANNOT_KEEP.format(error.strerror or error)] = None


class _Sealed(_caching.IndexDataCacheFile):  # type: ignore[misc]
    """The files of one function, each with a SHA-256 before its content: damaged code would end the process."""

    def _load_index(self) -> dict[Any, str]:
        found = _opened(Path(self._index_path))
        if found is None:
            return {}
        version, stamp, overloads = found
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, (self._version, self._source_stamp, overloads))

    def _load_data(self, name: str) -> Any:
        return _opened(Path(self._data_path(name)))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _write(self, path: str, content: Any) -> None:
        data = self._dump(content)
        with self._open_for_write(path) as file:
            file.write(hashlib.sha256(data).digest() + data)


def _opened(path: Path) -> Any:
    """What a file holds; None where there is none, or where it is not as it was written."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(data[_SEAL_BYTES:]).digest() != data[:_SEAL_BYTES]:
        _remarks[_DAMAGED.format(path.name)] = None
        return None
    return pickle.loads(data[_SEAL_BYTES:])
