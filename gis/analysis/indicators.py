"""Hold every number that the plans state against what the layers show: value now, target, gap and pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import shapely

from gis import geodesy
from gis.analysis.coverage import Ground
from gis.facts import Indicator
from gis.project import Project

_WORDS: Final = {"=": "", ">=": "≥", ">": ">", "<=": "≤", "<": "<", "~": "≈", "range": ""}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one indicator stands on the project's date.

    status: `baseline` or `fact` (nothing to reach), `reached`, `open`, `due` (its year has passed and it is not
    reached), `undated`, or `not computable`. value_now is what the layers show, lower_bound where their list is known
    to be incomplete. gap is what lacks to the target (0 when reached); pace_per_year spreads it over the years left.
    basis says in words what the value rests on, or why there is none.
    """

    plan: str
    id: str
    label: str
    label_en: str
    scope: str
    kind: str
    target: str
    value: float | None
    value_high: float | None
    unit: str
    year: int | None
    change: str
    baseline: float | None
    value_now: float | None
    lower_bound: bool
    gap: float | None
    pace_per_year: float | None
    status: str
    basis: str
    basis_en: str
    file: str
    line: int
    section: str

    def row(self) -> dict[str, Any]:
        """The standing as a flat row."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the layers show for a measure, and on what that rests; every list of the documents is incomplete."""

    value: float | None
    basis: str
    basis_en: str
    lower_bound: bool = False


def indicators(project: Project, city: str) -> list[Standing]:
    """Give every indicator of a city's plans with its value now, gap and required pace, in the order of the tables.

    Raises:
        UnknownIdError: the project has no such city.
    """
    ground = Ground(project, city)
    facts = project.facts.of_city(city)
    values = {(i.plan, i.id): i.value for i in facts.indicators}
    return [_standing(ground, i, values.get((i.plan, i.baseline))) for i in facts.indicators]


def _standing(ground: Ground, indicator: Indicator, baseline: float | None) -> Standing:
    measured = _measure(ground, indicator)
    goal = _goal(indicator, baseline)
    gap = pace = None
    if indicator.indicator_kind != "target":
        status = indicator.indicator_kind
    elif measured.value is None or goal is None:
        status = "not computable"
    else:
        gap = _gap(indicator, measured.value, goal)
        status, pace = _status(indicator, gap, ground.project.as_of.year)
    return Standing(
        plan=indicator.plan,
        id=indicator.id,
        label=indicator.title,
        label_en=indicator.label_en or indicator.title,
        scope=indicator.scope,
        kind=indicator.indicator_kind,
        target=_written(indicator),
        value=indicator.value,
        value_high=indicator.value_high,
        unit=indicator.unit,
        year=indicator.year,
        change=indicator.change,
        baseline=baseline,
        value_now=measured.value,
        lower_bound=measured.lower_bound,
        gap=gap,
        pace_per_year=pace,
        status=status,
        basis=measured.basis,
        basis_en=measured.basis_en,
        file=indicator.file,
        line=indicator.line,
        section=indicator.section,
    )


def _written(indicator: Indicator) -> str:
    if indicator.value is None:
        return ""
    number = f"{indicator.value:g}"
    if indicator.comparator == "range" and indicator.value_high is not None:
        number += f"–{indicator.value_high:g}"
    sign = "+" if indicator.change == "increment" else ""
    return f"{_WORDS[indicator.comparator]}{sign}{number} {indicator.unit}".strip()


def _goal(indicator: Indicator, baseline: float | None) -> float | None:
    """The level to reach: an increment is added to its baseline; without one, only the increment itself is known."""
    if indicator.value is None:
        return None
    return indicator.value + (baseline or 0.0) if indicator.change == "increment" else indicator.value


def _gap(indicator: Indicator, now: float, goal: float) -> float:
    missing = now - goal if indicator.comparator in {"<", "<="} else goal - now
    return round(max(0.0, missing), 3)


def _status(indicator: Indicator, gap: float, year_now: int) -> tuple[str, float | None]:
    if gap == 0:
        return "reached", None
    if indicator.year is None:
        return "undated", None
    if indicator.year < year_now:
        return "due", None
    return "open", round(gap / max(1, indicator.year - year_now), 3)


