"""Say which places the documents put a feature in: the one home of what `attributed` means."""

from __future__ import annotations

from gis.model.layers import Layer
from gis.model.project import Project


def attribution(project: Project, layer: Layer) -> dict[str, frozenset[str]]:
    """The places that each feature of a layer is attributed to, by its id; features without any are left out.

    A feature is attributed to a place where a mention says that it is located there, and where its own record lets the
    place stand in for its position. Where its own position lies is another question (`inside`).
    """
    found: dict[str, set[str]] = {}
    for mention in project.facts.mentions:
        if mention.standing == "located" and mention.place and mention.id in layer:
            found.setdefault(mention.id, set()).add(mention.place)
    for record in layer.records:
        if record.get("stand_in_for"):
            found.setdefault(record["id"], set()).add(record["stand_in_for"])
    return {id_: frozenset(places) for id_, places in found.items()}
