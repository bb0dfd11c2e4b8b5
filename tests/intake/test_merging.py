"""Next month's list updates what is known, says what changed and who is not in it, and doubles nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.base.errors import InputError
from gis.earth.datum import convert
from gis.intake.identity import check_sign
from gis.io.geojson import dump_features, read_features
from gis.model import journal
from tests.faults.make import book, table
from tests.fixtures import intake
from tests.intake.test_session import gis

PARKS = list(intake.PARKS)
HEADER = ["企业名称", "统一社会信用代码", "所属园区", "经度", "纬度", "从业人数"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = intake.new_project(tmp_path / "园区")
    intake.import_parks(root)
    return root


def code(number: int) -> str:
    body = f"91310114MA{number:07d}"
    return body + check_sign(body)


def spot(number: int, park: int = 0, east: float = 0.0) -> tuple[float, float]:
    west, south, _, _ = intake.PARKS[PARKS[park]].bounds
    return west + 0.002 + 0.0007 * (number % 20) + east, south + 0.002 + 0.0006 * (number // 20)


def row(number: int, *, name: str | None = None, park: int = 0, east: float = 0.0, coded: bool = True) -> list[Any]:
    lon, lat = spot(number, park, east)
    title = name or f"上海第{number}号精密机械有限公司"
    return [title, code(number) if coded else "", PARKS[park], round(lon, 6), round(lat, 6), 20 + number]


def month(folder: Path, name: str, rows: Sequence[Sequence[Any]]) -> Path:
    return table(folder, [HEADER, *rows], f"{name}.csv")


def merge(root: Path, file: Path, **wishes: Any) -> Any:
    return intake.run(root, file, datum="wgs84", merge=True, **wishes).changes


def ids(listed: Sequence[Any]) -> list[str]:
    return [str(one["id"]) for one in listed]


@pytest.mark.parametrize("coded", [True, False])
def test_a_month_later_the_changes_are_named_and_nothing_is_doubled(root: Path, tmp_path: Path, coded: bool) -> None:
    before = [row(n, coded=coded) for n in range(40)]
    intake.run(root, month(tmp_path, "9月", before), datum="wgs84")
    after = [*before[3:30], *(row(n, east=0.004, coded=coded) for n in (30, 31)), *before[32:]]
    after += [row(n, coded=coded) for n in range(50, 55)]
    changes = merge(root, month(tmp_path, "10月", list(reversed(after))))
    assert (len(changes.new), len(changes.renamed), len(changes.edited), changes.unchanged) == (5, 0, 0, 35)
    assert [one["metres"] for one in changes.moved] == [pytest.approx(381, abs=2)] * 2
    assert sorted(one["name"] for one in changes.absent) == sorted(r[0] for r in before[:3])
    assert len(intake.records(root)) == 45
    assert changes.follows == [2]


def test_a_new_name_under_a_known_code_keeps_the_old_one_as_an_alias(root: Path, tmp_path: Path) -> None:
    intake.run(root, month(tmp_path, "9月", [row(n) for n in range(6)]), datum="wgs84")
    rows = [row(0, name="上海新一号（集团）股份有限公司"), *(row(n) for n in range(1, 6))]
    changes = merge(root, month(tmp_path, "10月", rows))
    assert [(one["from"], one["to"]) for one in changes.renamed] == [(row(0)[0], rows[0][0])]
    assert intake.records(root)[rows[0][0]].properties["aliases"] == [row(0)[0]]
    # A list that still has the old name does not turn the clock back, whichever way it finds the firm.
    for coded in (True, False):
        later = merge(root, month(tmp_path, f"又{coded}", [row(n, coded=coded) for n in range(6)]))
        assert (later.new, later.renamed, later.edited, later.unchanged) == ([], [], [], 6)


def test_other_values_are_named_with_what_they_were(root: Path, tmp_path: Path) -> None:
    intake.run(root, month(tmp_path, "9月", [row(n) for n in range(4)]), datum="wgs84")
    rows = [row(n) for n in range(4)]
    rows[1][5] = 999
    changes = merge(root, month(tmp_path, "10月", rows))
    (edited,) = changes.edited
    assert [str(value) for value in edited["columns"]["从业人数"]] == ["21", "999"]
    assert changes.unchanged == 3


def test_two_sites_of_one_code_are_told_apart_by_name_and_by_spot(root: Path, tmp_path: Path) -> None:
    second = [*row(1, east=0.005)[:1], code(1), *row(1, east=0.005)[2:]]
    second[0] = row(1)[0] + "（二厂）"
    intake.run(root, month(tmp_path, "9月", [row(0), row(1), second, row(2)]), datum="wgs84")
    moved = [second[0], *row(1, east=0.009)[1:]]
    changes = merge(root, month(tmp_path, "10月", [moved, row(2), row(1), row(0), row(3)]))
    assert (len(changes.new), len(changes.moved), changes.unchanged) == (1, 1, 3)
    # A site of another name on the known spot is the old one, renamed.
    renamed = [row(1)[0] + "（东区）", *moved[1:]]
    changes = merge(root, month(tmp_path, "11月", [renamed, row(1), row(0), row(2), row(3)]))
    assert [one["from"] for one in changes.renamed] == [second[0]]
    # A third site joins; one whose name and spot are nobody's, while a known one is not in the list, is refused.
    third = [row(1)[0] + "（三厂）", *row(1, east=0.012)[1:]]
    assert len(merge(root, month(tmp_path, "12月", [row(1), renamed, third])).new) == 1
    stray = [row(1)[0] + "（四厂）", *row(1, east=0.002)[1:]]
    file = month(tmp_path, "1月", [row(1), renamed, stray, row(2)])
    with pytest.raises(InputError, match="column id"):
        merge(root, file)
    plan = intake.run(root, file, datum="wgs84", merge=True, partial=True)
    assert (len(plan.listed), len(plan.refused)) == (3, 1)


def test_firms_of_one_name_in_two_parks_stay_two(root: Path, tmp_path: Path) -> None:
    twins = [row(1, name="园区服务中心", park=park, coded=False) for park in (0, 1)]
    intake.run(root, month(tmp_path, "9月", twins), datum="wgs84")
    changes = merge(root, month(tmp_path, "10月", [twins[1], twins[0], row(2, coded=False)]))
    assert (len(changes.new), changes.unchanged, len(intake.records(root))) == (1, 2, 2)
    # Where one is known and two are listed, the one in its park is it.
    other = [row(3, name="食堂", park=0, coded=False)]
    merge(root, month(tmp_path, "11月", other))
    changes = merge(root, month(tmp_path, "12月", [row(3, name="食堂", park=1, coded=False), *other]))
    assert (len(changes.new), changes.unchanged) == (1, 1)


def test_a_row_that_stands_twice_is_refused_and_by_partial_left_out(root: Path, tmp_path: Path) -> None:
    intake.run(root, month(tmp_path, "9月", [row(n, coded=False) for n in range(5)]), datum="wgs84")
    file = month(tmp_path, "10月", [row(n, coded=False) for n in (0, 1, 1, 2, 3, 4)])
    with pytest.raises(InputError, match="second row"):
        merge(root, file)
    plan = intake.run(root, file, datum="wgs84", merge=True, partial=True)
    assert (len(plan.listed), [fault.row for fault in plan.refused], plan.changes.absent) == (5, [4], [])


def test_without_merge_partial_imports_the_rows_that_are_new(root: Path, tmp_path: Path) -> None:
    intake.run(root, month(tmp_path, "9月", [row(n) for n in range(5)]), datum="wgs84")
    file = month(tmp_path, "10月", [row(n) for n in range(3, 9)])
    plan = intake.run(root, file, datum="wgs84", partial=True)
    assert (len(plan.added), len(plan.refused)) == (4, 2)


def test_each_of_several_lists_names_only_its_own_absent(root: Path, tmp_path: Path) -> None:
    lists = {"东": range(20), "西": range(20, 35), "北": range(35, 60)}
    for name, numbers in lists.items():
        merge(root, month(tmp_path, f"9月{name}", [row(n) for n in numbers]))
    gone = {"东": {3}, "西": {21, 30}, "北": set[int]()}
    for name, numbers in lists.items():
        found = merge(root, month(tmp_path, f"10月{name}", [row(n) for n in numbers if n not in gone[name]]))
        assert set(ids(found.absent)) == {code(n).lower() for n in gone[name]}
        assert found.others == 60 - len(numbers)
    # A month later the same ones are not named again; and a whole list follows all of them.
    whole = [n for n in range(60) if n not in {3, 21, 30, 40}]
    found = merge(root, month(tmp_path, "11月", [row(n) for n in whole]))
    assert set(ids(found.absent)) == {code(40).lower()}
    assert len(found.follows) == 3


def test_a_refused_row_is_in_the_list_nevertheless(root: Path, tmp_path: Path) -> None:
    intake.run(root, month(tmp_path, "9月", [row(n) for n in range(6)]), datum="wgs84")
    broken = row(2)
    broken[3] = ""
    plan = intake.run(
        root, month(tmp_path, "10月", [broken, *(row(n) for n in (0, 1, 3, 4))]),
        datum="wgs84", merge=True, partial=True,
    )  # fmt: skip
    assert ids(plan.changes.absent) == [code(5).lower()]


def test_what_is_usual_does_not_take_the_place_of_what_is_known(root: Path, tmp_path: Path) -> None:
    header = ["名称", "类型", "状态", "经度", "纬度"]
    rows = [["一号站", "加氢站", "规划", *spot(1)], ["二号站", "充电站", "现状", *spot(2)]]
    intake.run(root, table(tmp_path, [header, *rows], "一.csv"), kind="facilities", datum="wgs84")
    bare: list[list[Any]] = [["名称", "经度", "纬度"], *([r[0], r[3], r[4]] for r in rows)]
    plan = intake.run(root, table(tmp_path, bare, "二.csv"), kind="facilities", datum="wgs84", merge=True)
    held = intake.records(root, "facilities")["一号站"].properties
    assert (held["type"], held["status"], plan.changes.unchanged) == ("hydrogen_station", "planned", 2)


def test_a_park_of_a_known_name_elsewhere_is_refused_and_here_redrawn(root: Path, tmp_path: Path) -> None:
    old = intake.PARKS[PARKS[0]]
    for shape, taken in ((shapely.affinity.translate(old, 0.06), False), (shapely.affinity.translate(old, 1e-3), True)):
        file = tmp_path / "又.geojson"
        file.write_bytes(dump_features([({"name": PARKS[0]}, shape)]))
        if taken:
            (moved,) = merge(root, file, kind="zones").moved
            assert moved["metres"] == pytest.approx(95, abs=2)
        else:
            with pytest.raises(InputError, match="another place"):
                merge(root, file, kind="zones")
    assert len(intake.records(root, "zones")) == 2


def test_a_list_of_the_same_positions_in_another_datum_moves_nothing(root: Path, tmp_path: Path) -> None:
    rows = [row(n) for n in range(30)]
    intake.run(root, month(tmp_path, "9月", rows), datum="wgs84")
    shifted = []
    for one in rows:
        lon, lat = convert(one[3], one[4], "wgs84", "gcj02")
        shifted.append([*one[:3], round(lon, 6), round(lat, 6), one[5]])
    plan = intake.run(root, month(tmp_path, "10月", shifted), datum="gcj02", merge=True)
    assert (plan.changes.moved, plan.changes.unchanged) == ([], 30)


def test_the_command_prints_the_changes_as_words_and_as_json(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    intake.run(root, month(tmp_path, "9月", [row(n) for n in range(8)]), datum="wgs84")
    rows = [row(0, name="新名精密机械有限公司"), row(1, east=0.003), *(row(n) for n in (2, 3, 4, 5, 6, 20))]
    file = book(tmp_path, [HEADER, *rows], "10月.xlsx")
    words = ["import", str(file), "--kind", "enterprises", "--datum", "wgs84", "--merge", "--project", str(root)]
    gis(*words, "--dry-run", "--format", "json", at=tmp_path)
    found = json.loads(capsys.readouterr().out)["changes"]
    assert [len(found[k]) for k in ("new", "moved", "renamed", "edited", "not_in_this_list")] == [1, 1, 1, 0, 1]
    gis(*words, at=tmp_path)
    said = capsys.readouterr().err
    assert "moved: 上海第1号精密机械有限公司" in said
    assert "286 m, from 121." in said
    assert "renamed: 上海第0号精密机械有限公司 → 新名精密机械有限公司" in said
    assert "not in this list: 上海第7号精密机械有限公司" in said


def test_an_update_is_undone_to_the_byte(root: Path, tmp_path: Path) -> None:
    intake.run(root, month(tmp_path, "9月", [row(n, coded=False) for n in range(8)]), datum="wgs84")
    layer = root / "layers" / intake.CITY / "enterprises.geojson"
    before = layer.read_bytes()
    merge(root, month(tmp_path, "10月", [row(n, east=0.001, coded=False) for n in range(3, 12)]))
    assert len(read_features(layer)) == 12
    journal.undo(root, 3, intake.WHEN)
    assert layer.read_bytes() == before


@pytest.mark.parametrize("partial", [True, False])
def test_a_list_that_is_known_by_name_is_not_taken_once_more(root: Path, tmp_path: Path, partial: bool) -> None:
    before = [row(n, coded=False) for n in range(20)]
    intake.run(root, month(tmp_path, "9月", before), datum="wgs84")
    after = month(tmp_path, "10月", [*before[3:], *(row(n, coded=False) for n in range(30, 35))])
    with pytest.raises(InputError, match=r"17 of 22 row\(s\) have the name .*--merge .*--again"):
        intake.plan(root, after, datum="wgs84", partial=partial)
    assert intake.plan(root, after, datum="wgs84", merge=True).counts["added"] == 5
    assert intake.plan(root, after, datum="wgs84", again=True).counts["added"] == 22


def test_a_list_that_shares_a_few_names_is_another_list(root: Path, tmp_path: Path) -> None:
    intake.run(root, month(tmp_path, "一", [row(n, coded=False) for n in range(10)]), datum="wgs84")
    other = month(tmp_path, "二", [row(n, coded=False) for n in range(7, 20)])
    assert intake.run(root, other, datum="wgs84").counts["added"] == 13


def test_firms_of_one_name_and_other_codes_are_others(root: Path, tmp_path: Path) -> None:
    intake.run(root, month(tmp_path, "一", [row(n, name=f"第{n}物流") for n in range(4)]), datum="wgs84")
    other = month(tmp_path, "二", [row(n + 10, name=f"第{n}物流") for n in range(4)])
    assert intake.run(root, other, datum="wgs84").counts["added"] == 4


def test_facilities_of_one_name_elsewhere_are_others(root: Path, tmp_path: Path) -> None:
    rows = [["充电站", *spot(n)] for n in range(6)]
    for number, (some, name) in enumerate(((rows[:3], "一"), (rows[3:], "二"))):
        file = table(tmp_path, [["名称", "经度", "纬度"], *some], f"{name}.csv")
        assert intake.run(root, file, kind="facilities", datum="wgs84").counts["added"] == 3, number
    with pytest.raises(InputError, match="--merge"):
        intake.plan(
            root, table(tmp_path, [["名称", "经度", "纬度"], *rows[1:5]], "三.csv"), kind="facilities", datum="wgs84"
        )


def test_outlines_that_are_known_are_not_doubled(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "again.geojson"
    path.write_bytes(dump_features([({"name": name, "x": 1}, outline) for name, outline in intake.PARKS.items()]))
    with pytest.raises(InputError, match="--merge"):
        intake.plan(root, path, kind="zones", datum="wgs84")
