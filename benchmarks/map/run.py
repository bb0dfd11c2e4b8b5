"""Measure our map page and its peers on the same firms, in the same browser, in one run.

    uv run python benchmarks/map/run.py [--scripts FOLDER] [--rounds N] [1000 10000 100000 1000000]

Each page holds the same firms with name and chain link, twelve zones and thirty roads. CPU is that of the whole
browser (all its processes), in seconds; the machine's other work disturbs wall time more than CPU. Peers load scripts
from CDNs: the run serves them Leaflet from the installed package and the others from FOLDER by file name
(jquery-3.7.1.min.js, bootstrap.bundle.min.js, bootstrap.min.css, for instance from `npm pack jquery@3.7.1
bootstrap@5.2.2`); what is not there is served empty, which flatters the peers. Their bytes are counted with the page's.
MapLibre's page has its script and style (maplibre-gl.js and maplibre-gl.css of `npm pack maplibre-gl@4.7.1`, in FOLDER)
inlined. The pages take turns; a round opens each once more. The table gives the median of the rounds; of the steps of a
round their mean, so that a redraw that comes only every few steps is counted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import psutil
from data import firms, roads, zones
from playwright.sync_api import Page, Route, sync_playwright

from gis.measures.loose import PointTable, Shapes, count_loose
from gis.views.map import assets
from gis.views.map.loose import build_loose_payload
from gis.views.map.page import render_page

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-quic",
]  # fmt: skip
# Long enough for what a page puts off until the map rests.
SETTLE = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 300))))"
REPEATS = 4
LOADS = 2


def frames(n: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    table = firms(n)
    points = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table.lon, table.lat), crs=4326)
    areas = gpd.GeoDataFrame(dict(zip(("name", "geometry"), zip(*zones(), strict=True), strict=True)), crs=4326)
    lines = gpd.GeoDataFrame(dict(zip(("name", "geometry"), zip(*roads(), strict=True), strict=True)), crs=4326)
    return points, areas, lines


def ours(n: int) -> bytes:
    points, areas, lines = frames(n)
    table = PointTable(
        points.lon.to_numpy(), points.lat.to_numpy(), points.name.tolist(), points.link.tolist(), "link", 0
    )
    counted = count_loose(
        table,
        Shapes(areas.name.tolist(), np.asarray(areas.geometry.array, dtype=object)),
        Shapes(lines.name.tolist(), np.asarray(lines.geometry.array, dtype=object)),
    )
    payload = build_loose_payload(counted, title="benchmark", as_of=date(2026, 1, 31))
    return render_page(payload)


def folium_circles(n: int) -> bytes:
    """The map that a folium tutorial makes: one CircleMarker a firm, in one group a link."""
    points, areas, lines = frames(n)
    view = folium.Map([31.35, 121.23], zoom_start=11, tiles=None, prefer_canvas=True)
    folium.GeoJson(areas, tooltip=folium.GeoJsonTooltip(["name"])).add_to(view)
    folium.GeoJson(lines, tooltip=folium.GeoJsonTooltip(["name"])).add_to(view)
    for link, group in points.groupby("link"):
        layer = folium.FeatureGroup(str(link)).add_to(view)
        for name, lon, lat in zip(group.name, group.lon, group.lat, strict=True):
            folium.CircleMarker([lat, lon], radius=4, tooltip=name, fill=True).add_to(layer)
    folium.LayerControl().add_to(view)
    return bytes(view.get_root().render().encode())


def folium_geojson(n: int) -> bytes:
    """folium's leaner way: one GeoJson layer a link, with a tooltip."""
    points, areas, lines = frames(n)
    view = folium.Map([31.35, 121.23], zoom_start=11, tiles=None, prefer_canvas=True)
    folium.GeoJson(areas, tooltip=folium.GeoJsonTooltip(["name"])).add_to(view)
    folium.GeoJson(lines, tooltip=folium.GeoJsonTooltip(["name"])).add_to(view)
    for link, group in points.groupby("link"):
        folium.GeoJson(
            group[["name", "geometry"]], name=str(link), marker=folium.CircleMarker(radius=4, fill=True),
            tooltip=folium.GeoJsonTooltip(["name"]),
        ).add_to(view)  # fmt: skip
    folium.LayerControl().add_to(view)
    return bytes(view.get_root().render().encode())


