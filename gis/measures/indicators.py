"""Hold every number that the plans state against what the layers show: value now, target, gap and pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

import shapely

from gis.earth import geodesy
from gis.measures.coverage import Ground, dissolved
from gis.model.facts import Indicator
from gis.model.layers import Record, is_sketched
from gis.model.project import Project

_SIGNS: Final = {"=": "", ">=": "≥", ">": ">", "<=": "≤", "<": "<", "~": "≈", "range": ""}
_AT_MOST: Final = frozenset({"<", "<="})
_DAYS_A_YEAR: Final = 365.25

# The states that an indicator can be in, in words (Chinese, English).
STATUS_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "baseline": ("基期", "baseline"),
    "fact": ("事实", "fact"),
    "reached": ("已达到", "reached"),
    "open": ("进行中", "open"),
    "due": ("已到期", "due"),
    "open, value unknown": ("进行中，现值未知", "open, value unknown"),
    "due, value unknown": ("已到期，现值未知", "due, value unknown"),
    "undated": ("未定年份", "undated"),
    "unproven": ("示意图形，不能证明", "not proven by sketches"),
    "not computable": ("不可计算", "not computable"),
}

# The basis of an indicator that no layer can answer (Chinese, English).
NOT_SPATIAL: Final = ("非空间指标", "not spatial")

# What one unit of an indicator is in the unit that is measured.
_UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "zone_area_km2": {"km²": 1, "平方公里": 1, "平方千米": 1, "公顷": 0.01, "亩": 1 / 1500, "万亩": 10_000 / 1500},
    "road_km": {"km": 1, "公里": 1, "千米": 1, "米": 0.001, "m": 0.001},
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one indicator stands on the project's date.

    status: `baseline` or `fact` (nothing to reach), `reached`, `open`, `due` (its year has passed and it is not known
    to be reached), `undated`, `unproven` (the value would do, but rests on sketched outlines), `open, value unknown` or
    `due, value unknown` (the layers give no value), or `not computable` (the target has no number at all).

    value_now is what the layers show, in the indicator's unit: a level, or for an increment without a documented
    baseline what has been added since year_from (or the plan's base year). It is a lower bound where the list behind it
    is incomplete; then the gap is the most that can lack, and a documented level that is higher takes its place in it.
    Where the layers show nothing, the gap is counted from the documented level alone; without one there is no gap.
    `now` writes the value with its sign (≥ for a lower bound, ≈ for a sketch).

    goal is the level to reach: the value, for an increment added to its baseline; goal_high the upper end of a range.
    gap and gap_high are what lacks to them (0 when reached); pace_per_year and pace_high_per_year spread that where the
    list is complete, over years_left, the time from the project's date to the end of the target's year; with less than
    a year left, it is the whole gap. basis says in words what the value rests on, or why there is none.
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
    comparator: str
    change: str
    baseline: float | None
    baseline_year: int | None
    goal: float | None
    goal_high: float | None
    value_now: float | None
    now: str
    lower_bound: bool
    sketched: bool
    gap: float | None
    gap_high: float | None
    years_left: float | None
    pace_per_year: float | None
    pace_high_per_year: float | None
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
    """What the layers show for a measure, and on what that rests."""

    value: float | None
    basis: str
    basis_en: str
    lower_bound: bool = False
    sketched: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an indicator asks of the layers; `since` is the first year that counts, where only additions do."""

    scope: str
    argument: str
    since: int | None
    additions: bool


def indicators(project: Project, city: str) -> list[Standing]:
    """Give every indicator of a city's plans with its value now, gap and required pace, in the order of the tables.

    Raises:
        UnknownIdError: the project has no such city.
    """
    ground = Ground(project, city)
    facts = project.facts.of_city(city)
    return [_standing(ground, indicator, facts.indicators) for indicator in facts.indicators]


def _standing(ground: Ground, indicator: Indicator, all_: Sequence[Indicator]) -> Standing:
    baseline = next((i for i in all_ if (i.plan, i.id) == (indicator.plan, indicator.baseline)), None)
    measured = _measure(ground, indicator, baseline)
    known, basis, basis_en = _known(indicator, baseline, measured, all_)
    goals = [_goal(indicator, baseline, value) for value in (indicator.value, indicator.value_high)]
    left = _years_left(indicator, ground.project.as_of)
    gaps: list[float | None] = [None, None]
    if indicator.indicator_kind != "target":
        status = indicator.indicator_kind
    elif goals[0] is None:
        status = "not computable"
    elif known is None:
        status = _unknown(left)
    else:
        gaps = [_gap(indicator, known, goal) for goal in goals]
        status = _status(_meets(indicator, baseline, known), indicator.comparator in _AT_MOST, measured, left)
        if measured.value is None and status != "reached":
            status = _unknown(left)
    # What is missing from an incomplete list may be there already: no pace follows from a lower bound.
    sure = not measured.lower_bound
    paces = [_pace(gap, left) if status == "open" and sure else None for gap in gaps]
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
        comparator=indicator.comparator,
        change=indicator.change,
        baseline=baseline.value if baseline else None,
        baseline_year=baseline.year if baseline else None,
        goal=goals[0],
        goal_high=goals[1],
        value_now=measured.value,
        now=_shown(measured, indicator.unit),
        lower_bound=measured.lower_bound,
        sketched=measured.sketched,
        gap=gaps[0],
        gap_high=gaps[1],
        years_left=left,
        pace_per_year=paces[0],
        pace_high_per_year=paces[1],
        status=status,
        basis=basis,
        basis_en=basis_en,
        file=indicator.file,
        line=indicator.line,
        section=indicator.section,
    )


