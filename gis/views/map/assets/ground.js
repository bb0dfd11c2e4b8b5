/**
 * Draw what lies under the map: water, roads, rails, towns. It only says where this is: it is never asked and never counted.
 */

import { ground } from "./model.js";
import { ink } from "./paint.js";
import { picture } from "./picture.js";
import { metresPerPixel } from "./shapes.js";
import { map } from "./stage.js";
import { state } from "./state.js";

const AREAS = new Set(["built_up", "green", "water", "airfield"]);
const POINTS = new Set(["station", "town"]);
/** Classes as they are drawn, the lowest first, each with the zoom from which it is. */
export const GROUND_STYLES = {
  built_up: { ink: "ground-built", from: 0 },
  green: { ink: "ground-green", from: 0 },
  water: { ink: "ground-water", from: 0 },
  coast: { ink: "ground-river", from: 0, weight: 1 },
  river: { ink: "ground-river", from: 0, weight: 2 },
  airfield: { ink: "ground-airfield", from: 0 },
  main_road: { ink: "ground-road", from: 0, weight: 1.6 },
  motorway: { ink: "ground-motorway", from: 0, weight: 2.2 },
  railway: { ink: "ground-rail", from: 0, weight: 2.2, gaps: "6 6" },
  metro: { ink: "ground-metro", from: 10, weight: 1.1 },
  station: { ink: "ground-rail", from: 12.5 },
};
/** A class is hidden where its error would show: where it is more than so many pixels; a pale area shows it later than a line. */
const ERROR_PIXELS = { line: 28, area: 48, town: 120 };

/** @type {Array<{class_: string, accuracy: number, path: any}>} */
let paths = [];
/** @type {any} */
let group = null;

/** @param {{c: string, a: number}} shape @returns {boolean} whether it is drawn at the present zoom */
export function groundShows({ c, a }) {
  const zoom = map.getZoom();
  return state.layers.has("ground") && zoom >= (GROUND_STYLES[c]?.from || 0) && a / metresPerPixel() <= ERROR_PIXELS[c === "town" ? "town" : AREAS.has(c) ? "area" : "line"];
}

/** @returns {string[]} the classes that are drawn at the present zoom, the uppermost first */
export function groundClasses() {
  const drawn = new Set(ground.filter(groundShows).map((shape) => shape.c));
  return Object.keys(GROUND_STYLES).filter((name) => drawn.has(name)).reverse();
}

/**
 * @param {Array<[number, number][]>} parts @param {{ink: string, weight?: number, gaps?: string}} style @param {any} options
 * @returns {any[]} a rail is a line with light gaps, since outlines of towns are dashed
 */
function linesOf(parts, style, options) {
  const line = L.polyline(parts, { ...options, color: ink(style.ink), weight: style.weight, lineJoin: "round", lineCap: "round" });
  if (!style.gaps) return [line];
  return [line, L.polyline(parts, { ...options, color: ink("paper"), weight: style.weight - 1.2, lineCap: "butt", dashArray: style.gaps })];
}

/** Draw the whole ground. */
export function drawUnderlay() {
  group = group || L.layerGroup().addTo(map);
  group.clearLayers();
  paths = [];
  for (const [name, style] of Object.entries(GROUND_STYLES)) {
    for (const accuracy of new Set(ground.filter((s) => s.c === name).map((s) => s.a))) {
      const shapes = ground.filter((s) => s.c === name && s.a === accuracy), color = ink(style.ink);
      const options = { interactive: false, pane: "picture", renderer: picture, stratum: AREAS.has(name) ? "underlay" : "underlay-lines", smoothFactor: 1 };
      const path = POINTS.has(name)
        ? shapes.map((s) => L.circleMarker(s.parts[0][0], { ...options, radius: 2.2, color, weight: 1, fillColor: ink("paper"), fillOpacity: 1 }))
        : AREAS.has(name) ? shapes.map((s) => L.polygon(s.parts, { ...options, stroke: false, fillColor: color, fillOpacity: 1 }))
          : linesOf(shapes.flatMap((s) => s.parts), style, options);
      for (const one of path) paths.push({ class_: name, accuracy, path: one });
    }
  }
  refitUnderlay();
}

/** Show what may be shown at the present zoom. @returns {boolean} whether that is other than before */
export function refitUnderlay() {
  let changed = false;
  for (const { class_, accuracy, path } of paths) {
    const shows = groundShows({ c: class_, a: accuracy });
    if (shows === group.hasLayer(path)) continue;
    changed = true;
    if (shows) group.addLayer(path);
    else group.removeLayer(path);
  }
  return changed;
}
