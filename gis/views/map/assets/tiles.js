/**
 * Lay an online map under the data, where the page was made with one; tiles in GCJ-02 are shifted to where they belong.
 */

import { el } from "./dom.js";
import { map } from "./stage.js";
import { state, when } from "./state.js";

const KRASOVSKY = 6378245, EE = 0.00669342162296594323;

/**
 * WGS 84 to GCJ-02, for places in the mainland.
 * @param {number} lon
 * @param {number} lat
 * @returns {[number, number]}
 */
export function toGcj02(lon, lat) {
  const x = lon - 105, y = lat - 35, sin = (v) => Math.sin(v * Math.PI), wave = (20 * sin(6 * x) + 20 * sin(2 * x)) * (2 / 3);
  let dLat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + wave;
  dLat += (20 * sin(y) + 40 * sin(y / 3)) * (2 / 3) + (160 * sin(y / 12) + 320 * sin(y / 30)) * (2 / 3);
  let dLon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + wave;
  dLon += (20 * sin(x) + 40 * sin(x / 3)) * (2 / 3) + (150 * sin(x / 12) + 300 * sin(x / 30)) * (2 / 3);
  const s = Math.sin((lat * Math.PI) / 180), magic = 1 - EE * s * s;
  return [lon + (dLon * 180) / ((KRASOVSKY / Math.sqrt(magic)) * Math.cos((lat * Math.PI) / 180) * Math.PI), lat + (dLat * 180) / (((KRASOVSKY * (1 - EE)) / (magic * Math.sqrt(magic))) * Math.PI)];
}

/** @param {any} at @returns {any} */
function shifted(at) {
  const [lng, lat] = toGcj02(at.lng, at.lat);
  return L.latLng(lat, lng);
}

/** Tiles whose own coordinates are GCJ-02: the grid is laid out around the shifted middle of the view. */
const ShiftedTiles = L.TileLayer.extend({
  _setZoomTransform(level, center, zoom) {
    L.TileLayer.prototype._setZoomTransform.call(this, level, shifted(center), zoom);
  },
  _getTiledPixelBounds(center) {
    return L.TileLayer.prototype._getTiledPixelBounds.call(this, shifted(center));
  },
});

/** @param {any} basemap what Python allows the page to load; null: nothing */
export function setUpTiles(basemap) {
  if (!basemap) return;
  const Tiles = basemap.datum === "gcj02" ? ShiftedTiles : L.TileLayer;
  const layers = basemap.urls.map((url) => new Tiles(url, { pane: "tiles", maxNativeZoom: basemap.max_zoom, maxZoom: 20, subdomains: basemap.subdomains }));
  const credit = el("div", { class: "credit", text: basemap.attribution, "data-keep-clear": true });
  map.getContainer().append(credit);
  const show = () => {
    const on = state.layers.has("tiles");
    credit.hidden = !on;
    for (const layer of layers) {
      if (on) layer.addTo(map);
      else layer.remove();
    }
  };
  when(["layers"], show);
  show();
}