def explore(n: int) -> bytes:
    """geopandas.explore, coloured by link; it needs matplotlib and mapclassify."""
    points, areas, lines = frames(n)
    view = areas.explore(tiles=None, prefer_canvas=True, tooltip="name")
    lines.explore(m=view, tooltip="name")
    points[["name", "link", "geometry"]].explore("link", m=view, tooltip=["name", "link"])
    return bytes(view.get_root().render().encode())


def maplibre(n: int, scripts: Path | None) -> bytes:
    """MapLibre with its data as GeoJSON, all in one file: circles coloured by link, a line for zones and roads each."""
    if scripts is None or not (scripts / "maplibre-gl.js").is_file():
        raise ImportError("maplibre-gl.js is not in the folder of scripts")
    points, areas, lines = frames(n)
    colors = ["match", ["get", "link"], *(v for i, link in enumerate(sorted(set(points.link)))
              for v in (link, f"hsl({i * 22},70%,45%)")), "#888"]  # fmt: skip
    sources = {
        key: {"type": "geojson", "data": json.loads(frame.to_json(drop_id=True))}
        for key, frame in (("points", points[["name", "link", "geometry"]]), ("zones", areas), ("roads", lines))
    }
    layers = [
        {"id": "zones", "type": "fill", "source": "zones", "paint": {"fill-color": "#69c", "fill-opacity": 0.3}},
        {"id": "roads", "type": "line", "source": "roads", "paint": {"line-color": "#c03", "line-width": 3}},
        {"id": "points", "type": "circle", "source": "points", "paint": {"circle-radius": 4, "circle-color": colors}},
    ]
    style = json.dumps({"version": 8, "sources": sources, "layers": layers}, ensure_ascii=False)
    script, sheet = ((scripts / f"maplibre-gl.{kind}").read_text("utf-8") for kind in ("js", "css"))
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><style>{sheet} #map {{ position: absolute; inset: 0 }}</style>'
        f'<div id="map"></div><script>{script}</script><script>window.view = new maplibregl.Map({{ container: "map", '
        f"center: [121.23, 31.35], zoom: 10, fadeDuration: 0, attributionControl: false, style: {style} }});"
        'window.view.once("idle", () => (document.documentElement.dataset.ready = "1"));</script>'
    ).encode()


def empty(_: int) -> bytes:
    """No map at all: what the measuring itself costs."""
    return b"<!DOCTYPE html><p>nothing"


EMPTY = "an empty page"
MAPLIBRE = "MapLibre GeoJSON"
PEERS: dict[str, tuple[Callable[[int], bytes], int]] = {
    EMPTY: (empty, 1_000_000),
    "ours": (ours, 1_000_000),
    "folium CircleMarker": (folium_circles, 10_000),
    "folium GeoJson": (folium_geojson, 100_000),
    "geopandas.explore": (explore, 100_000),
}
PAN = "([x]) => { const m = %s; m.panBy([x, 0], { animate: false }); }"
ZOOM = "([z]) => { const m = %s; m.setZoom(m.getZoom() + z, { animate: false }); }"
FILTER_OURS = "([on]) => window.atlas.change({ segmentsOff: new Set(on ? [1] : []) })"
FILTER_MAPLIBRE = """([on]) => window.view.setFilter("points", on ? ["!=", ["get", "link"], "零部件"] : null)"""
FILTER_PEER = """([on]) => {
  const m = %s;
  if (!window.benchLayer) {
    const all = Object.values(m._layers).filter((l) => l instanceof L.FeatureGroup && l.getLayers().length > 2);
    window.benchLayer = all[all.length - 2] || all[0];
  }
  if (on) m.removeLayer(window.benchLayer); else m.addLayer(window.benchLayer);
}"""


