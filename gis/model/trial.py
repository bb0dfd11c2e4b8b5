"""Try a change of a project out on a copy of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from gis.base.errors import InputError, raise_if_any
from gis.model.project import examine_project


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
                shutil.copytree(root / name, copy / name)
        (copy / where).parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            (copy / where).unlink(missing_ok=True)
        else:
            (copy / where).write_bytes(data)
        _, faults = examine_project(copy)
    raise_if_any(faults, InputError, f"this would break {len(faults)} rule(s) of the project; nothing was changed")
