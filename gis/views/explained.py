"""Write an explanation for people: the number, its formula, its computing again, the firms, clauses and outlines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from gis.base.text import printable
from gis.measures.explain import Evidence, Explanation
from gis.measures.links import Clause
from gis.model.project import Project
from gis.views import tables

_WORDS: Final = {
    "zh": {
        "number": "数", "formula": "公式", "again": "复算", "same": "与所示一致", "differs": "与所示不一致",
        "by_geometry": "由轮廓量得，不由企业算得", "terms": "其他数", "law": "家数分布",
        "law_proven": "其中不计一般知识者", "firms": "企业", "wants": "要求的条文", "feeds": "供给关系",
        "outlines": "轮廓", "none": "没有企业", "unknown": "未知", "from": "来源",
        "documented": "文件归入", "position": "点线位置", "place": "所在地", "general": "一般知识", "listed": "名录",
        "line": "{}第{}行（{}）", "of": "“{}”", "and": "；",
    },
    "en": {
        "number": "number", "formula": "formula", "again": "computed again", "same": "as shown",
        "differs": "not as shown", "by_geometry": "measured of the outlines, not computed from firms",
        "terms": "other numbers", "law": "law of the count", "law_proven": "without general knowledge",
        "firms": "firms", "from": "source",
        "wants": "clauses that want it", "feeds": "supplies", "outlines": "outlines", "none": "no firm",
        "unknown": "not known", "documented": "documented", "position": "own position", "place": "known place",
        "general": "general knowledge", "listed": "listed", "line": "{}, line {} ({})", "of": '"{}"', "and": "; ",
    },
}  # fmt: skip
_LEAST_SHOWN: Final = 0.0005


def explanation_text(project: Project, explained: Explanation, again: Any, lang: str = "zh") -> str:
    """The explanation as text, with tables of firms, clauses and outlines.

    Args:
        project: for the names of plans and places.
        explained: what is explained.
        again: what `recomputed` gives; ignored where the figure is not recomputable.
        lang: `zh` or `en`.
    """
    words = _WORDS[lang]
    name = explained.name if lang == "zh" else explained.name_en
    what = " ".join(part for part in (name, _link(project, explained, lang), explained.figure) if part)
    lines = [
        f"{words['number']}: {what} = {_value(explained.value, words)}",
        f"{words['formula']}: {explained.formula if lang == 'zh' else explained.formula_en}",
        f"{words['again']}: {_again(explained, again, words)}",
        *_terms(explained, words),
    ]
    parts = ["\n".join(map(printable, lines)) + "\n"]
    firms = [_firm(project, firm, lang) for firm in explained.firms]
    heads = {**tables.headings(lang), "source": words["from"]}
    shown = ["name", "p", "p_position", "how", "accuracy_m", "source", "clauses"]
    parts.append(f"{words['firms']}\n{tables.as_table(firms, shown, heads)}" if firms else f"{words['none']}\n")
    for title, clauses in ((words["wants"], explained.wants), (words["feeds"], explained.feeds)):
        if clauses:
            parts.append(f"{title}\n" + "".join(f"  {printable(_cited(project, c, lang))}\n" for c in clauses))
    if explained.outlines:
        rows = [
            {"name": o.name, "geometry_basis": o.basis, "accuracy_m": o.accuracy_m, "source": o.source}
            for o in explained.outlines
        ]
        parts.append(f"{words['outlines']}\n{tables.as_table(rows, None, heads)}")
    return "\n".join(parts)


def same(value: Any, again: Any) -> bool:
    """Whether a figure computed again is the figure, as far as the digits shown carry."""
    if value is None or again is None or isinstance(value, str):
        return bool(value == again)
    return bool(abs(value - again) <= 1e-3 * max(1.0, abs(value)))


def _link(project: Project, explained: Explanation, lang: str) -> str:
    if not explained.link:
        return ""
    segment = project.segments[explained.link]
    return segment.label if lang == "zh" else segment.label_en


def _value(value: Any, words: dict[str, str]) -> str:
    if value is None:
        return words["unknown"]
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _again(explained: Explanation, again: Any, words: dict[str, str]) -> str:
    if not explained.recomputable:
        return words["by_geometry"]
    verdict = words["same"] if same(explained.value, again) else words["differs"]
    return f"{_value(again, words)} ({verdict})"


def _terms(explained: Explanation, words: dict[str, str]) -> Iterable[str]:
    terms = {key: value for key, value in explained.terms.items() if value not in (None, "", [])}
    if terms:
        yield f"{words['terms']}: " + words["and"].join(f"{key} {_value(value, words)}" for key, value in terms.items())
    for key, law in (("law", explained.law), ("law_proven", explained.law_proven)):
        if law:
            yield f"{words[key]}: " + words["and"].join(
                f"P({count}) = {share:.3f}" for count, share in law if share >= _LEAST_SHOWN
            )


def _firm(project: Project, firm: Evidence, lang: str) -> dict[str, Any]:
    return {
        "name": firm.name if lang == "zh" else firm.name_en,
        "p": round(firm.p, 3),
        "p_position": round(firm.p_position, 3),
        "how": _WORDS[lang][firm.how],
        "accuracy_m": firm.accuracy_m,
        "source": firm.source,
        "clauses": _all_cited(project, firm.clauses, lang),
    }


def _all_cited(project: Project, clauses: Sequence[Clause], lang: str) -> list[str]:
    return list(dict.fromkeys(_cited(project, clause, lang) for clause in clauses))


def _cited(project: Project, clause: Clause, lang: str) -> str:
    """A clause: the plan, its line and section, and the word that stands there."""
    plan, words = project.plan(clause.plan), _WORDS[lang]
    title = (plan.short or plan.title) if lang == "zh" else plan.title_en or plan.title
    return words["line"].format(title, clause.line, clause.section) + words["of"].format(clause.name)
