"""Relate links that zones hold together, and say how near each zone is to a link that it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.measures.coverage import LEAST_FIRMS

# Fewer zones than this say nothing about which links go together.
LEAST_ZONES: Final = 30

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Relatedness:
    """Proximity of links and density of zones; both None where note says why (note_en in English).

    proximity: of each pair of links, the smaller of the two conditional probabilities that a zone with a quotient of
    at least 1 in one has it in the other. density: of each zone and link, the share of the proximities to that link
    that the zone's own links hold. zones: those that are counted.
    """

    zones: tuple[str, ...]
    links: tuple[str, ...]
    proximity: tuple[tuple[float, ...], ...] | None
    density: tuple[tuple[float, ...], ...] | None
    note: str
    note_en: str


def relatedness(zones: Sequence[str], links: Sequence[str], counts: Floats) -> Relatedness:
    """Relate the links of a city.

    Args:
        zones: ids of the places.
        links: ids of the links.
        counts: firms expected by place and link, shape (places, links).
    """
    enough = counts.reshape(len(zones), len(links)).sum(axis=1) >= LEAST_FIRMS
    number = int(enough.sum())
    chosen = tuple(zone for zone, good in zip(zones, enough, strict=True) if good)
    if number < LEAST_ZONES:
        return Relatedness(
            chosen,
            tuple(links),
            None,
            None,
            f"有{LEAST_FIRMS}家以上企业的区域仅{number}个，少于{LEAST_ZONES}个，不计关联度与密度",
            f"{number} zones have {LEAST_FIRMS} firms or more; fewer than {LEAST_ZONES} make no proximity, no density",
        )
    rca = quotients(counts[enough])
    near = proximity(rca)
    return Relatedness(chosen, tuple(links), _rounded(near), _rounded(density(rca, near)), "", "")


def quotients(counts: Floats) -> Floats:
    """Balassa's revealed comparative advantage, which is the location quotient, shape (places, links).

    0 where a place or a link has no firm at all.

    Reference:
        B. Balassa, Trade liberalisation and “revealed” comparative advantage, Manchester School 33 (1965) 99-123.
    """
    total = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / (total or 1.0)
    return np.asarray(np.divide(counts, expected, out=np.zeros(counts.shape), where=expected > 0), float)


def proximity(rca: Floats) -> Floats:
    """The proximity of each pair of links, shape (links, links): min(P(i | j), P(j | i)) over places; 0 with itself.

    Reference:
        C. A. Hidalgo, B. Klinger, A.-L. Barabási, R. Hausmann, The product space conditions the development of
        nations, Science 317 (2007) 482-487.
    """
    has = (rca >= 1).astype(float)
    both = has.T @ has
    ubiquity = np.diag(both)
    larger = np.maximum(ubiquity[:, None], ubiquity[None, :])
    found = np.divide(both, larger, out=np.zeros(both.shape), where=larger > 0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found, float)


def density(rca: Floats, near: Floats) -> Floats:
    """How near each place is to each link, shape (places, links): Σ over its links of φ, over Σ of all φ.

    A link that is related to no other has the density 0.
    """
    has = (rca >= 1).astype(float)
    whole = near.sum(axis=0)
    return np.asarray(np.divide(has @ near, whole[None], out=np.zeros(has.shape), where=whole[None] > 0), float)


def _rounded(table: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(value), 4) for value in row) for row in table)
