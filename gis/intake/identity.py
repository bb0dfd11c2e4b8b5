"""Tell who is who: names, codes, duplicates, parks by name, chain links by keyword, ids."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from gis.base.text import halfwidth, is_file_name
from gis.model.schema import UNKNOWN_SEGMENT

if TYPE_CHECKING:
    from gis.model.project import Project

_FORMS: Final = re.compile(
    r"(?:集团)?(?:股份)?(?:有限)?(?:责任)?公司(?:$|(?=分公司|[\u4e00-\u9fff]*分公司$))|(?:股份有限公司|有限责任公司|有限公司|有限合伙|普通合伙|集团公司|集团|公司)$"
)
_BRACKETS: Final = re.compile(r"[()\[\]【】〔〕<>《》「」]")
_SHORTEST_NAME: Final = 3


def normal_name(name: str) -> str:
    """A name in the form in which two spellings of it are the same.

    Half width, lower case, without blanks, brackets, dots and the legal form (有限公司 and its like) at the end.

    >>> normal_name("上海ＡＢＣ（中国） 有限责任公司") == normal_name("上海abc(中国)有限公司")
    True
    """
    text = re.sub(r"[\s·•.,，、'\"“”‘’\-_—]+", "", _BRACKETS.sub("", halfwidth(name)).lower())
    bare = _FORMS.sub("", text)
    return bare or text


# --- Unified social credit codes (GB 32100-2015) --------------------------------------------------------------------

_CODE_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE: Final = re.compile(r"[1-9A-GY][1-59A]\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_OLD_CODE: Final = re.compile(r"\d{15}|[0-9A-Z]{8}-?[0-9X]")


def check_sign(first_17: str) -> str:
    """The 18th sign of a unified social credit code, from its first 17 (GB 32100-2015: weights 3^(i-1) mod 31).

    >>> check_sign("91350100M000100Y4")
    '3'
    """
    total = sum(_CODE_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(first_17))
    return _CODE_SIGNS[(31 - total % 31) % 31]


def parse_uscc(text: str) -> str:
    """Return a unified social credit code in its plain form.

    Raises:
        ValueError: its length, a sign, or the check sign is wrong; the text says which.
    """
    code = re.sub(r"[\s\-]", "", halfwidth(text)).upper()
    if _OLD_CODE.fullmatch(code) and len(code) != 18:
        raise ValueError(f"{code} is an old registration or organisation number, not an 18-digit unified code")
    if len(code) != 18:
        raise ValueError(f"{code[:30]!r} has {len(code)} signs; a unified social credit code has 18")
    wrong = sorted({sign for sign in code if sign not in _CODE_SIGNS})
    if wrong:
        raise ValueError(
            f"{code} holds {' '.join(wrong)}, which no unified social credit code has (I, O, S, V, Z are not used)"
        )
    expected = check_sign(code[:17])
    if code[17] != expected:
        raise ValueError(f"{code} has the check sign {code[17]}; it must be {expected}: a digit is mistyped")
    return code


# --- Ids ------------------------------------------------------------------------------------------------------------

_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def is_slug(text: str) -> bool:
    """Whether a text is an id as the project uses them: a-z, 0-9, single hyphens.

    >>> is_slug("auto-innovation-port"), is_slug("汽车"), is_slug("a--b")
    (True, False, False)
    """
    return len(text) <= 80 and _SLUG.fullmatch(text) is not None


@cache
def slug_of(name: str) -> str:
    """An id made of a name: pinyin of Chinese characters, ASCII letters and digits as they are.

    >>> slug_of("安亭汽车城A区"), slug_of("★")
    ('an-ting-qi-che-cheng-a-qu', 'x')
    """
    from pypinyin import lazy_pinyin

    parts = lazy_pinyin(normal_name(name), errors=lambda rest: re.sub("[^a-z0-9]+", "-", rest))
    text = re.sub("-{2,}", "-", "-".join(re.sub("[^a-z0-9-]", "", part.lower()) for part in parts)).strip("-")
    if len(text) > 60:
        text = text[:61].rpartition("-")[0] or text[:60]
    if not text:
        return "x"
    return text if is_file_name(text) else f"{text}-x"  # con, nul: Windows keeps them for itself.


def free_id(wanted: str, taken: Collection[str], last: dict[str, int] | None = None) -> str:
    """The id wanted, or the first of `wanted-2`, `wanted-3` … that is not taken.

    Args:
        wanted: the id wanted.
        taken: the ids that are taken, such as a set; asked often.
        last: the last number given for each id wanted, kept from call to call, so that many of one name take no longer
            than many of many.
    """
    if wanted not in taken:
        return wanted
    number = 2 if last is None else last.get(wanted, 1) + 1
    while f"{wanted}-{number}" in taken:
        number += 1
    if last is not None:
        last[wanted] = number
    return f"{wanted}-{number}"


# --- Chain links ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Segments:
    """The user's dictionary of chain links: labels of the links, and keywords for them."""

    labels: Mapping[str, str]
    keywords: Mapping[str, str]

    def of(self, *texts: str | None) -> str:
        """The chain link that the first text that says one names; `unknown` where none does.

        A link's id or label counts before keywords, and of keywords the longest.
        """
        for text in texts:
            if not text:
                continue
            plain = halfwidth(text).lower()
            if plain in self.labels:
                return self.labels[plain]
            found = [(len(word), word) for word in self._words if word in plain]
            if found:
                return self._words[max(found)[1]]
        return UNKNOWN_SEGMENT

    @property
    def _words(self) -> Mapping[str, str]:
        return _lower(tuple(self.keywords.items()))


