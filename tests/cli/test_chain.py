"""`gis chain` prints what is wanted or there for people, and every link as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gis import cli
from tests.fixtures.parks import CITY, Park, six_links

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(park: Park, *words: str) -> tuple[int, str, str]:
        park.load()
        monkeypatch.setattr(sys, "argv", ["gis", *words, "--city", CITY, "--project", str(park.folder)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def park(tmp_path: Path) -> Park:
    return six_links(tmp_path / "park")


def test_the_table_says_in_words_what_is_missing_and_who_is_nearest(run: Run, park: Park) -> None:
    code, table, _ = run(park, "chain", "--zone", "park")
    row = next(line for line in table.splitlines() if "材料" in line).split()
    assert code == 0
    assert {"缺", "是", "digger", "5500"} <= set(row)


def test_the_table_follows_the_language(run: Run, park: Park) -> None:
    _, table, _ = run(park, "chain", "--zone", "park", "--lang", "en")
    assert "single supplier" in table
    assert "独家" not in table


def test_json_holds_every_link_of_the_places_asked_for(run: Run, park: Park) -> None:
    _, text, _ = run(park, "chain", "--zone", "park", "--format", "json")
    links = json.loads(text)["links"]
    assert len(links) == 8
    assert {row["id"] for row in links} == {"park"}
    assert {row["state"] for row in links} == {
        "strong", "single", "missing", "weak", "not_known", "absent"
    }  # fmt: skip


def test_csv_holds_the_rows_of_the_table(run: Run, park: Park) -> None:
    _, text, _ = run(park, "chain", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["scope"] for row in rows} == {"city", "system", "zone"}
    assert {row["state"] for row in rows if row["segment"] == "materials"} == {"missing", "present", "single"}


def test_an_incomplete_list_is_said(run: Run, park: Park) -> None:
    park.lists.clear()
    _, table, said = run(park, "chain")
    assert "名录不全" in said
    assert "缺" not in table.split()


def test_an_unknown_place_is_refused(run: Run, park: Park) -> None:
    code, out, said = run(park, "chain", "--zone", "parc")
    assert (code, out) == (1, "")
    assert "park" in said


def test_a_list_names_the_clause_the_candidates_with_their_seat_and_the_nearest_place(run: Run, park: Park) -> None:
    park.target("wanted", "materials", seat="外地")
    _, table, _ = run(park, "chain", "--list", "补链", "--zone", "park")
    row = next(line for line in table.splitlines() if "材料" in line)
    assert "材料（规划plan-a第" in row
    assert "名wanted（外地）" in row
    assert "名mine" in row
    assert "5000" in row


@pytest.mark.parametrize("name", ["固链", "固链清单", "secure"])
def test_a_list_is_called_by_its_chinese_or_english_name(run: Run, park: Park, name: str) -> None:
    _, text, _ = run(park, "chain", "--list", name, "--format", "json", "--zone", "park")
    assert [row["segment"] for row in json.loads(text)] == ["control"]


def test_an_unknown_list_is_refused_with_the_names_of_the_three(run: Run, park: Park) -> None:
    code, out, said = run(park, "chain", "--list", "延链")
    assert (code, out) == (1, "")
    assert "补链 (fill)" in said


def test_a_board_is_drawn_of_the_place_that_is_named(run: Run, park: Park, tmp_path: Path) -> None:
    code, out, _ = run(park, "chain", "--board", str(tmp_path / "board.svg"), "--zone", "park")
    assert (code, out) == (0, "")
    assert "名park产业链现状图" in (tmp_path / "board.svg").read_text("utf-8")


def test_a_board_as_png_is_a_png(run: Run, park: Park, tmp_path: Path) -> None:
    run(park, "chain", "--board", str(tmp_path / "board.png"), "--picture", "panorama")
    assert (tmp_path / "board.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("words", [["--board", "board.pdf"], ["--board", "b.svg", "--zone", "park", "--zone", "mine"]])
def test_what_cannot_be_drawn_is_refused(run: Run, park: Park, words: list[str]) -> None:
    code, out, _ = run(park, "chain", *words)
    assert (code, out) == (2, "")


def test_a_board_without_chains_is_refused_with_what_to_do(run: Run, tmp_path: Path) -> None:
    code, _, said = run(Park(tmp_path / "park").firm("one", (0, 0)), "chain", "--board", str(tmp_path / "board.svg"))
    assert code == 1
    assert "chain.csv" in said


def test_a_board_of_an_unknown_chain_is_refused_with_those_there_are(run: Run, park: Park, tmp_path: Path) -> None:
    code, _, said = run(park, "chain", "--board", str(tmp_path / "board.svg"), "--chain", "car")
    assert code == 1
    assert "cars" in said
