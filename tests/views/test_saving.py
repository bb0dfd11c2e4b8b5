"""A workbook is saved whole, and a clock that is wrong does not matter."""

from __future__ import annotations

import io
import time
from xml.etree import ElementTree

import pytest
import shapely
from openpyxl import Workbook, load_workbook

from gis.base.errors import GisError
from gis.model.layers import layer_of
from gis.views.geodata import write_features
from gis.views.saving import saved


def book(*, write_only: bool) -> Workbook:
    made = Workbook(write_only=write_only)
    sheet = made.create_sheet("zones") if write_only else made.active
    assert sheet is not None
    sheet.title = "zones"
    sheet.append(["id", "name"])
    sheet.append(["a", "甲"])
    return made


@pytest.mark.parametrize("write_only", [True, False])
@pytest.mark.parametrize("year", [1970, 1979, 2108, 2300])
def test_a_wrong_clock_changes_nothing(write_only: bool, year: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = saved(book(write_only=write_only), {"zones": 2})
    moment = (year - 1970) * 365.2425 * 86_400
    monkeypatch.setattr(time, "time", lambda: moment)
    assert saved(book(write_only=write_only), {"zones": 2}) == right
    assert load_workbook(io.BytesIO(right))["zones"]["B2"].value == "甲"


def test_a_sheet_that_lacks_rows_is_refused() -> None:
    with pytest.raises(GisError, match="2 of 3 rows are there"):
        saved(book(write_only=True), {"zones": 3})


@pytest.mark.parametrize("name", ["a\x00b", "a\x1b[31mb", "a\x0bb", "a\ud800b", "a\uffffb", "<a>&\"'"])
def test_kml_of_any_name_is_well_formed(name: str) -> None:
    layer = layer_of("port", "enterprises", [({"id": "a", "name": name}, shapely.Point(121, 31))])
    data = write_features(layer, "kml").data
    assert isinstance(data, bytes)
    assert "".join(ElementTree.fromstring(data).itertext())