def _written(indicator: Indicator) -> str:
    if indicator.value is None:
        return ""
    number = f"{indicator.value:.10g}"
    if indicator.comparator == "range" and indicator.value_high is not None:
        number += f"–{indicator.value_high:.10g}"
    sign = "+" if indicator.change == "increment" else ""
    return f"{_SIGNS[indicator.comparator]}{sign}{number} {indicator.unit}".strip()


def _shown(measured: _Measured, unit: str) -> str:
    if measured.value is None:
        return ""
    sign = "≈" if measured.sketched else "≥" if measured.lower_bound else ""
    return f"{sign}{measured.value:.10g} {unit}".strip()


def _goal(indicator: Indicator, baseline: Indicator | None, value: float | None) -> float | None:
    """The level to reach; an increment without a documented baseline is a goal for what is added."""
    if value is None:
        return None
    start = baseline.value if baseline and baseline.value is not None and indicator.change == "increment" else 0.0
    return start + value


def _known(
    indicator: Indicator, baseline: Indicator | None, measured: _Measured, all_: Sequence[Indicator]
) -> tuple[float | None, str, str]:
    """The value that the gap is counted from, and what it rests on.

    Where the layers give only a lower bound, a level that a document states for the same thing, up to the target's
    year, may say more; where they give nothing, it is all that is known.
    """
    nothing = measured.value, measured.basis, measured.basis_en
    # Only a level can be held against a level: an increment without baseline counts additions alone.
    comparable = indicator.change == "level" or (indicator.change == "increment" and baseline is not None)
    wanted = indicator.indicator_kind == "target" and comparable
    if not wanted or (measured.value is not None and not measured.lower_bound):
        return nothing
    documented = [
        i
        for i in all_
        if i.value is not None
        and i.indicator_kind != "target"
        and i.change == "level"
        and i.unit == indicator.unit
        and (i is baseline or (i.measure and _thing(i) == _thing(indicator)))
        and (i.year or 0) <= (indicator.year or 9999)
    ]
    best = max(documented, key=lambda i: i.value or 0.0, default=None)
    if best is None or best.value is None or best.value <= (measured.value or 0.0):
        return nothing
    when, when_en = (f"{best.year}年", f"in {best.year}") if best.year else ("", "without a year")
    return (
        best.value,
        f"{measured.basis}；文件第{best.line}行载{when}已有{_written(best)}，差距由此算起",
        f"{measured.basis_en}; line {best.line} states {_written(best)} {when_en}, from which the gap is counted",
    )


def _thing(indicator: Indicator) -> tuple[str, str, str]:
    return indicator.plan, indicator.measure, indicator.scope


def _meets(indicator: Indicator, baseline: Indicator | None, known: float) -> bool:
    goal = _goal(indicator, baseline, indicator.value)
    if goal is None:
        return False
    if indicator.comparator in _AT_MOST:
        return known < goal if indicator.comparator == "<" else known <= goal
    return known > goal if indicator.comparator == ">" else known >= goal


def _gap(indicator: Indicator, now: float, goal: float | None) -> float | None:
    if goal is None:
        return None
    return round(max(0.0, now - goal if indicator.comparator in _AT_MOST else goal - now), 3)


def _status(met: bool, at_most: bool, measured: _Measured, left: float | None) -> str:
    # A lower bound proves that there is enough, never that there is not too much; a sketch proves neither.
    if met and measured.sketched:
        return "unproven"
    if met and not (at_most and measured.lower_bound):
        return "reached"
    if left is None:
        return "undated"
    return "open" if left > 0 else "due"


def _unknown(left: float | None) -> str:
    """The status of a target whose value now the layers cannot give."""
    if left is None:
        return "undated"
    return "open, value unknown" if left > 0 else "due, value unknown"


