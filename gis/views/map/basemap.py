"""Describe the online grounds that a page may load, only when one is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gis.base.errors import UsageError


@dataclass(frozen=True, slots=True)
class Basemap:
    """An online tile layer.

    `datum` is that of the tiles: `wgs84` (also CGCS2000, which differs by centimetres) or `gcj02`, whose tiles the page
    shifts so that they lie under WGS 84 data.
    """

    id: str
    urls: tuple[str, ...]
    subdomains: tuple[str, ...]
    origins: tuple[str, ...]
    attribution: str
    datum: str
    max_zoom: int

    def to_json(self) -> dict[str, Any]:
        """Give what the page needs to load the tiles."""
        return {
            "id": self.id,
            "urls": list(self.urls),
            "subdomains": list(self.subdomains),
            "attribution": self.attribution,
            "datum": self.datum,
            "max_zoom": self.max_zoom,
        }


def basemap(name: str, key: str | None = None) -> Basemap:
    """Give the online ground of that name: `osm`, `tianditu` (with the user's own key) or `amap`.

    Raises:
        UsageError: the name is unknown, or `tianditu` is asked for without a key or with a malformed one.
    """
    if name == "osm":
        return Basemap(
            id="osm",
            urls=("https://tile.openstreetmap.org/{z}/{x}/{y}.png",),
            subdomains=(),
            origins=("https://tile.openstreetmap.org",),
            attribution="© OpenStreetMap contributors",
            datum="wgs84",
            max_zoom=19,
        )
    if name == "amap":
        hosts = tuple(f"https://webrd0{number}.is.autonavi.com" for number in range(1, 5))
        return Basemap(
            id="amap",
            urls=("https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",),
            subdomains=("1", "2", "3", "4"),
            origins=hosts,
            attribution="© 高德地图",
            datum="gcj02",
            max_zoom=18,
        )
    if name == "tianditu":
        if key is None or not key.isalnum() or not key.isascii():
            raise UsageError("tianditu needs your own key: letters and digits, from the Tianditu console")
        layers = ("vec", "cva")
        return Basemap(
            id="tianditu",
            urls=tuple(
                f"https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
                f"&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
                for layer in layers
            ),
            subdomains=tuple(str(number) for number in range(8)),
            origins=tuple(f"https://t{number}.tianditu.gov.cn" for number in range(8)),
            attribution="© 天地图",
            datum="wgs84",
            max_zoom=18,
        )
    raise UsageError(f"there is no basemap {name!r}; known: amap, osm, tianditu")
