"""Compute everything that is shown of a city, once: the map, the tables and the prompt all read this object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gis.measures.chain import chain
from gis.measures.coverage import DEFAULT_REACH_M, CityCoverage, Ground, coverage
from gis.measures.indicators import Standing, indicators
from gis.measures.links import CityChain
from gis.measures.overlap import Overlaps, overlaps
from gis.measures.reach import TEST_ROADS, Reach, reach, sources
from gis.measures.structure import Structure, structure
from gis.model.project import Project

# The facilities whose reach the documents themselves speak of.
_REACH_FACILITIES = ("hydrogen_station", "charging")


@dataclass(frozen=True, slots=True)
class CityResults:
    """All results of one city, for one reach and one day."""

    coverage: CityCoverage
    reach: tuple[Reach, ...]
    overlaps: Overlaps
    indicators: tuple[Standing, ...]
    structure: tuple[Structure, ...]
    chain: CityChain


def city_results(
    project: Project, city: str, *, reach_m: float = DEFAULT_REACH_M, day: date | None = None
) -> CityResults:
    """Compute all results of one city.

    Raises:
        UnknownIdError: the project has no such city.
        UsageError: nothing is drawn in the city.
    """
    drawn = sources(project, city)
    chosen = [source for source in (TEST_ROADS, *_REACH_FACILITIES) if drawn.get(source)]
    ground = Ground(project, city, day)
    counted = coverage(project, city, reach_m=reach_m, day=day, ground=ground)
    return CityResults(
        coverage=counted,
        reach=tuple(found for source in chosen for found in reach(project, city, source, day=day)),
        overlaps=overlaps(project, city, day),
        indicators=tuple(indicators(project, city)),
        structure=tuple(structure(project, city, day=day)),
        chain=chain(project, city, day=day, ground=ground, counted=counted),
    )
