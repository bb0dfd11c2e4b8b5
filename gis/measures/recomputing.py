"""Compute a figure again from nothing but its explanation, so that anybody can hold the two against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil, floor
from typing import Any, Final

from gis.base.errors import UsageError
from gis.measures.chances import LOCATED, POSSIBLE
from gis.measures.coverage import LEAST_FIRMS, MU_PER_KM2
from gis.measures.explain import COVERAGE, Evidence, Explanation
from gis.measures.links import State

_TAIL: Final = 0.025
_SINGLE: Final = 0.5
_DRAWN: Final = frozenset({"at", "along"})


def recomputed(explained: Explanation) -> Any:
    """The value of a figure, from what its explanation shows.

    Raises:
        UsageError: it is measured of outlines, which an explanation does not hold.
    """
    rules = _OF_COVERAGE if explained.about == COVERAGE else _OF_CHAIN
    if explained.figure not in rules:
        raise UsageError(f"{explained.figure} is measured of the outlines, not computed from firms")
    return rules[explained.figure](explained)


def _documented(explained: Explanation) -> int:
    return sum(firm.how == "documented" for firm in explained.firms)


def _none_known(explained: Explanation) -> bool:
    """Whether an incomplete list holds nobody that may be here: the count's upper end is 0."""
    return not explained.terms["complete"] and _top(explained) == 0


def _unknown(explained: Explanation) -> bool:
    """Whether nothing can be said of how many there are: no outline, or an incomplete list without a candidate."""
    return not explained.law or (_none_known(explained) and not _documented(explained))


def _is_possible(firm: Evidence) -> bool:
    return firm.p_position >= POSSIBLE and (firm.p_position < LOCATED or firm.general)


def _counted(chosen: Callable[[Evidence], bool]) -> Callable[[Explanation], int | None]:
    """How many firms are of a kind; None where nothing can be said."""
    return lambda e: None if _unknown(e) else sum(map(chosen, e.firms))


def _named(chosen: Callable[[Evidence], bool]) -> Callable[[Explanation], int | None]:
    """How many firms are of a kind; None, and not 0, where none is named."""
    return lambda e: sum(map(chosen, e.firms)) or None


def _added(chosen: Callable[[Evidence], bool], value: Callable[[Evidence], float]) -> Callable[[Explanation], Any]:
    return lambda e: None if _unknown(e) else float(sum(value(firm) for firm in e.firms if chosen(firm)))


def _combined(firm: Evidence) -> float:
    return firm.p


def _mean(explained: Explanation) -> float:
    return float(sum(number * share for number, share in explained.law))


def _quantile(law: Iterable[tuple[float, float]], share: float) -> float:
    """The value at which the probability reaches a share; the law is not empty."""
    reached = 0.0
    ordered = sorted(law)
    for value, probability in ordered:
        reached += probability
        if reached > share + 1e-7:
            return value
    return ordered[-1][0]


def _top(explained: Explanation) -> int:
    return max(int(_quantile(explained.law, 1 - _TAIL)), ceil(round(_mean(explained), 2)))


def _estimate(explained: Explanation) -> float | None:
    return None if _unknown(explained) else _mean(explained)


def _low(explained: Explanation) -> int | None:
    if _unknown(explained):
        return None
    return min(int(_quantile(explained.law, _TAIL)), floor(round(_mean(explained), 2)))


def _high(explained: Explanation) -> int | None:
    return None if _unknown(explained) else _top(explained)


def _over_area(value: Callable[[Explanation], float | None]) -> Callable[[Explanation], float | None]:
    """A number a km²; None below five firms or without an area."""

    def divided(explained: Explanation) -> float | None:
        number, estimate, area = value(explained), _estimate(explained), explained.terms["area_km2"]
        if number is None or estimate is None or estimate < LEAST_FIRMS or not area:
            return None
        return number / float(area)

    return divided


def _road_density(explained: Explanation) -> float | None:
    road, area = explained.terms["test_road_km"], explained.terms["area_km2"]
    return None if road is None or not area else float(road / area)


def _mu(explained: Explanation) -> float | None:
    area = explained.terms["area_km2"]
    return None if area is None else float(area) * MU_PER_KM2


