"""What the commands print as JSON is what docs/schema says, no more and no less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from gis.cli import tree
from tests import ROOT
from tests.fixtures.parks import firm_known_by_its_park, road_just_outside

SCHEMAS = ROOT / "docs" / "schema"
CITIES = ("jiading", "hangzhou", "huli")
COMMANDS = {
    "coverage": ["coverage"],
    "overlap": ["overlap"],
    "indicators": ["indicators"],
    "reach": ["coverage", "--reach", "300,500,1km"],
}


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return found


def printed(project: Path, *arguments: str) -> Any:
    result = CliRunner().invoke(
        tree(), [*arguments, "--project", str(project), "--format", "json"], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_schema_is_one_of_the_2020_12_draft_and_describes_every_column(name: str) -> None:
    found = schema(name)
    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def objects(part: Any) -> list[dict[str, Any]]:
        if isinstance(part, list):
            return [each for item in part for each in objects(item)]
        if not isinstance(part, dict):
            return []
        return ([part] if "properties" in part else []) + [each for item in part.values() for each in objects(item)]

    for part in objects(found):
        assert part["additionalProperties"] is False
        assert set(part["required"]) == set(part["properties"])
        for column in part["properties"].values():
            assert {"description", "enum", "type"} & column.keys()


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_printed_of_a_bundled_city_keeps_to_the_schema(name: str, city: str) -> None:
    data = printed(ROOT, *COMMANDS[name], "--city", city)
    faults = [
        f"{list(fault.absolute_path)}: {fault.message}"
        for fault in Draft202012Validator(schema(name)).iter_errors(data)
    ]
    assert not faults
    assert data


@pytest.mark.parametrize("name", ["coverage", "overlap", "reach"])
def test_what_is_printed_of_a_small_park_keeps_to_the_schema(name: str, tmp_path: Path) -> None:
    for number, build in enumerate((firm_known_by_its_park, road_just_outside)):
        folder = tmp_path / str(number)
        build(folder).load()
        Draft202012Validator(schema(name)).validate(printed(folder, *COMMANDS[name], "--city", "town"))


def test_the_flat_rows_keep_the_columns_that_others_rely_on() -> None:
    promised = {
        "id", "name", "system", "role", "area_km2", "documented", "located", "possible", "estimate", "low", "high",
        "inside", "sentence", "density_per_km2", "test_road_km", "test_road_density", "reach_m", "reach_area_share",
        "reach_enterprise_share", "geometry_basis", "accuracy_m",
    }  # fmt: skip
    assert promised <= set(schema("coverage")["properties"]["zones"]["items"]["properties"])
    assert {"city", "zones", "systems", "total", "unzoned"} <= set(schema("coverage")["properties"])
