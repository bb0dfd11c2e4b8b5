"""What is wrong with the kept code is said, and never ends a run nor changes a result."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from gis.engine import compiling

SOURCE = """
from gis.engine.compiling import compiled

@compiled
def twice(x):
    return 2 * x
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import numba

    monkeypatch.setattr(compiling, "_remarks", {})
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "kernel.py"
    path.write_text(SOURCE, "utf-8")
    return path


def loaded(source: Path) -> ModuleType:
    """The module in a fresh state, as a new run has it."""
    spec = importlib.util.spec_from_file_location("kernel", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kept(source: Path) -> list[Path]:
    return sorted(file for file in (source.parent / "cache").rglob("*.nb?"))


def test_the_next_run_takes_what_was_kept(source: Path) -> None:
    assert loaded(source).twice(4) == 8
    assert [file.suffix for file in kept(source)] == [".nbc", ".nbi"]
    again = loaded(source)
    assert again.twice(4) == 8
    assert sum(again.twice.stats.cache_hits.values()) == 1
    assert compiling.remarks() == ()


@pytest.mark.parametrize("suffix", [".nbc", ".nbi"])
@pytest.mark.parametrize("damage", ["cut", "empty", "one bit", "garbage", "a folder"])
def test_damaged_code_is_compiled_anew_and_said(source: Path, suffix: str, damage: str) -> None:
    loaded(source).twice(4)
    (file,) = (file for file in kept(source) if file.suffix == suffix)
    data = file.read_bytes()
    flipped = data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]
    file.unlink()
    if damage == "a folder":
        file.mkdir()
    else:
        file.write_bytes({"cut": data[:-100], "empty": b"", "one bit": flipped, "garbage": b"\x80" * 500}[damage])
    assert loaded(source).twice(4) == 8
    assert compiling.remarks() != ()
    if damage != "a folder":
        again = loaded(source)
        again.twice(4)
        assert sum(again.twice.stats.cache_hits.values()) == 1


def test_a_folder_that_cannot_be_written_is_said(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core import caching

    (source.parent / "cache").write_text("a file", "utf-8")
    # Else it goes to another folder.
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [caching.UserProvidedCacheLocator])
    assert loaded(source).twice(4) == 8
    (remark,) = compiling.remarks()
    assert "cannot be kept" in remark


def test_a_disk_that_is_full_while_code_is_kept_is_said(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gis.engine.compiling._Sealed.save", full)
    assert loaded(source).twice(4) == 8
    (remark,) = compiling.remarks()
    assert "No space left on device" in remark