_OF_COVERAGE: Final[Mapping[str, Callable[[Explanation], Any]]] = {
    "documented": _named(lambda firm: firm.how == "documented"),
    "documented_here": _named(lambda firm: firm.here),
    "placed_by_source": _named(lambda firm: firm.sourced),
    "located": _counted(lambda firm: firm.p_position >= LOCATED and not firm.general),
    "possible": _counted(_is_possible),
    "possible_sum": _added(_is_possible, lambda firm: firm.p_position),
    "inside": lambda e: sum(firm.inside for firm in e.firms) if e.outlines else None,
    "estimate": _added(lambda _: True, _combined),
    "low": _low,
    "high": _high,
    "estimate_documented": _added(lambda firm: firm.how == "documented", _combined),
    "estimate_position": _added(lambda f: f.how != "documented" and f.knowledge in _DRAWN, _combined),
    "estimate_area": _added(lambda f: f.how != "documented" and f.knowledge not in _DRAWN, _combined),
    "area_mu": _mu,
    "density_per_km2": _over_area(_estimate),
    "density_low": _over_area(_low),
    "density_high": _over_area(_high),
    "test_road_density": _road_density,
}


# --- Of a link of the chain ---------------------------------------------------------------------------------------


def _share(law: Sequence[tuple[int, float]], chosen: Callable[[int], bool]) -> float:
    return float(sum(share for number, share in law if chosen(number)))


def _p_any(explained: Explanation) -> float | None:
    if not explained.law:
        return 1.0 if _documented(explained) else None
    return None if _none_known(explained) else _share(explained.law, lambda number: number >= 1)


def _p_proven(explained: Explanation) -> float | None:
    if not explained.law or _none_known(explained):
        return _p_any(explained)
    return _share(explained.law_proven or explained.law, lambda number: number >= 1)


def _p_one(explained: Explanation) -> float | None:
    if not explained.law:
        known = _documented(explained) and not explained.terms["complete"]
        return float(_documented(explained) == 1) if known else None
    return None if _none_known(explained) else _share(explained.law, lambda number: number == 1)


def _of_law(value: Callable[[Explanation], Any]) -> Callable[[Explanation], Any]:
    return lambda e: value(e) if e.law and not _none_known(e) else None


def _chain_low(explained: Explanation) -> int | None:
    if not explained.law:
        return _documented(explained) or None
    return None if _none_known(explained) else _low(explained)


def _city_share(explained: Explanation) -> float:
    return float(explained.terms["city_link"] / explained.terms["city_all"])


def _quotient(explained: Explanation) -> float | None:
    if explained.terms["quotient_note"]:
        return None
    of_link, of_all = (sum(pair[i] * pair[2] for pair in explained.pairs) for i in (0, 1))
    return of_link / of_all / _city_share(explained)


def _quotient_end(share: float, end: Callable[[int, int], float]) -> Callable[[Explanation], float | None]:
    def found(explained: Explanation) -> float | None:
        if explained.terms["quotient_note"]:
            return None
        sample = not explained.terms["complete"]
        whole = sum(weight for _, n, weight in explained.pairs if n)
        law = [(end(k, n) if sample else k / n, weight / whole) for k, n, weight in explained.pairs if n]
        return _quantile(law, share) / _city_share(explained)

    return found


def _lower(k: int, n: int) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(k, n - k + 1, _TAIL)) if k else 0.0


def _upper(k: int, n: int) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(k + 1, n - k, 1 - _TAIL)) if k < n else 1.0


_quotient_low = _quotient_end(_TAIL, _lower)
_quotient_high = _quotient_end(1 - _TAIL, _upper)


def _state(explained: Explanation) -> str:
    terms = explained.terms
    if _documented(explained) or (_p_proven(explained) or 0.0) >= LOCATED:
        low, high = _quotient_low(explained), _quotient_high(explained)
        if (_p_one(explained) or 0.0) >= _SINGLE and terms["feeds_present"]:
            return str(State.SINGLE)
        if high is not None and high < 1:
            return str(State.WEAK)
        return str(State.STRONG if low is not None and low > 1 else State.PRESENT)
    p_any = _p_any(explained)
    if not terms["complete"] or terms["unplaced"] or p_any is None or p_any > POSSIBLE:
        return str(State.NOT_KNOWN)
    return str(State.MISSING if terms["wanted"] else State.ABSENT)


_OF_CHAIN: Final[Mapping[str, Callable[[Explanation], Any]]] = {
    "state": _state,
    "documented": _documented,
    "p_any": _p_any,
    "p_proven": _p_proven,
    "p_one": _p_one,
    "estimate": _of_law(_estimate),
    "low": _chain_low,
    "high": _of_law(_high),
    "quotient": _quotient,
    "quotient_low": _quotient_low,
    "quotient_high": _quotient_high,
}
