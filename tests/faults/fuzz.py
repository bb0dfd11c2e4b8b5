"""Fuzz the readers of the intake with atheris, which steers the damage by the code that it reaches.

    uv run --no-sync --with atheris python -m tests.faults.fuzz shp FOLDER -max_total_time=600

FOLDER keeps the corpus of inputs (`corpus/`) and what was found (`found/`: the files, and the trace). What comes after
FOLDER goes to libFuzzer. A reader may read a damaged file or refuse it with a `GisError`; any other end is a find. The
first of each kind is kept, and the run goes on. tests/intake/test_fuzz.py is the small relative for every day.

An input is one file of a set (.shp, .shx …) or one entry of an archive, with the rest around it as it was: archives
damaged as a whole hardly get past their check sums.
"""

from __future__ import annotations

import importlib
import io
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ARCHIVES: Final = {"xlsx", "zip", "kmz"}
# A time of a file system's beginning, so that an archive of the same entries has the same bytes.
_STAMP: Final = (1980, 1, 1, 0, 0, 0)


def pack(entries: Mapping[str, bytes]) -> bytes:
    """Put entries into a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), data)
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The entries of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def whole_files(format_: str, folder: Path) -> list[tuple[str, dict[str, bytes]]]:
    """Files of a format to damage: the name of the one to open, and the content of each of its set by name."""
    from gis.model.layers import layer_of
    from tests.faults import make
    from tests.fixtures import intake
    from tests.intake.test_importing import SAMPLES

    source = {"zip": "shp", "kmz": "kml"}.get(format_, format_)
    written = [
        intake.write(folder / kind, layer_of("x", kind, SAMPLES[kind]), source)[0] for kind in ("zones", "enterprises")
    ]
    rows: list[list[Any]] = [
        ["嘉定区企业名单"],
        ["序号", "企业名称", "坐标", "地址"],
        [1, "甲", "121.16,31.28", "安亭镇"],
        ["合计", 1],
    ]
    if format_ == "csv":
        written.append(make.table(folder, rows, encoding="gbk"))
        written.append(make.table(folder, rows, "表.tsv", encoding="utf-16"))
    if format_ == "xlsx":
        written.append(make.book(folder, rows))
    found = []
    for file in written:
        mates = {
            mate.name: mate.read_bytes()
            for mate in sorted(file.parent.iterdir())
            if mate.is_file() and mate.stem == file.stem and (mate == file or source == "shp")
        }
        if format_ in {"zip", "kmz"}:
            entries = mates if format_ == "zip" else {"doc.kml": mates[file.name]}
            found.append((f"{file.stem}.{format_}", {f"{file.stem}.{format_}": pack(entries)}))
        else:
            found.append((file.name, mates))
    return found


class Target:
    """Turns an input into files, and reads them.

    The first byte of an input chooses the set of files, the second the one of it that the rest replaces; in archives 0
    is the archive itself, 1 its first entry.
    """

    def __init__(self, format_: str, folder: Path) -> None:
        self.folder = folder
        self.archive = format_ in ARCHIVES
        with tempfile.TemporaryDirectory() as seeds:
            self.sets = whole_files(format_, Path(seeds))
        self.kinds: set[str] = set()

    def seeds(self) -> list[bytes]:
        """The inputs that stand for the undamaged files."""
        found = []
        for number, (name, files) in enumerate(self.sets):
            parts = [files[name], *unpack(files[name]).values()] if self.archive else list(files.values())
            found += [bytes([number, part]) + data for part, data in enumerate(parts)]
        return found

    def files_of(self, data: bytes) -> tuple[str, dict[str, bytes]]:
        """The files that an input stands for."""
        name, files = self.sets[data[0] % len(self.sets)]
        rest = data[2:]
        if not self.archive:
            names = list(files)
            return name, {**files, names[data[1] % len(names)]: rest}
        entries = unpack(files[name])
        part = data[1] % (len(entries) + 1)
        return name, {name: pack({**entries, list(entries)[part - 1]: rest}) if part else rest}

    def read(self, data: bytes) -> None:
        """Read one input; keep the files of a kind of failure that was not seen before."""
        from gis.base.errors import GisError

        if len(data) < 3:
            return
        name, files = self.files_of(data)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            for file, content in files.items():
                (folder / file).write_bytes(content)
            try:
                read(folder / name)
            except GisError:
                return
            except Exception as error:  # noqa: BLE001  (any other end is what is looked for)
                self.keep(error, files)

    def keep(self, error: Exception, files: Mapping[str, bytes]) -> None:
        """Note a failure, if none of its type came from the same line before."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} {Path(frame.filename).name}:{frame.lineno}"
        if kind in self.kinds:
            return
        self.kinds.add(kind)
        folder = self.folder / "found" / str(len(self.kinds))
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / "trace.txt").write_text("".join(traceback.format_exception(error)), "utf-8", "replace")
        sys.stderr.write(f"found: {kind}: {error}\n")


def read(path: Path) -> None:
    """Read a file as an import does, as far as the positions of its rows."""
    from gis.intake.positions import gather
    from gis.io.columns import recognise
    from gis.io.reading import read_table

    table = read_table(path)
    for repair in (False, True):
        gather(table, recognise(table.header, "zones", cut=table.cut_names), repair=repair)


def main(words: Sequence[str]) -> None:
    """Run libFuzzer on one format."""
    # atheris is no dependency of the project: its wheels fit few systems.
    atheris: Any = importlib.import_module("atheris")
    format_, folder, *options = words
    with atheris.instrument_imports(include=["gis.intake", "gis.base.text", "openpyxl", "zipfile", "csv"]):
        importlib.import_module("gis.intake.positions")
        importlib.import_module("openpyxl")
    warnings.simplefilter("ignore")
    target = Target(format_, Path(folder))
    corpus = Path(folder) / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    test: Callable[[bytes], None] = target.read
    atheris.Setup([sys.argv[0], str(corpus), f"-artifact_prefix={folder}/", *options], test)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