def _years_left(indicator: Indicator, as_of: date) -> float | None:
    """Years from the project's date to the end of the target's year; not above 0 once that year is over."""
    if indicator.year is None or indicator.indicator_kind != "target":
        return None
    return round((date(indicator.year + 1, 1, 1) - as_of).days / _DAYS_A_YEAR, 3)


def _pace(gap: float | None, left: float | None) -> float | None:
    return None if gap is None or left is None else round(gap / max(1.0, left), 3)


def _measure(ground: Ground, indicator: Indicator, baseline: Indicator | None) -> _Measured:
    if indicator.layer == "none":
        return _Measured(None, *NOT_SPATIAL)
    name, _, argument = indicator.measure.partition(":")
    measure = _MEASURES.get(name)
    if indicator.change in {"rate", "share"} or measure is None:
        needs = indicator.layer or "facilities"
        return _Measured(
            None,
            f"需要图层 {needs}：尚无所需的属性或要素",
            f"needs layer {needs}: an attribute, or features, that it does not hold yet",
        )
    units = _UNITS.get(name, {})
    if units and indicator.unit not in units:
        return _Measured(None, f"单位“{indicator.unit}”无法换算", f"the unit {indicator.unit!r} cannot be converted")
    additions = indicator.change == "increment" and (baseline is None or baseline.value is None)
    base_year = ground.project.plan(indicator.plan).base_year
    since = indicator.year_from or (base_year + 1 if base_year else None)
    if additions and since is None:
        return _Measured(
            None,
            "增量目标既无基期数，也无起算年份",
            "an increment with neither a baseline nor a year from which it is counted",
        )
    found = measure(ground, _Asked(indicator.scope, argument, since, additions))
    if found.value is None:
        return found
    value = found.value / units.get(indicator.unit, 1.0)
    return _Measured(round(value, 3), found.basis, found.basis_en, found.lower_bound, found.sketched)


def _counted(records: Sequence[Record], asked: _Asked) -> list[Record] | None:
    """The features that count: those that are there; of additions, those since the year. None: no year is known."""
    there = [record for record in records if record.get("status") != "planned"]
    if not asked.additions:
        return there
    dated = [record for record in there if record.get("year") is not None]
    return [r for r in dated if r["year"] >= (asked.since or 0)] if dated or not there else None


def _listed(ground: Ground, kind: str) -> tuple[bool, str, str]:
    """Whether a count from a layer is a lower bound, and the words for it (Chinese, English)."""
    source = ground.project.complete(ground.city.id, kind)
    if source is None:
        return True, "名单不全，为下限", "the list is incomplete, so at least"
    return False, f"名单完整（{source}）", f"the list is complete ({source})"


_NO_YEAR: Final = ("增量目标需要要素的开通年份（year）", "an increment needs the features' year of opening (year)")


def _road_km(ground: Ground, asked: _Asked) -> _Measured:
    layer = ground.project.present(ground.city.id, "roads", ground.day)
    tested = {r["id"]: (r, line) for r, line in layer if line is not None and r.get("is_test_road")}
    if not tested:
        return _Measured(None, "需要图层 roads：尚无有走向的测试道路", "needs layer roads: no test road is drawn")
    counted = _counted([record for record, _ in tested.values()], asked)
    if counted is None:
        return _Measured(None, *_NO_YEAR)
    united = dissolved(ground.plane([tested[record["id"]][1] for record in counted]))
    outline = ground.outlines.get(asked.scope)
    if outline is not None:
        united = shapely.intersection(united, outline)
    km = geodesy.length_km(ground.globe(united)) if not united.is_empty else 0.0
    lower, words, words_en = _listed(ground, "roads")
    since, since_en = (f"（{asked.since}年以来）", f" since {asked.since}") if asked.additions else ("", "")
    return _Measured(
        km,
        f"图层 roads 中{len(counted)}条有走向的测试道路{since}；{words}",
        f"{len(counted)} test roads drawn in layer roads{since_en}; {words_en}",
        lower_bound=lower,
    )


def _zone_area(ground: Ground, asked: _Asked) -> _Measured:
    """The area of the scope itself; `zone_area_km2:SYSTEM` asks for the union of a zone system's members."""
    if asked.argument:
        return _system_area(ground, asked.argument)
    if asked.scope in ground.outlines:
        record = _place(ground, asked.scope)
        km2 = geodesy.area_km2(ground.globe(ground.outlines[asked.scope]))
        sketched = is_sketched(record)
        note, note_en = ("，为示意轮廓", ", a sketched outline") if sketched else ("", "")
        return _Measured(
            km2, f"图层 zones 中该地的面积{note}", f"area of this place in layer zones{note_en}", sketched=sketched
        )
    parks = [record["id"] for record, _ in ground.places if record.get("category") == "park"]
    return _area_of(ground, parks, None)


