/**
 * Lay the map out for a sheet instead of the window, and hand over what is drawn there.
 */

import { moveFurniture, writeLabels } from "./labels.js";
import { isDark } from "./paint.js";
import { change, state } from "./state.js";

/** What the page opened on, while the reader has not moved the map. @type {{bounds: any, zoom: number, center: any}|null} */
let opening = null;

/** @param {any} map @param {any} bounds what the map has just been fitted to */
export function rememberOpening(map, bounds) {
  opening = { bounds, zoom: map.getZoom(), center: map.getCenter() };
}

/** @param {any} map @returns {any} what a sheet has to show: what the page opened on, or the present view */
function subject(map) {
  const still = opening && map.getZoom() === opening.zoom && map.getCenter().distanceTo(opening.center) < 1;
  return still ? opening.bounds : map.getBounds();
}

/**
 * Call `make` while the map is as large as the sheet's frame and light, then put everything back.
 * @template T
 * @param {any} map
 * @param {any} firms
 * @param {number} width pixels of the frame
 * @param {number} height
 * @param {any[]} furniture boxes of the frame that names keep clear of
 * @param {function(): T} make
 * @returns {T}
 */
export function onPaper(map, firms, width, height, furniture, make) {
  const node = map.getContainer(), center = map.getCenter(), zoom = map.getZoom(), snap = map.options.zoomSnap;
  const least = map.options.minZoom, bounds = subject(map), scheme = document.documentElement.dataset.scheme;
  const calm = { animate: false, pan: false }, wasDark = isDark();
  const dress = (value) => {
    if (value) document.documentElement.dataset.scheme = value;
    else delete document.documentElement.dataset.scheme;
    change({ scheme: value || "auto" });
  };
  const size = (w, h) => {
    Object.assign(node.style, { width: w, height: h, right: w && "auto", bottom: h && "auto" });
    map.invalidateSize(calm);
  };
  state.onPaper = true;
  if (wasDark) dress("light");
  try {
    size(width + "px", height + "px");
    map.options.zoomSnap = 0;
    map.options.minZoom = undefined;
    const fitted = map.getBoundsZoom(bounds, false, L.point(16, 16));
    map.setView(bounds.getCenter(), fitted, { animate: false });
    moveFurniture(furniture);
    writeLabels(map, firms);
    return make();
  } finally {
    map.options.zoomSnap = snap;
    map.options.minZoom = least;
    moveFurniture(null);
    size("", "");
    map.setView(center, zoom, { animate: false });
    state.onPaper = false;
    if (wasDark) dress(scheme);
    writeLabels(map, firms);
  }
}
