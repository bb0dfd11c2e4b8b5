"""A figure is laid open with the firms, clauses and outlines that it is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.base.errors import UnknownIdError, UsageError
from gis.measures.chain import chain
from gis.measures.explain import OF_CHAIN, Explainer
from tests.fixtures.parks import CITY, firm_known_by_its_park, six_links


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    return Explainer(six_links(tmp_path_factory.mktemp("explain") / "park").load(), CITY)


def test_a_state_is_that_of_the_chain_and_says_who_wants_it(six: Explainer) -> None:
    found = six.chain("park", "materials", "state")
    assert (found.value, found.firms, [clause.word for clause in found.wants]) == ("missing", (), ["材料"])
    assert found.law == ((0, 1.0),)


@pytest.mark.parametrize("figure", [name for name in OF_CHAIN if name != "state"])
def test_a_figure_of_a_link_is_that_of_the_chain(six: Explainer, figure: str) -> None:
    row = next(row for row in chain(six.project, CITY).of("zone", "park") if row.segment == "aftermarket")
    assert six.chain("park", "aftermarket", figure).value == getattr(row, figure)


def test_each_firm_has_its_probability_accuracy_and_source(six: Explainer) -> None:
    (firm,) = six.chain("park", "chips", "p_any").firms
    assert (firm.id, firm.how, firm.accuracy_m, firm.source) == ("on-edge", "position", 100.0, "a test")
    assert firm.p == pytest.approx(0.5, abs=0.01)


def test_each_firm_that_a_document_puts_here_has_the_clause(tmp_path: Path) -> None:
    found = Explainer(firm_known_by_its_park(tmp_path / "park").load(), CITY).coverage("home", "estimate")
    by_id = {firm.id: firm for firm in found.firms}
    assert [(c.table, c.line, c.name) for c in by_id["said"].clauses] == [
        ("seeds/plan-a/enterprises.csv", 1, "名said")
    ]  # fmt: skip
    assert by_id["seen"].clauses == ()
    assert (by_id["said"].how, by_id["seen"].how) == ("documented", "position")


def test_each_outline_says_what_it_rests_on(six: Explainer) -> None:
    (outline,) = six.coverage("park", "estimate").outlines
    assert (outline.id, outline.basis, outline.source) == ("park", "digitised", "a test")
    assert outline.area_km2 == pytest.approx(100, rel=1e-3)


def test_what_is_not_there_is_refused(six: Explainer) -> None:
    with pytest.raises(UnknownIdError, match="park"):
        six.coverage("parc", "estimate")
    with pytest.raises(UnknownIdError, match="materials"):
        six.chain("park", "material", "state")
    with pytest.raises(UsageError, match="estimate"):
        six.coverage("park", "estimated")
    with pytest.raises(UsageError, match="neither"):
        six.coverage(CITY, "estimate")
