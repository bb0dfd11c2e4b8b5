"""Try a change of a project out on a copy of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gis.base.errors import Fault, InputError, raise_if_any
from gis.model.project import examine_project

_READ: Final = frozenset({".csv", ".geojson", ".toml"})


def _copy(root: Path, folder: Path, copy: Path) -> None:
    """Copy what a check reads of a folder; through a link to a folder a copy could take in the whole disk.

    Raises:
        InputError: a folder in it is a symbolic link.
    """
    for inner in (folder, *sorted(folder.rglob("*"))):
        relative = inner.relative_to(root)
        if inner.is_dir():
            if inner.is_symlink():
                what = "is a symbolic link; a project that is changed holds its folders itself"
                raise InputError([Fault(relative.as_posix(), what)])
            (copy / relative).mkdir(exist_ok=True)
        elif inner.suffix in _READ and inner.is_file():
            shutil.copyfile(inner, copy / relative)


def try_out(root: Path, where: Path, data: bytes | None) -> None:
    """Load a copy of the project with a layer changed, so that no import, and no undoing, makes a project faulty.

    Args:
        root: the project's folder.
        where: the layer's file, relative to it.
        data: its new content; None where it goes.

    Raises:
        InputError: the project would break a rule.
    """
    with TemporaryDirectory(prefix="gis-") as folder:
        copy = Path(folder) / "project"
        copy.mkdir()
        for name in ("gis.toml", "segments.csv"):
            if (root / name).is_file():
                shutil.copyfile(root / name, copy / name)
        for name in ("seeds", "layers"):
            if (root / name).is_dir():
                _copy(root, root / name, copy)
        (copy / where).parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            (copy / where).unlink(missing_ok=True)
        else:
            (copy / where).write_bytes(data)
        _, faults = examine_project(copy)
    raise_if_any(faults, InputError, f"this would break {len(faults)} rule(s) of the project; nothing was changed")
