"""Make one HTML file of a payload: folium builds it, nothing in it is fetched, and no data is ever code."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from typing import Any

from gis.views.map import assets
from gis.views.map.basemap import Basemap
from gis.views.map.payload import MapPayload

_TOKEN = re.compile(r"@@([A-Z_]+)@@")
_INLINE = re.compile(r"<(script|style)(?P<attributes>[^>]*)>(?P<text>.*?)</\1>", re.DOTALL)
_SKELETON = """<!DOCTYPE html>
<html lang="@@LANG@@">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="@@POLICY@@">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>@@TITLE@@</title>
{{ this.header.render(**kwargs) }}
</head>
<body>
{{ this.html.render(**kwargs) }}
@@BLOCKS@@
<script>
{{ this.script.render(**kwargs) }}
</script>
</body>
</html>
"""
_MAP = """
{% macro header(this, kwargs) %}<style>
@@LEAFLET_STYLE@@
@@STYLE@@
</style>{% endmacro %}
{% macro html(this, kwargs) %}@@SHELL_BEFORE@@
<div class="folium-map" id="{{ this.get_name() }}"></div>
@@SHELL_AFTER@@{% endmacro %}
{% macro script(this, kwargs) %}@@LEAFLET_SCRIPT@@
var {{ this.get_name() }} = L.map("{{ this.get_name() }}", {{ this.options|tojson }});
@@SCRIPT@@{% endmacro %}
"""


def _pack(data: bytes) -> str:
    """Deflate and write in base64, whose letters mean nothing in HTML, JSON or a template."""
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _block(name: str, packed: str) -> str:
    return f'<script type="text/plain" id="block-{name}">{packed}</script>'


def _frame() -> str:
    """Let folium make the page around fixed tokens; no datum and no asset passes through its templates."""
    import folium
    from branca.element import Element, Figure
    from jinja2 import Template

    page = Figure()
    page._template = Template(_SKELETON)
    page.header = Element()
    page.header._parent = page
    view = folium.Map(tiles=None)
    view.default_js = []
    view.default_css = []
    view._template = Template(_MAP)
    view._name = "Map"
    view._id = "atlas"
    view.options = {
        "zoomControl": False,
        "attributionControl": False,
        "zoomSnap": 0.25,
        "zoomDelta": 0.5,
        "wheelPxPerZoomLevel": 90,
        "preferCanvas": False,
        "maxBoundsViscosity": 0.8,
    }
    view.add_to(page)
    return str(page.render())


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") + "'"


def _policy(page: str, basemap: Basemap | None) -> str:
    """State what the finished page may run and load: its own inline scripts and styles, by hash, and no more."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for match in _INLINE.finditer(page):
        if "type=" not in match["attributes"]:
            hashes[match[1]].append(_hash(match["text"]))
    images = ["data:", "blob:", *(basemap.origins if basemap else ())]
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(hashes['script'])}",
            f"style-src {' '.join(hashes['style'])}",
            f"img-src {' '.join(images)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def render_page(payload: MapPayload, lang: str = "zh", basemap: Basemap | None = None) -> bytes:
    """Make the map page.

    Args:
        payload: what the page shows; geometry in WGS 84 longitude/latitude degrees.
        lang: the language the page opens in, `zh` or `en`; the page can switch.
        basemap: an online ground; without one the page makes no request at all.

    Returns:
        the UTF-8 bytes of one HTML file; the same payload gives the same bytes.

    Raises:
        ValueError: `lang` is neither `zh` nor `en`.
    """
    if lang not in ("zh", "en"):
        raise ValueError(f"lang is {lang!r}; it must be 'zh' or 'en'")
    options = {"lang": lang, "basemap": basemap.to_json() if basemap else None}
    blocks = [
        _block("data", _pack(_json({"words": assets.words(), "options": options, "data": payload.to_json()}))),
        *(_block(name, _pack(data)) for name, data in payload.blocks().items()),
    ]
    before, after = assets.shell()
    title = payload.title if lang == "zh" else payload.title_en or payload.title
    parts = {
        "LANG": "zh-CN" if lang == "zh" else "en",
        "TITLE": html.escape(title),
        "LEAFLET_STYLE": assets.leaflet_style(),
        "STYLE": assets.style(),
        "SHELL_BEFORE": before,
        "SHELL_AFTER": after,
        "BLOCKS": "\n".join(blocks),
        "LEAFLET_SCRIPT": assets.leaflet_script(),
        "SCRIPT": assets.script(),
    }
    frame = _frame()
    # One pass: a token inside an inserted text is never looked at again.
    page = _TOKEN.sub(lambda match: parts.get(match[1], match[0]), frame)
    head, rest = page.split("@@POLICY@@", 1)
    return (head + _policy(page, basemap) + rest).encode()