@cache
def _lower(items: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {halfwidth(word).lower(): segment for word, segment in items if word}


def segments_of(project: Project) -> Segments:
    """The dictionary of a project: ids and labels of gis.toml, keywords of segments.csv."""
    labels = {
        halfwidth(text).lower(): segment.id
        for segment in project.segments.values()
        for text in (segment.id, segment.label, segment.label_en)
    }
    return Segments(labels, project.keywords)


# --- Places by name -------------------------------------------------------------------------------------------------


@dataclass
class Gazetteer:
    """What the project knows by name: parks, districts, roads, organisations; names that two things share find none."""

    places: dict[str, str] = field(default_factory=dict)
    names: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)
    roads: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    areas: set[str] = field(default_factory=set)
    adcodes: dict[str, str] = field(default_factory=dict)

    def place(self, text: str | None) -> str | None:
        """The id of the place that a text is the name or an alias of."""
        return self.places.get(normal_name(text)) if text else None

    def place_within(self, text: str | None) -> str | None:
        """The id of the park (or town, no whole district) whose name or alias a text contains; the longest counts."""
        if not text:
            return None
        plain = normal_name(text)
        found = [
            name
            for name, id_ in self.places.items()
            if len(name) >= _SHORTEST_NAME and id_ not in self.areas and name in plain
        ]
        return self.places[max(found, key=len)] if found else None

    def road_within(self, text: str | None) -> str | None:
        """The id of the road whose name an address contains."""
        if not text:
            return None
        plain = normal_name(text)
        found = [name for name in self.roads if len(name) >= _SHORTEST_NAME and name in plain]
        return self.roads[max(found, key=len)] if found else None

    def same(self, kind: str, name: str) -> list[str]:
        """The ids of features of a kind that have this name or alias."""
        return self.names.get((kind, normal_name(name)), [])


def gazetteer_of(project: Project, city: str | None = None) -> Gazetteer:
    """Collect the names of a project; of one city and what lies around it, where a city is given."""
    found = Gazetteer()
    places: dict[str, set[str]] = {}
    roads: dict[str, set[str]] = {}
    cities = list(project.cities) if city is None else [city]
    for (layer_city, kind), layer in project.layers.items():
        if layer_city not in cities:
            continue
        for record, _ in layer:
            id_ = record["id"]
            found.titles[id_] = str(record.get("name") or id_)
            for name in _names(record):
                key = normal_name(name)
                ids = found.names.setdefault((kind, key), [])
                if id_ not in ids:
                    ids.append(id_)
                if kind in {"zones", "districts"}:
                    places.setdefault(key, set()).add(id_)
                if kind == "roads":
                    roads.setdefault(key, set()).add(id_)
            if kind == "districts" and record.get("level") != "town":
                found.areas.add(id_)
            if kind == "districts" and record.get("adcode"):
                found.adcodes[str(record["adcode"])] = id_
            if record.get("uscc"):
                found.codes.setdefault(str(record["uscc"]), []).append(id_)
    for membership in project.facts.memberships:
        if city is None or project.facts.plans[membership.plan].city == city:
            for name in (membership.name, membership.label):
                if name:
                    places.setdefault(normal_name(name), set()).add(membership.id)
    found.places = {name: next(iter(ids)) for name, ids in places.items() if len(ids) == 1}
    found.roads = {name: next(iter(ids)) for name, ids in roads.items() if len(ids) == 1}
    return found


def _names(record: Mapping[str, Any]) -> list[str]:
    aliases = record.get("aliases")
    return [str(name) for name in (record.get("name"), *(aliases if isinstance(aliases, Sequence) else ())) if name]
