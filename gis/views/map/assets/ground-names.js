/**
 * Say which towns and stations are named at the present zoom: what room the map's own names leave takes them.
 */

import { ground } from "./model.js";
import { groundShows } from "./ground.js";
import { map } from "./stage.js";
import { state } from "./state.js";
import { lang } from "./words.js";

/** @typedef {{text: string, kind: "town"|"station", x: number, y: number}} GroundName where it lies, in layer pixels */

/** Towns are named by rank from these zooms, metro stations from the last. */
const TOWN_FROM = [0, 8.5, 10.5, 12], STATION_FROM = 13;

/** @param {any} place @returns {boolean} */
function isNamed({ c, r }) {
  const zoom = map.getZoom();
  return c === "town" ? zoom >= (TOWN_FROM[r] ?? STATION_FROM) : c === "station" && (r === 1 || zoom >= STATION_FROM);
}

/** @param {"town"|"station"} kind @returns {GroundName[]} the most important first */
export function groundNames(kind) {
  if (!state.layers.has("ground")) return [];
  const places = ground.filter((place) => place.c === kind && place.n && groundShows(place) && isNamed(place));
  return places.sort((a, b) => a.r - b.r).map((place) => {
    const { x, y } = map.latLngToLayerPoint(place.parts[0][0]);
    return { text: (lang() === "en" && place.e) || place.n, kind, x, y };
  });
}
