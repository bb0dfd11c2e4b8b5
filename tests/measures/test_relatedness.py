"""How related links are, and how near zones are to links they lack."""

from __future__ import annotations

import econcomplex
import numpy as np
import pytest

from gis.measures.relatedness import density, proximity, quotients, relatedness


def random_counts(seed: int, places: int = 40, links: int = 9) -> np.ndarray:
    return np.random.default_rng(seed).poisson(2.0, (places, links)).astype(float)


def test_twenty_nine_zones_make_no_proximity_and_the_reason_is_given() -> None:
    found = relatedness([f"z{i}" for i in range(29)], ["a", "b"], np.full((29, 2), 3.0))
    assert (found.proximity, found.density, len(found.zones)) == (None, None, 29)
    assert "29" in found.note
    assert "29" in found.note_en


def test_a_zone_of_four_firms_is_not_counted() -> None:
    counts = np.full((31, 2), 3.0)
    counts[0] = 2.0
    found = relatedness([f"z{i}" for i in range(31)], ["a", "b"], counts)
    assert "z0" not in found.zones
    assert found.proximity is not None
    assert found.density is not None
    assert (len(found.zones), len(found.density)) == (30, 30)


def test_links_that_always_go_together_have_the_proximity_1() -> None:
    rca = np.array([[2.0, 2.0, 0.0], [1.0, 1.5, 0.0], [0.5, 0.2, 3.0]])
    assert proximity(rca).tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert density(rca, proximity(rca)).tolist() == [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("seed", range(5))
def test_random_tables_agree_with_the_formulas_written_out(seed: int) -> None:
    counts = random_counts(seed)
    rca = quotients(counts)
    for c in range(counts.shape[0]):
        for p in range(counts.shape[1]):
            share_here = counts[c, p] / counts[c].sum()
            assert rca[c, p] == pytest.approx(share_here / (counts[:, p].sum() / counts.sum()))
    has = rca >= 1
    near = proximity(rca)
    for i in range(counts.shape[1]):
        for j in range(counts.shape[1]):
            both = (has[:, i] & has[:, j]).sum()
            expected = 0.0 if i == j else min(both / has[:, i].sum(), both / has[:, j].sum())
            assert near[i, j] == pytest.approx(expected)
    around = density(rca, near)
    for c in range(counts.shape[0]):
        for p in range(counts.shape[1]):
            expected = sum(near[p, q] for q in range(counts.shape[1]) if has[c, q]) / near[p].sum()
            assert around[c, p] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_random_tables_agree_with_econcomplex(seed: int) -> None:
    counts = random_counts(seed)
    rca = quotients(counts)
    near = proximity(rca)
    assert econcomplex.location_quotient(counts) == pytest.approx(rca)
    assert econcomplex.rca(counts) == pytest.approx(rca)
    assert econcomplex.proximity(counts, compute="product")["product"] == pytest.approx(near)
    assert econcomplex.density(counts) / 100 == pytest.approx(density(rca, near))


def test_a_zone_or_a_link_without_firms_has_quotient_0() -> None:
    assert quotients(np.array([[0.0, 0.0], [0.0, 4.0]])).tolist() == [[0.0, 0.0], [0.0, 1.0]]
