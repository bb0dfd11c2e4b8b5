"""From what an explanation shows alone, the figure comes out again."""

from __future__ import annotations

import json
import random
from dataclasses import fields, replace
from typing import Any

import pytest

from gis.base.errors import UsageError
from gis.measures.explain import OF_CHAIN, OF_COVERAGE, Evidence, Explainer, Explanation
from gis.measures.recomputing import recomputed
from gis.model.project import load_project
from tests import ROOT
from tests.fixtures.parks import CITY, six_links

CELLS = 50


def read_back(explained: Explanation) -> Explanation:
    """The explanation as it comes out of its JSON, and without its value."""
    data = json.loads(json.dumps(explained.flat()))
    firms = tuple(Evidence(**{**firm, "clauses": ()}) for firm in data["firms"])
    known = {f.name: data[f.name] for f in fields(Explanation) if f.name not in {"firms", "outlines", "wants", "feeds"}}
    return Explanation(**{**known, "firms": firms, "outlines": tuple(data["outlines"]), "value": "forgotten"})


def agree(value: Any, again: Any) -> bool:
    if isinstance(value, float) or isinstance(again, float):
        return value is not None and again == pytest.approx(value, rel=1e-4, abs=1e-4)
    return bool(value == again)


@pytest.mark.parametrize("city", ["jiading", "hangzhou", "huli"])
def test_random_cells_of_the_bundled_cities_come_out_again(city: str) -> None:
    explainer = Explainer(load_project(ROOT, cities=[city]), city)
    chosen = random.Random(city)
    counted = explainer.counted
    places = sorted({row.id for row in counted.zones} | {row.id for row in counted.systems})
    of_coverage = [name for name in OF_COVERAGE if name != "area_km2"]
    cells = [explainer.coverage(chosen.choice(places), chosen.choice(of_coverage)) for _ in range(CELLS)]
    scopes = sorted(explainer.scopes)
    for _ in range(CELLS):
        link, figure = chosen.choice(explainer.links.ids), chosen.choice(OF_CHAIN)
        cells.append(explainer.chain(chosen.choice(scopes), link, figure))
    wrong = [(c.id, c.link, c.figure, c.value) for c in cells if not agree(c.value, recomputed(read_back(c)))]
    assert wrong == []


def test_every_figure_of_a_complete_list_comes_out_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    explainer = Explainer(six_links(tmp_path_factory.mktemp("again") / "park").load(), CITY)
    for place in ("park", "mine", "layout"):
        for figure in OF_COVERAGE:
            found = explainer.coverage(place, figure)
            if found.recomputable:
                assert agree(found.value, recomputed(read_back(found))), (place, figure)
        for link in explainer.links.ids:
            for figure in OF_CHAIN:
                found = explainer.chain(place, link, figure)
                assert agree(found.value, recomputed(read_back(found))), (place, link, figure)


def test_a_firm_left_out_changes_the_number(tmp_path_factory: pytest.TempPathFactory) -> None:
    explainer = Explainer(six_links(tmp_path_factory.mktemp("less") / "park").load(), CITY)
    found = explainer.coverage("park", "estimate")
    assert not agree(found.value, recomputed(replace(found, firms=found.firms[1:])))


def test_what_is_measured_of_outlines_is_not_computed_from_firms(tmp_path_factory: pytest.TempPathFactory) -> None:
    explainer = Explainer(six_links(tmp_path_factory.mktemp("area") / "park").load(), CITY)
    found = explainer.coverage("park", "area_km2")
    assert not found.recomputable
    with pytest.raises(UsageError, match="outlines"):
        recomputed(found)