def cpu_s() -> float:
    """CPU seconds of the browser and its driver, all their processes."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def steps(page: Page, script: str, values: list[float]) -> float:
    """The mean CPU seconds of one step."""
    found = []
    for value in values:
        before = cpu_s()
        page.evaluate(script, [value])
        page.evaluate(SETTLE)
        found.append(cpu_s() - before)
    return mean(found)


def measure(page: Page, file: Path, name: str, scripts: Path | None) -> dict[str, Any]:
    requests: list[int] = []

    def answer(route: Route) -> None:
        url = route.request.url
        body = ""
        beside = scripts / url.rsplit("/", 1)[-1] if scripts else None
        if "leaflet.js" in url:
            body = assets.leaflet_script()
        elif "leaflet.css" in url:
            body = assets.leaflet_style()
        elif beside and beside.is_file():
            body = beside.read_text("utf-8")
        requests.append(len(body.encode()))
        kind = "text/css" if url.endswith(".css") else "text/javascript"
        route.fulfill(body=body, content_type=kind)

    page.route("http*://**/*", answer)
    if scripts is None:
        # The pages of peers lean on jQuery for a few lines; an empty one would stop them.
        page.add_init_script("window.$ = window.jQuery = () => ({ 0: document.createElement('div') });")
    page.wait_for_timeout(1500)
    loads = []
    for _ in range(LOADS):
        page.goto("about:blank")
        page.wait_for_timeout(300)
        before = cpu_s()
        page.goto(file.as_uri(), timeout=300_000)
        if name in ("ours", MAPLIBRE):
            page.wait_for_selector("html[data-ready]", timeout=120_000)
        page.evaluate(SETTLE)
        page.wait_for_timeout(300)
        loads.append(cpu_s() - before)
    handle = "window.view" if name == MAPLIBRE else "Object.values(window).find((v) => v instanceof L.Map)"
    pan, zoom, toggle = PAN % handle, ZOOM % handle, FILTER_PEER % handle
    if name == "ours":
        toggle = FILTER_OURS
    elif name == MAPLIBRE:
        toggle = FILTER_MAPLIBRE
    elif name == EMPTY:
        pan = zoom = toggle = "([x]) => x"
    return {
        "load": median(loads),
        "pan": steps(page, pan, [120.0] * REPEATS + [-120.0] * REPEATS),
        "zoom": steps(page, zoom, [1, -1] * REPEATS),
        "filter": steps(page, toggle, [1, 0] * REPEATS),
        "requests": len(requests) // LOADS,
        "bytes": file.stat().st_size + sum(requests) // LOADS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scripts", type=Path, help="folder with the scripts that peers load from CDNs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    asked = parser.parse_args()
    peers: dict[str, tuple[Callable[[int], bytes], int]] = {
        **PEERS,
        MAPLIBRE: (partial(maplibre, scripts=asked.scripts), 100_000),
    }
    chromium = shutil.which("chromium")
    print("| points | page | MB | requests | load CPU s | pan CPU s | zoom CPU s | filter CPU s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for n in asked.sizes:
            files: dict[str, Path] = {}
            for name, (make, most) in peers.items():
                if n > most:
                    print(f"| {n:,} | {name} | not drawn at this size | | | | | |", flush=True)
                    continue
                try:
                    page_bytes = make(n)
                except ImportError as error:
                    print(f"| {n:,} | {name} | not measured: {str(error)[:60]} | | | | | |", flush=True)
                    continue
                files[name] = Path(folder) / f"{name}.html"
                files[name].write_bytes(page_bytes)
            found: dict[str, list[dict[str, Any]]] = {name: [] for name in files}
            for _ in range(asked.rounds):
                for name, file in files.items():
                    browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
                    page = browser.new_page(viewport={"width": 1280, "height": 800})
                    found[name].append(measure(page, file, name, asked.scripts))
                    browser.close()
            for name, rounds in found.items():
                m = {key: median(each[key] for each in rounds) for key in rounds[0]}
                numbers = " | ".join(f"{m[key]:.3f}" for key in ("load", "pan", "zoom", "filter"))
                print(f"| {n:,} | {name} | {m['bytes'] / 1e6:.3f} | {m['requests']:.0f} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