def _measure(ground: Ground, indicator: Indicator) -> _Measured:
    if indicator.layer == "none":
        return _Measured(None, "非空间指标", "not spatial")
    measure = _MEASURES.get(indicator.measure)
    if indicator.change in {"rate", "share"} or measure is None:
        needs = indicator.layer or "none"
        return _Measured(None, f"需要图层 {needs} 中没有的属性", f"needs an attribute that layer {needs} does not hold")
    return measure(ground, indicator)


def _road_km(ground: Ground, _: Indicator) -> _Measured:
    if not len(ground.test_roads):
        return _Measured(None, "需要图层 roads：尚无有走向的测试道路", "needs layer roads: no test road is drawn")
    united = shapely.union_all(ground.test_roads)
    km = geodesy.length_km(ground.globe(united))
    return _Measured(
        round(km, 3),
        f"图层 roads 中 {len(ground.test_roads)} 条有走向的测试道路，文件未逐条列出，为下限",
        f"{len(ground.test_roads)} test roads drawn in layer roads; the plans list few, so this is a lower bound",
        lower_bound=True,
    )


def _park_area(ground: Ground, indicator: Indicator) -> _Measured:
    if indicator.scope in ground.outlines:
        km2 = geodesy.area_km2(ground.globe(ground.outlines[indicator.scope]))
        return _Measured(round(km2, 3), "图层 zones 中该地的面积", "area of this place in layer zones")
    parks = [
        ground.outlines[record["id"]]
        for record, _ in ground.places
        if record.get("category") == "park" and record["id"] in ground.outlines
    ]
    if not parks:
        return _Measured(None, "需要图层 zones：尚无园区轮廓", "needs layer zones: no park is drawn")
    km2 = geodesy.area_km2(ground.globe(shapely.union_all(parks)))
    return _Measured(
        round(km2, 3),
        f"图层 zones 中 {len(parks)} 个园区的并集面积，多为示意轮廓；名单不全，为下限",
        f"union of {len(parks)} parks in layer zones, mostly sketched; the list is incomplete, so a lower bound",
        lower_bound=True,
    )


def _enterprises(ground: Ground, indicator: Indicator) -> _Measured:
    firms = [record for record in ground.firms.records if record.get("kind") != "institution"]
    if not firms:
        return _Measured(None, "需要图层 enterprises", "needs layer enterprises")
    if indicator.scope in ground.places:
        firms = [r for r in firms if indicator.scope in ground.attribution.get(r["id"], frozenset())]
    return _Measured(
        float(len(firms)),
        "图层 enterprises 中规划文件点名的企业数，名单不全，为下限",
        "enterprises that the plans name, in layer enterprises; the list is incomplete, so a lower bound",
        lower_bound=True,
    )


def _facilities(type_: str) -> Callable[[Ground, Indicator], _Measured]:
    def measure(ground: Ground, _: Indicator) -> _Measured:
        layer = ground.project.layer(ground.city.id, "facilities")
        # A count of units needs a layer that lists them one by one, or says how many each feature stands for.
        found = [
            record
            for record, geometry in layer
            if record["type"] == type_
            and record.get("status") != "planned"
            and (geometry is not None or record.get("count"))
        ]
        if not found:
            return _Measured(
                None,
                f"需要图层 facilities 中类型为 {type_} 的要素",
                f"needs features of type {type_} in facilities",
            )
        number = sum(float(record.get("count") or 1) for record in found)
        return _Measured(
            number,
            f"图层 facilities 中类型为 {type_} 的现有设施，名单不全，为下限",
            f"existing features of type {type_} in layer facilities; the list is incomplete, so a lower bound",
            lower_bound=True,
        )

    return measure


def _systems(_ground: Ground, _indicator: Indicator) -> _Measured:
    return _Measured(None, "结构数量，见 systems 表", "a number of structures: see the systems table")


_MEASURES: Final[Mapping[str, Callable[[Ground, Indicator], _Measured]]] = {
    "road_km": _road_km,
    "zone_area_km2": _park_area,
    "enterprises": _enterprises,
    "chargers": _facilities("charging"),
    "hydrogen_stations": _facilities("hydrogen_station"),
    "test_sites": _facilities("test_site"),
    "systems": _systems,
}
