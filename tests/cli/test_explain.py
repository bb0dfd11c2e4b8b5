"""`gis explain` shows a number with all that it is made of."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gis import cli
from tests.fixtures.parks import Park, six_links

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(park: Park, *words: str) -> tuple[int, str, str]:
        park.load()
        monkeypatch.setattr(sys, "argv", ["gis", "explain", *words, "--project", str(park.folder)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def park(tmp_path: Path) -> Park:
    return six_links(tmp_path / "park")


def test_a_number_comes_with_its_formula_its_firms_and_its_outline(run: Run, park: Park) -> None:
    _, text, _ = run(park, "coverage", "--zone", "park")
    assert "= 7.5" in text
    assert "Σ p" in text
    assert "与所示一致" in text
    assert "名on-edge" in text
    assert "digitised" in text


def test_a_state_comes_with_the_clause_that_wants_the_link(run: Run, park: Park) -> None:
    _, text, _ = run(park, "chain", "--zone", "park", "--link", "materials", "--lang", "en")
    assert "= missing" in text
    assert "clauses that want it\n  规划plan-a, line" in text


def test_json_holds_all_of_it_and_the_number_computed_again(run: Run, park: Park) -> None:
    _, text, _ = run(park, "chain", "--zone", "park", "--link", "control", "--figure", "p_one", "--format", "json")
    found = json.loads(text)
    assert (found["value"], found["recomputed"], [firm["id"] for firm in found["firms"]]) == (1.0, 1.0, ["in-5"])
    assert found["feeds"][0]["table"] == "seeds/plan-a/chain.csv"


def test_a_figure_of_a_chain_needs_its_link(run: Run, park: Park) -> None:
    code, out, said = run(park, "chain", "--zone", "park")
    assert (code, out) == (2, "")
    assert "--link" in said


def test_an_unknown_place_is_refused_with_the_nearest(run: Run, park: Park) -> None:
    code, out, said = run(park, "coverage", "--zone", "parc")
    assert (code, out) == (1, "")
    assert "park" in said
