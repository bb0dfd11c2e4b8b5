"""Which links of the chain are there, missing or not known, and how strong they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from gis.measures.chain import _ends, chain
from gis.measures.links import CityChain, LinkRow, State
from gis.model.project import load_project
from tests import ROOT
from tests.fixtures.parks import CITY, Park, six_links, square

MISSING = "materials"


def rows_of(park: Park, place: str = "park", scope: str = "zone") -> Mapping[str, LinkRow]:
    return {row.segment: row for row in chain(park.load(), CITY).of(scope, place)}


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> CityChain:
    return chain(six_links(tmp_path_factory.mktemp("chain") / "park").load(), CITY)


def states(result: CityChain, scope: str, id_: str) -> dict[str, str]:
    return {row.segment: str(row.state) for row in result.of(scope, id_) if row.wanted}


def test_each_of_the_six_links_has_the_state_that_its_firms_give_it(six: CityChain) -> None:
    assert states(six, "zone", "park") == {
        "materials": "missing",
        "cells": "strong",
        "chips": "not_known",
        "control": "single",
        "vehicle": "strong",
        "aftermarket": "weak",
    }


def test_a_system_has_what_any_of_its_places_has(six: CityChain) -> None:
    assert states(six, "system", "layout")[MISSING] == "single"


def test_a_city_has_what_its_list_holds_and_is_compared_with_nothing(six: CityChain) -> None:
    rows = six.of("city", CITY)
    assert {row.segment for row in rows if not row.here} == {"parts", "software"}
    assert {row.quotient for row in rows} == {None}


def test_a_link_that_no_plan_wants_is_absent_and_not_missing(six: CityChain) -> None:
    assert [row.state for row in six.of("zone", "park") if row.segment == "software"] == [State.ABSENT]


def test_the_quotient_is_the_share_here_over_the_share_in_the_city(six: CityChain) -> None:
    row = next(row for row in six.of("zone", "park") if row.segment == "aftermarket")
    # 7.5 firms are expected here, one of them of this link; of 18 in the city ten are.
    assert row.quotient == pytest.approx((1 / 7.5) / (10 / 18), rel=1e-3)
    assert row.quotient_high == pytest.approx((1 / 7) / (10 / 18))


def test_the_nearest_supplier_of_a_missing_link_is_found_in_the_city(six: CityChain) -> None:
    row = next(row for row in six.of("zone", "park") if row.segment == MISSING)
    zone, city = row.rings
    assert (zone.ring, zone.firms, zone.distance_m) == ("zone", 0, None)
    # From the park's east side at 10,000 m to the firm at 15,500 m.
    assert (city.ring, city.nearest, city.distance_m, city.distance_90_m) == ("city", "digger", 5500, 5500)


def test_each_want_says_the_clause_that_wants_it(six: CityChain) -> None:
    for row in six.of("zone", "park"):
        for clause in row.wants:
            assert (clause.plan, clause.section, clause.table) == ("plan-a", "一 总则", "seeds/plan-a/zones.csv")
            assert clause.line > 0
            assert clause.word


def test_no_link_is_missing_where_nobody_says_that_the_list_is_complete(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park")
    park.lists.clear()
    row = rows_of(park)[MISSING]
    assert (row.state, row.p_any, row.estimate) == (State.NOT_KNOWN, None, None)


def test_a_single_supplier_from_an_incomplete_list_is_the_only_one_that_is_named(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park")
    park.lists.clear()
    row = rows_of(park)["control"]
    assert (row.state, row.word(), row.word("en")) == (State.SINGLE, "只点名一家", "only one is named")


def test_five_listed_firms_are_a_sample_that_makes_no_link_weak(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park")
    park.lists.clear()
    row = rows_of(park)["aftermarket"]
    assert row.quotient_high is not None
    assert row.quotient_high > 1 or row.state == State.WEAK
    assert row.quotient_high > 0.26  # wider than the draws alone make it


def test_no_link_is_missing_while_a_firm_of_it_may_be_anywhere(tmp_path: Path) -> None:
    row = rows_of(six_links(tmp_path / "park").firm("lost", segment=MISSING))[MISSING]
    assert (row.state, row.unplaced) == (State.NOT_KNOWN, 1)


def test_a_firm_that_only_general_knowledge_puts_here_makes_nothing_present(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park")
    park.firm("said", within="park", segment=MISSING)
    park.features["enterprises"][-1]["properties"]["within_basis"] = "general"
    row = rows_of(park)[MISSING]
    assert (row.state, row.p_any, row.p_proven) == (State.NOT_KNOWN, 1.0, 0.0)
    assert [firm.how for firm in row.firms] == ["general"]


def test_a_firm_that_a_document_puts_here_makes_its_link_present_without_any_outline(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park").zone("sketchless", None).member("sketchless", functions="材料")
    park.firm("named", segment=MISSING).mention("named", "sketchless")
    row = rows_of(park, "sketchless")[MISSING]
    assert (row.state, row.documented, row.estimate, row.rings[0].ring) == (State.PRESENT, 1, None, "city")
    assert [clause.table for clause in row.firms[0].clauses] == ["seeds/plan-a/enterprises.csv"]


def test_a_word_for_the_whole_chain_wants_no_single_link(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park").function("汽车产业", "materials", "vehicle", reach="chain")
    park.member("mine", functions="汽车产业")
    row = rows_of(park, "mine")["vehicle"]
    assert (row.wanted, [clause.word for clause in row.spanned], row.state) == (False, ["汽车产业"], State.ABSENT)


def test_a_city_that_is_about_a_district_has_what_lies_in_it_and_wants_what_is_wanted_there(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park").district("core", square(-100, -100, 11_000))
    park.subject = "core"
    park.member("core", functions="材料").member("mine", functions="芯片")
    rows = rows_of(park, CITY, "city")
    assert {segment for segment, row in rows.items() if row.wanted} == {"materials"}
    assert (rows["materials"].state, rows["aftermarket"].documented) == (State.MISSING, 0)
    assert [firm.id for firm in rows["aftermarket"].firms] == ["in-6"]


def test_the_nearest_place_is_one_that_has_the_link_and_does_not_contain_this_one(six: CityChain) -> None:
    row = next(row for row in six.of("zone", "park") if row.segment == MISSING)
    assert row.nearest_place is not None
    assert (row.nearest_place.id, row.nearest_place.distance_m) == ("mine", 5000)


def test_two_plans_may_name_a_system_alike_and_each_has_its_own_rows(tmp_path: Path) -> None:
    park = six_links(tmp_path / "park").plan("plan-b").system("layout", "mine", plan="plan-b")
    rows = [row for row in chain(park.load(), CITY).rows if (row.id, row.segment) == ("layout", "vehicle")]
    assert [(row.plan, row.here) for row in rows] == [("plan-a", True), ("plan-b", False)]


def test_a_link_that_feeds_nothing_is_no_single_supplier(tmp_path: Path) -> None:
    park = Park(tmp_path / "park").zone("park", square(0, 0, 1000)).system("one", "park").complete("enterprises")
    row = rows_of(park.firm("only", (500, 500)))["parts"]
    assert (row.state, row.p_one) == (State.PRESENT, 1.0)


_LINKS = ("vehicle", "parts", "software")
_PLACES = st.tuples(st.integers(-2000, 3000), st.integers(-2000, 3000))
_FIRMS = st.lists(st.tuples(_PLACES, st.sampled_from(_LINKS), st.sampled_from([0.001, 100.0, 900.0])), max_size=6)


def _with(folder: Path, firms: list[tuple[tuple[int, int], str, float]]) -> Mapping[str, LinkRow]:
    park = Park(folder).zone("park", square(0, 0, 1000), accuracy_m=200.0).complete("enterprises")
    for word in _LINKS:
        park.function(word, word)
    park.system("one", "park", functions=";".join(_LINKS))
    for number, (at, segment, accuracy_m) in enumerate(firms):
        park.firm(f"firm-{number}", at, segment=segment, accuracy_m=accuracy_m)
    return rows_of(park)


@settings(max_examples=12, deadline=None)
@given(firms=_FIRMS.filter(bool))
def test_adding_a_firm_never_turns_present_into_missing(firms: list[tuple[tuple[int, int], str, float]]) -> None:
    with TemporaryDirectory() as folder:
        before = _with(Path(folder) / "before", firms[:-1])
        after = _with(Path(folder) / "after", firms)
    for segment, row in before.items():
        if row.here:
            assert after[segment].here
        assert (after[segment].p_any or 0.0) >= (row.p_any or 0.0) - 1e-9


def test_the_ends_of_a_sample_are_those_of_clopper_and_pearson() -> None:
    low, high = _ends(np.full(10, 2), np.full(10, 9), sample=True)
    assert low == pytest.approx(float(beta.ppf(0.025, 2, 8)))
    assert high == pytest.approx(float(beta.ppf(0.975, 3, 7)))
    assert _ends(np.zeros(5, int), np.full(5, 4), sample=True)[0] == 0.0
    assert _ends(np.full(5, 4), np.full(5, 4), sample=True)[1] == 1.0


@pytest.mark.parametrize("city", ["jiading", "hangzhou", "huli"])
def test_the_bundled_cities_have_no_missing_link_and_every_want_and_firm_has_its_clause(city: str) -> None:
    project = load_project(ROOT, cities=[city])
    result = chain(project, city)
    assert not result.complete
    assert {row.state for row in result.rows}.isdisjoint({State.MISSING, State.ABSENT})
    keys = [(row.scope, row.plan, row.id, row.segment) for row in result.rows]
    assert len(keys) == len(set(keys))
    for row in result.rows:
        assert row.wanted == bool(row.wants)
        for clause in row.wants + row.spanned + tuple(c for firm in row.firms for c in firm.clauses):
            facts = project.facts.rows[Path(clause.table).stem]
            fact = next(f for f in facts if (f.table, f.row) == (clause.table, clause.row))
            assert (fact.line, fact.name, fact.section) == (clause.line, clause.name, clause.section)
        for firm in row.firms:
            assert firm.how != "documented" or firm.clauses
        assert (row.state == State.NOT_KNOWN) or row.documented or (row.p_proven or 0) >= 0.95