def _place(ground: Ground, id_: str) -> Record:
    return next(
        layer.record(id_)
        for layer in (ground.project.layer(ground.city.id, kind) for kind in ("zones", "districts"))
        if id_ in layer
    )


def _system_area(ground: Ground, system: str) -> _Measured:
    members = [
        member.id
        for known in ground.project.systems(ground.city.id)
        if known.id == system
        for member in ground.project.members(known)
    ]
    return _area_of(ground, list(dict.fromkeys(members)), system)


def _area_of(ground: Ground, ids: Sequence[str], system: str | None) -> _Measured:
    drawn = [ground.places.record(id_) for id_ in ids if id_ in ground.outlines and id_ in ground.places]
    if not drawn:
        return _Measured(None, "需要图层 zones：尚无园区轮廓", "needs layer zones: no park is drawn")
    km2 = geodesy.area_km2(ground.globe(shapely.union_all([ground.outlines[r["id"]] for r in drawn])))
    sketches = sum(is_sketched(record) for record in drawn)
    of, of_en = (f"体系 {system} 的", f" of system {system}") if system else ("", "")
    return _Measured(
        km2,
        f"图层 zones 中{of}{len(drawn)}个园区的并集面积，其中{sketches}个为示意轮廓；名单不全，为下限",
        f"union of {len(drawn)} parks{of_en} in layer zones, {sketches} of them sketched; the list is incomplete, so "
        "at least",
        lower_bound=True,
        sketched=bool(sketches),
    )


def _enterprises(ground: Ground, asked: _Asked) -> _Measured:
    """The enterprises (not institutions) in scope; `enterprises:SEGMENT+SEGMENT` asks for some chain links only."""
    firms = [record for record in ground.firms.records if record.get("kind") != "institution"]
    if asked.argument:
        firms = [record for record in firms if record["segment"] in asked.argument.split("+")]
    if not firms:
        return _Measured(None, "需要图层 enterprises", "needs layer enterprises")
    if asked.scope in ground.places or asked.scope in ground.outlines:
        there = {firm["id"] for firm in ground.put_in(frozenset({asked.scope}))}
        if asked.scope in ground.outlines:
            there |= {firm["id"] for firm in ground.inside(ground.outlines[asked.scope])}
        firms = [record for record in firms if record["id"] in there]
    counted = _counted(firms, asked)
    if counted is None:
        return _Measured(None, *_NO_YEAR)
    lower, words, words_en = _listed(ground, "enterprises")
    return _Measured(
        float(len(counted)),
        f"图层 enterprises 中{len(counted)}家企业（规划点名或自行导入）；{words}",
        f"{len(counted)} enterprises in layer enterprises, named by plans or imported; {words_en}",
        lower_bound=lower,
    )


def _facilities(type_: str) -> Callable[[Ground, _Asked], _Measured]:
    def measure(ground: Ground, asked: _Asked) -> _Measured:
        layer = ground.project.present(ground.city.id, "facilities", ground.day)
        outline = ground.outlines.get(asked.scope)
        # A number of units needs features that stand for one each, or that say how many they stand for.
        found = [
            record
            for record, geometry in layer
            if record["type"] == type_
            and (geometry is not None or record.get("count"))
            and record.get("status") != "planned"
            and (outline is None or (geometry is not None and ground.plane([geometry])[0].intersects(outline)))
        ]
        if not found:
            return _Measured(
                None,
                f"需要图层 facilities 中类型为 {type_} 的现有要素",
                f"needs layer facilities with existing features of type {type_}",
            )
        counted = _counted(found, asked)
        if counted is None:
            return _Measured(None, *_NO_YEAR)
        # No number is one unit; that a feature stands for none is a number.
        number = sum(1.0 if (n := record.get("count")) in (None, "") else float(n) for record in counted)
        lower, words, words_en = _listed(ground, "facilities")
        return _Measured(
            number,
            f"图层 facilities 中类型为 {type_} 的{len(counted)}个现有要素；{words}",
            f"{len(counted)} existing features of type {type_} in layer facilities; {words_en}",
            lower_bound=lower,
        )

    return measure


def _systems(_ground: Ground, _asked: _Asked) -> _Measured:
    return _Measured(
        None, "规划自身划定的结构数量，见 systems 表", "a number of structures that the plan itself draws: see systems"
    )


_MEASURES: Final[Mapping[str, Callable[[Ground, _Asked], _Measured]]] = {
    "road_km": _road_km,
    "zone_area_km2": _zone_area,
    "enterprises": _enterprises,
    "chargers": _facilities("charging"),
    "hydrogen_stations": _facilities("hydrogen_station"),
    "test_sites": _facilities("test_site"),
    "systems": _systems,
}
