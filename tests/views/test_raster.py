"""A picture becomes PNG, or it is said what lacks."""

from __future__ import annotations

import io
import sys

import pytest
from PIL import Image

from gis.base.errors import UsageError
from gis.views.raster import png_of

SMALL = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="6"><rect width="10" height="6" fill="#f00"/></svg>'


def test_a_picture_has_three_pixels_a_unit_and_the_same_bytes_each_time() -> None:
    image = Image.open(io.BytesIO(png_of(SMALL)))
    assert image.size == (30, 18)
    assert png_of(SMALL) == png_of(SMALL)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(UsageError, match=r"park-gis\[figures\]"):
        png_of(SMALL)
