"""The three lists: links to fill, to strengthen and to secure."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.measures.chain import chain
from gis.measures.linklists import LinkList, ListRow, link_list
from gis.model.project import load_project
from tests import ROOT
from tests.fixtures.parks import CITY, Park, six_links


def rows_of(park: Park, which: LinkList, place: str = "park") -> list[ListRow]:
    project = park.load()
    return [row for row in link_list(project, chain(project, CITY), which) if row.id == place]


@pytest.fixture
def park(tmp_path: Path) -> Park:
    return six_links(tmp_path / "park")


def test_what_is_missing_is_to_be_filled_and_what_is_not_known_to_be_looked_up_first(park: Park) -> None:
    rows = {row.segment: row for row in rows_of(park, LinkList.FILL)}
    assert {segment: (row.word, row.proven) for segment, row in rows.items()} == {
        "materials": ("缺", True),
        "chips": ("未知，待摸排", False),
    }


def test_what_is_weak_is_to_be_strengthened_and_a_single_supplier_to_be_secured(park: Park) -> None:
    assert [row.segment for row in rows_of(park, LinkList.STRENGTHEN)] == ["aftermarket"]
    (row,) = rows_of(park, LinkList.SECURE)
    assert (row.segment, [feed.segment for feed in row.feeds]) == ("control", ["vehicle"])


def test_a_row_says_the_clause_that_wants_it_and_the_nearest_place_that_has_it(park: Park) -> None:
    row = next(row for row in rows_of(park, LinkList.FILL) if row.segment == "materials")
    assert [(clause.plan, clause.word) for clause in row.wants] == [("plan-a", "材料")]
    assert row.nearest_place is not None
    assert (row.nearest_place.name, row.nearest_place.distance_m) == ("名mine", 5000)
    assert [(ring.ring, ring.nearest, ring.distance_m) for ring in row.rings if ring.nearest] == [
        ("city", "digger", 5500)
    ]


def test_candidates_are_those_that_plans_want_for_the_link_here_or_wherever(park: Park) -> None:
    park.target("anywhere", "materials", seat="外地").target("for-here", "materials", place="park")
    park.target("for-there", "materials", place="mine").target("of-another-link", "chips")
    row = next(row for row in rows_of(park, LinkList.FILL) if row.segment == "materials")
    assert [(c.id, c.seat, c.place, c.local) for c in row.candidates] == [
        ("for-here", "", "park", False),
        ("anywhere", "外地", "", False),
    ]
    assert {c.clause.table for c in row.candidates} == {"seeds/plan-a/enterprises.csv"}


@pytest.mark.parametrize("city", ["jiading", "hangzhou", "huli"])
def test_every_row_of_the_bundled_lists_has_its_clauses_and_each_stands_in_a_table_of_facts(city: str) -> None:
    project = load_project(ROOT, cities=[city])
    result = chain(project, city)
    rows = [row for which in LinkList for row in link_list(project, result, which)]
    known = {(f.table, f.row): f for kind in project.facts.rows.values() for f in kind}
    assert rows
    for row in rows:
        clauses = row.wants + tuple(f.clause for f in row.feeds) + tuple(c.clause for c in row.candidates)
        assert row.wants or row.feeds
        for clause in clauses:
            fact = known[clause.table, clause.row]
            assert (clause.file, clause.line, clause.section, clause.name) == (
                fact.file, fact.line, fact.section, fact.name
            )  # fmt: skip
        assert not row.proven
