"""Turn a picture of ours from SVG into PNG, where the extra for it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from gis.base.errors import UsageError

EXTRA: Final = "figures"
NEEDED: Final = f"PNG needs the extra {EXTRA}: pip install 'park-gis[{EXTRA}]' (and the library cairo)"
# A3 at 1280 units is 9.8 units a centimetre; three pixels a unit are 230 dpi on A3, 320 dpi on A4.
_PIXELS_A_UNIT: Final = 3.0


def can_draw_png() -> bool:
    """Whether the extra is installed; the library cairo itself is asked for only when a picture is drawn."""
    return find_spec("cairosvg") is not None


def png_of(svg: bytes) -> bytes:
    """The picture as PNG, three pixels a unit; the same bytes each time on one machine.

    Raises:
        UsageError: the extra, or the library cairo that it draws with, is not there.
    """
    try:
        import cairosvg
    except (ImportError, OSError) as error:  # OSError: the library cairo is not on this machine.
        raise UsageError(f"{NEEDED}; {error}") from error
    return bytes(cairosvg.svg2png(bytestring=svg, scale=_PIXELS_A_UNIT))
