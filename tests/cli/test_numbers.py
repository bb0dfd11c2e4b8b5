"""The tables of the statistics are for people, in their language; JSON and CSV hold everything."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gis import cli
from tests.fixtures.parks import CITY, Park, overlapping_zones, square
from tests.measures.test_indicators import chargers

Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `gis` on a park; what it prints to stdout, and to stderr."""

    def run(park: Park, *words: str) -> tuple[str, str]:
        park.load()
        monkeypatch.setattr(sys, "argv", ["gis", *words, "--city", CITY, "--project", str(park.folder)])
        with pytest.raises(SystemExit):
            cli.main()
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        ("coverage", "家位置已知", "with a known position"),
        ("coverage --reach 300,500", "直线距离", "straight lines"),
        ("overlap", "不属任何功能区体系", "under no zone system"),
        ("indicators", "另有1项", "1 more (facts"),
        ("structure", "按此口径无企业", "have no firm by this count"),
    ],
)
def test_the_notes_follow_the_language_and_are_chinese_by_default(
    run: Run, tmp_path: Path, words: str, zh: str, en: str
) -> None:
    park = chargers(tmp_path).firm("seen", (10, 10))
    _, by_default = run(park, *words.split())
    _, in_english = run(park, *words.split(), "--lang", "en")
    assert zh in by_default
    assert en not in by_default
    assert en in in_english
    assert zh not in in_english


def test_the_documented_level_of_a_target_stands_with_its_year(run: Run, tmp_path: Path) -> None:
    table, _ = run(chargers(tmp_path), "indicators")
    row = next(line for line in table.splitlines() if "20889" in line)
    assert "14889 (2020)" in row
    assert "进行中，现值未知" in row


def test_the_table_of_overlaps_counts_firms_and_json_names_them(run: Run, tmp_path: Path) -> None:
    park = overlapping_zones(tmp_path).system("of-west", "west").system("of-east", "east")
    table, _ = run(park, "overlap")
    data: dict[str, Any] = json.loads(run(park, "overlap", "--format", "json")[0])
    pair = next(p for p in data["pairs"] if {p["a"], p["b"]} == {"of-west", "of-east"})
    assert len(pair["inside_both"]) == 1
    assert pair["inside_both"][0] not in table
    header, row, *_ = run(park, "overlap", "--format", "csv")[0].splitlines()
    said = dict(zip(header.split(","), row.split(","), strict=True))
    assert said["a_plan"] == said["b_plan"] == pair["a_plan"] == pair["b_plan"] == "plan-a"


def test_places_without_system_outline_and_firm_are_left_to_json(run: Run, tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1000)).zone("nowhere", None).zone("peopled", None)
    park.system("one", "wide").member("nowhere").member("peopled")
    park.firm("said", within="peopled").mention("said", "peopled")
    table, err = run(park, "coverage")
    assert "peopled" in table
    assert "nowhere" not in table
    assert "另有1个地方" in err
    assert "nowhere" in run(park, "coverage", "--format", "csv")[0]


def test_areas_of_the_table_have_the_digits_that_they_carry(run: Run, tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1111)).system("one", "wide")
    table, _ = run(park, "coverage")
    assert " 1.23 " in table
    zone = json.loads(run(park, "coverage", "--format", "json")[0])["zones"][0]
    assert zone["area_km2"] == pytest.approx(1.234, abs=0.0005)
    assert zone["area_km2"] != 1.234


def test_where_nothing_of_a_kind_is_drawn_what_is_drawn_is_listed(run: Run, tmp_path: Path) -> None:
    park = Park(tmp_path).zone("wide", square(0, 0, 1000)).system("one", "wide").facility("port", "airport", (5, 5))
    _, err = run(park, "coverage", "--source", "hydrogen_station", "--lang", "en")
    assert "no hydrogen_station is drawn in town; drawn there: airport (1)." in err
    assert "test_roads" not in err
    assert "gis import" in err
    _, zh = run(park, "coverage", "--source", "hydrogen_station")
    assert "已绘的有：airport (1)" in zh
