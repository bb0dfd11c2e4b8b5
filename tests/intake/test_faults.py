from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from gis.base.errors import GisError
from tests.faults.make import FAULTS, Fault
from tests.fixtures import intake


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return intake.new_project(tmp_path_factory.mktemp("corpus") / "project")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_faulty_file_ends_in_a_clear_message_and_changes_nothing(
    fault: Fault, template: Path, tmp_path: Path
) -> None:
    root = tmp_path / "我的 园区"
    shutil.copytree(template, root)
    folder = tmp_path / "文件"
    folder.mkdir()
    file = fault.make(folder)
    project, files = intake.state(root), intake.state(folder) if file.name != "表.csv" else {}

    with pytest.raises(GisError) as caught:
        intake.run(root, file, kind=fault.kind, datum=fault.datum)

    message = str(caught.value)
    assert all(part in message for part in fault.says), message
    assert file.name in message
    assert str(tmp_path) not in message
    assert tempfile.gettempdir() not in message
    assert intake.state(root) == project
    assert not files or intake.state(folder) == files


def test_the_command_line_says_a_fault_once_and_exits_with_1(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gis import cli

    file = next(fault for fault in FAULTS if fault.name == "bow_tie").make(tmp_path)
    before = intake.state(template)
    words = ["import", str(file), "--kind", "zones", "--datum", "wgs84", "--project", str(template)]
    monkeypatch.setattr("sys.argv", ["gis", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.count("not valid") == 1
    assert intake.state(template) == before
