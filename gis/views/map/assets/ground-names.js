/**
 * Name towns, stations and, at the rim, the neighbours that reach into the view: what is left of the room takes them.
 */

import { ground, data } from "./model.js";
import { groundShows } from "./ground.js";
import { state } from "./state.js";
import { lang, nameOf } from "./words.js";
import { holdsNow } from "./shapes.js";

/** @typedef {{x0: number, y0: number, x1: number, y1: number}} Box in layer pixels */
/** @typedef {{text: string, kind: string, x: number, y: number, width: number, size: number}} GroundName */

/** Towns are named by rank from these zooms, metro stations from the last. */
const TOWN_FROM = [0, 8.5, 10.5, 12], STATION_FROM = 13;

/**
 * @param {any} map
 * @param {Box} view where a name may stand
 * @param {function(Box): boolean} isFree whether nothing stands there yet
 * @param {function(string, string): number} widthOf pixels of a text in a font
 * @param {string} family
 * @param {Set<string>} named what has its name on the map already
 * @returns {GroundName[]}
 */
export function groundNames(map, view, isFree, widthOf, family, named) {
  /** @type {GroundName[]} */
  const found = [];
  const put = (text, kind, size, spots) => {
    const width = widthOf(text, `400 ${size}px ${family}`) + 8, height = size + 5;
    for (const [x, y] of spots(width, height)) {
      const box = { x0: x - width / 2, y0: y - height / 2, x1: x + width / 2, y1: y + height / 2 };
      const clear = isFree(box) && !found.some((o) => o.x - o.width / 2 < box.x1 && box.x0 < o.x + o.width / 2 && Math.abs(o.y - y) < height);
      if (box.x0 < view.x0 || box.x1 > view.x1 || box.y0 < view.y0 || box.y1 > view.y1 || !clear) continue;
      found.push({ text, kind, x: Math.round(x), y: Math.round(y), width, size });
      return;
    }
  };
  for (const { district, at, room } of neighbours(map, view, named)) {
    const text = nameOf(district);
    put(text, "context", 12, (width) => (width + text.length * 2 < room ? [at] : []));
  }
  if (!state.layers.has("ground")) return found;
  const zoom = map.getZoom();
  const places = ground.filter((s) => s.n && groundShows(s) && ((s.c === "town" && zoom >= (TOWN_FROM[s.r] ?? 13)) || (s.c === "station" && (s.r === 1 || zoom >= STATION_FROM))));
  places.sort((a, b) => Number(b.c === "town") - Number(a.c === "town") || a.r - b.r);
  for (const place of places) {
    const p = map.latLngToLayerPoint(place.parts[0][0]), text = (lang() === "en" && place.e) || place.n;
    if (named.has(text)) continue;
    if (place.c === "town") put(text, "town", place.r < 3 ? 12 : 11, () => [[p.x, p.y]]);
    else put(text, "station", 10, (width) => [[p.x + width / 2 + 2, p.y], [p.x - width / 2 - 2, p.y], [p.x, p.y - 10], [p.x, p.y + 10]]);
  }
  return found;
}

/**
 * Districts that reach into the view without their name in it, each with the widest stretch that is seen of it.
 * @param {any} map @param {Box} view @param {Set<string>} named
 * @returns {Array<{district: any, at: [number, number], room: number}>}
 */
function neighbours(map, view, named) {
  const found = [], bounds = map.getBounds().pad(0.05);
  for (const district of data.districts) {
    if (!district.geometry || district.level === "town" || named.has(nameOf(district)) || (district.level === "historic" ? !state.date || !holdsNow(district) : state.date && !holdsNow(district))) continue;
    let best = { at: /** @type {[number, number]} */ ([0, 0]), room: 0 };
    const polygons = district.geometry.type === "Polygon" ? [district.geometry.coordinates] : district.geometry.coordinates;
    for (const [outer] of polygons) {
      if (!bounds.intersects(L.latLngBounds(outer.map(([lng, lat]) => [lat, lng])))) continue;
      const ring = outer.map(([lng, lat]) => map.latLngToLayerPoint([lat, lng]));
      for (let step = 1; step < 16; step++) {
        const y = view.y0 + ((view.y1 - view.y0) * step) / 16, cuts = [];
        for (let i = 1; i < ring.length; i++) {
          const a = ring[i - 1], b = ring[i];
          if (a.y > y !== b.y > y) cuts.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
        }
        cuts.sort((p, q) => p - q);
        for (let i = 0; i + 1 < cuts.length; i += 2) {
          const from = Math.max(cuts[i], view.x0), to = Math.min(cuts[i + 1], view.x1);
          if (to - from > best.room) best = { at: [(from + to) / 2, y], room: to - from };
        }
      }
    }
    if (best.room) found.push({ district, ...best });
  }
  return found;
}
