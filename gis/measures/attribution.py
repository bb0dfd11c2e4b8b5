"""Say which places the documents put a firm in, and what lies in what by their words: the one home of `documented`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gis.model.layers import Layer
from gis.model.project import Project

# The relation by which a document says that one place lies in another.
PART_OF = "part_of"
# Digits of the code of a district and of a town.
_DISTRICT_CODE, _TOWN_CODE = 6, 9


@dataclass(frozen=True, slots=True)
class Attribution:
    """What documents say of where firms are.

    here: by firm, the places that a mention puts it in. within: by place, all places that contain it by the documents'
    own `parent` and `part_of`, however many steps away.
    """

    here: Mapping[str, frozenset[str]]
    within: Mapping[str, frozenset[str]]

    def everywhere(self, firm: str) -> frozenset[str]:
        """The places that documents put a firm in, and all that contain them."""
        return self.around(self.here.get(firm, ()))

    def around(self, places: Iterable[str]) -> frozenset[str]:
        """Some places, and all that contain them by the documents' word."""
        own = frozenset(places)
        return own.union(*(self.within.get(place, frozenset()) for place in own))


def attribution(project: Project, layer: Layer, facts: str = "enterprises") -> Attribution:
    """What the documents say of where the features of a layer are; features without any place are left out.

    Args:
        project: the project.
        layer: the features.
        facts: the table of facts that names them: `enterprises` (those that are located here) or `facilities`.
    """
    here: dict[str, set[str]] = {}
    for fact in project.facts.rows.get(facts, ()):
        place = getattr(fact, "place", "")
        if place and fact.id in layer and getattr(fact, "standing", "located") == "located":
            here.setdefault(fact.id, set()).add(place)
    return Attribution({id_: frozenset(places) for id_, places in here.items()}, containers(said_to_lie_in(project)))


def said_to_lie_in(project: Project) -> dict[str, set[str]]:
    """The places that a document says a place lies in, by place: its `parent`, and `part_of` among the relations."""
    found: dict[str, set[str]] = {}
    for membership in project.facts.memberships:
        if membership.parent:
            found.setdefault(membership.id, set()).add(membership.parent)
    for relation in project.facts.rows.get("relations", ()):
        if getattr(relation, "relation", "") == PART_OF and getattr(relation, "object", ""):
            found.setdefault(relation.subject, set()).add(relation.object)  # type: ignore[attr-defined]
    return found


def nesting(project: Project, city: str) -> dict[str, set[str]]:
    """The places that each place of a city lies in: by the documents, by the drawn ones' own `within`, and by the code.

    The code of a town (GB/T 10114, nine digits) begins with that of its district (GB/T 2260, six digits).
    """
    found = said_to_lie_in(project)
    districts = project.layer(city, "districts")
    for record, outline in (*districts, *project.layer(city, "zones")):
        if record.get("within") and outline is not None:
            found.setdefault(record["id"], set()).add(record["within"])
    by_code = {record["adcode"]: record["id"] for record in districts.records if record.get("adcode")}
    for code, id_ in by_code.items():
        if len(code) == _TOWN_CODE and code[:_DISTRICT_CODE] in by_code:
            found.setdefault(id_, set()).add(by_code[code[:_DISTRICT_CODE]])
    return found


def containers(lies_in: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """All places that contain a place, in however many steps; a place never contains itself."""
    found: dict[str, frozenset[str]] = {}
    for place in lies_in:
        reached: set[str] = set()
        ahead = list(lies_in[place])
        while ahead:
            container = ahead.pop()
            if container not in reached:
                reached.add(container)
                ahead += lies_in.get(container, ())
        found[place] = frozenset(reached - {place})
    return found
