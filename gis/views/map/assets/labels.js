/**
 * Write names on the map so that none covers another.
 */

import { el, fill } from "./dom.js";
import { groundNames } from "./ground-names.js";
import { data, placeOf } from "./model.js";
import { ink, roadClass, systemInk } from "./paint.js";
import { picture } from "./picture.js";
import { holdsNow, loosePlaces } from "./shapes.js";
import { state } from "./state.js";
import { nameOf } from "./words.js";

/** @typedef {{x0: number, y0: number, x1: number, y1: number}} Box in layer pixels */
/** @typedef {{text: string, kind: string, x: number, y: number, color: string|null, width: number, size: number}} Label */

/** @type {Label[]} what was last written, for those who draw the map again elsewhere */
export let written = [];

const measure = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
/** @type {Map<any, {lat: number, lng: number, span: number}>} */
const anchors = new Map();

/**
 * A point well inside a shape: the middle of the widest stretch on a few levels of its largest ring.
 * @param {any} geometry
 * @returns {{lat: number, lng: number, span: number}} span: the stretch's width in degrees
 */
export function anchorOf(geometry) {
  const known = anchors.get(geometry);
  if (known) return known;
  let best = { lat: 0, lng: 0, span: -1 };
  if (geometry.type === "Point") best = { lat: geometry.coordinates[1], lng: geometry.coordinates[0], span: 0 };
  else if (geometry.type.endsWith("LineString")) {
    const line = geometry.type === "LineString" ? geometry.coordinates : geometry.coordinates.reduce((a, b) => (b.length > a.length ? b : a));
    const [lng, lat] = line[Math.floor(line.length / 2)];
    best = { lat, lng, span: Math.max(...line.map((p) => p[0])) - Math.min(...line.map((p) => p[0])) };
  } else {
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const height = (rings) => Math.max(...rings[0].map((p) => p[1])) - Math.min(...rings[0].map((p) => p[1]));
    const rings = polygons.reduce((a, b) => (height(b) > height(a) ? b : a));
    const low = Math.min(...rings[0].map((p) => p[1])), tall = height(rings);
    for (const level of [0.5, 0.42, 0.58, 0.34, 0.66]) {
      const y = low + tall * level, cuts = [];
      for (const ring of rings) {
        for (let i = 1; i < ring.length; i++) {
          const [ax, ay] = ring[i - 1], [bx, by] = ring[i];
          if (ay > y !== by > y) cuts.push(ax + ((y - ay) / (by - ay)) * (bx - ax));
        }
      }
      cuts.sort((a, b) => a - b);
      for (let i = 0; i + 1 < cuts.length; i += 2) {
        const span = cuts[i + 1] - cuts[i];
        if (span > best.span * 1.15) best = { lat: y, lng: (cuts[i] + cuts[i + 1]) / 2, span };
      }
    }
  }
  anchors.set(geometry, best);
  return best;
}

/** @type {Map<string, HTMLElement>} */
let shownLabels = new Map();
/** @type {Map<string, number>} */
const widths = new Map();

/** @param {string} text @param {string} font @returns {number} pixels */
function widthOf(text, font) {
  const key = font + text;
  let width = widths.get(key);
  if (width === undefined) {
    width = measure.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/** @param {Box} a @param {Box} b @returns {boolean} */
function meets(a, b) {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

/** @returns {Array<{id?: string, text: string, kind: string, geometry: any, color: string|null, side?: number}>} the most important first */
function wanted() {
  const found = [], seen = new Set();
  const sides = state.compare ? new Set([state.compare.left, state.compare.right]) : null;
  const chosen = state.selected && placeOf(String(state.selected.id));
  if (chosen?.geometry) {
    found.push({ id: chosen.id, text: nameOf(chosen), kind: "zone", geometry: chosen.geometry, color: null });
    seen.add(chosen.id);
  }
  for (const system of data.systems) {
    if (sides && !sides.has(system.key)) continue;
    for (const member of system.members) {
      const place = placeOf(member.place_id);
      if (!place?.geometry || (seen.has(place.id) && !sides) || !(sides || state.shown.has(member.key))) continue;
      seen.add(place.id);
      found.push({ id: place.id, text: nameOf(place), kind: "zone", geometry: place.geometry, color: systemInk(system.position), side: sides ? (system.key === state.compare.left ? -1 : 1) : 0 });
    }
  }
  if (state.layers.has("zones") && !sides) {
    for (const place of loosePlaces()) if (!seen.has(place.id)) found.push({ id: place.id, text: nameOf(place), kind: "zone", geometry: place.geometry, color: systemInk(5) });
  }
  if (state.layers.has("parcels") && !sides) {
    for (const { place_id } of data.parcels) if (placeOf(place_id)?.geometry && !seen.has(place_id)) found.push({ id: place_id, text: nameOf(placeOf(place_id)), kind: "zone", geometry: placeOf(place_id).geometry, color: null });
  }
  const districts = data.districts.filter((d) => d.geometry && !seen.has(d.id) && (d.level === "historic" ? state.date && holdsNow(d) : !state.date || holdsNow(d)));
  districts.sort((a, b) => Number(b.role === "subject") - Number(a.role === "subject"));
  for (const district of districts) found.push({ text: nameOf(district), kind: district.role === "subject" ? "district" : "context", geometry: district.geometry, color: null });
  for (const road of data.roads) {
    if (road.geometry && state.layers.has("roads." + roadClass(road))) found.push({ text: nameOf(road), kind: "road", geometry: road.geometry, color: null });
  }
  return found;
}

/** @type {Box[]|null} where the map's furniture stands, in pixels of the view; asking the page lays it out anew */
let furniture = null;

/** @param {any} map @returns {Box[]} */
function furnitureBoxes(map) {
  if (!furniture) {
    const origin = map.getContainer().getBoundingClientRect();
    const nodes = [...document.querySelectorAll("[data-keep-clear]")];
    furniture = nodes.map((node) => node.getBoundingClientRect()).filter((box) => box.width)
      .map((box) => ({ x0: box.left - origin.left - 4, y0: box.top - origin.top - 4, x1: box.right - origin.left + 4, y1: box.bottom - origin.top + 4 }));
  }
  return furniture;
}

/** Forget where the map's furniture stands, since it may have moved. */
export function moveFurniture() {
  furniture = null;
}

const CELL = 64;
const SIZES = { zone: 13, district: 15, context: 12, road: 11 };

/**
 * @param {any} map
 * @param {Array<{x: number, y: number, r: number, members: number[]}>} marks drawn firms, which labels keep clear of
 */
export function writeLabels(map, marks) {
  const pane = map.getPane("labels");
  written = [];
  if (!state.layers.has("labels")) {
    fill(pane);
    shownLabels.clear();
    return;
  }
  const size = map.getSize(), min = map.containerPointToLayerPoint([0, 0]);
  const view = { x0: min.x + 4, y0: min.y + 4, x1: min.x + size.x - 4, y1: min.y + size.y - 4 };
  const taken = [];
  /** @type {Map<number, Array<Box & {n: number}>>} drawn firms, n to a mark, by squares of the map, so that a name asks only those near it */
  const near = new Map();
  for (const m of marks) {
    const key = Math.floor(m.x / CELL) * 65536 + Math.floor(m.y / CELL), box = { n: Math.min(4, m.members.length), x0: m.x - m.r, y0: m.y - m.r, x1: m.x + m.r, y1: m.y + m.r };
    if (near.has(key)) near.get(key).push(box);
    else near.set(key, [box]);
  }
  const covered = (box) => {
    let sum = 0;
    for (let cx = Math.floor((box.x0 - 24) / CELL); cx <= Math.floor((box.x1 + 24) / CELL); cx++) {
      for (let cy = Math.floor((box.y0 - 24) / CELL); cy <= Math.floor((box.y1 + 24) / CELL); cy++) {
        for (const dot of near.get(cx * 65536 + cy) || []) if (meets(box, dot)) sum += dot.n;
      }
    }
    return sum;
  };
  const zones = picture.layersOf("zones");
  /** Whether a name would stand in a zone, and not in its own. */
  const elsewhere = ({ x, y }, id) => {
    const point = L.point(x, y), holding = zones.filter((layer) => layer._containsPoint(point));
    return holding.length > 0 && !holding.some((layer) => layer.options.about.id === id);
  };
  for (const box of furnitureBoxes(map)) taken.push({ x0: box.x0 + min.x, y0: box.y0 + min.y, x1: box.x1 + min.x, y1: box.y1 + min.y });
  const family = ink("font");
  for (const { id, text, kind, geometry, color, side } of wanted()) {
    const anchor = anchorOf(geometry), at = map.latLngToLayerPoint(anchor);
    // Under the curtain a name stands only on its own system's side.
    if (side && (at.x - min.x - state.compare.at * size.x) * side < 0) continue;
    const px = SIZES[kind], short = text.length > 40 ? text.slice(0, 39) + "…" : text;
    measure.font = `${kind === "zone" || kind === "district" ? 600 : 400} ${px}px ${family}`;
    const width = widthOf(short, measure.font) + (kind === "district" || kind === "context" ? short.length * 2 : 0) + 8, height = px + 6;
    if (kind !== "zone") {
      // The name of a district stands in it, that of a road along it, or not at all.
      const across = Math.abs(map.latLngToLayerPoint([anchor.lat, anchor.lng + anchor.span]).x - at.x);
      if (across < width * 0.8) continue;
    }
    const gap = height / 2 + 6;
    const spots = [[0, 0], [0, -gap], [0, gap], [0, -gap * 2], [0, gap * 2], [width / 2 + 20, 0], [-width / 2 - 20, 0], [0, -gap * 3.4], [0, gap * 3.4], [width / 2 + 30, -gap], [-width / 2 - 30, -gap], [width / 2 + 30, gap], [-width / 2 - 30, gap]];
    // On a phone a name far from its place would be read as another's.
    const tried = spots.slice(0, kind === "context" || kind === "road" ? 3 : size.x < 500 ? 7 : spots.length);
    const boxes = tried.map(([dx, dy]) => [Math.round(at.x + dx), Math.round(at.y + dy)]).map(([x, y]) => ({ x, y, x0: x - width / 2, y0: y - height / 2, x1: x + width / 2, y1: y + height / 2 }))
      .filter((box) => box.x0 > view.x0 && box.x1 < view.x1 && box.y0 > view.y0 && box.y1 < view.y1 && !taken.some((other) => meets(box, other)));
    // Clear of every firm if it can be; a zone's name may cover some rather than be left out.
    const best = boxes.map((box, rank) => ({ box, cost: covered(box) * 4 + rank + (id && elsewhere(box, id) ? 6 : 0) })).sort((p, q) => p.cost - q.cost)[0];
    if (!best || (kind !== "zone" && best.cost >= 8)) continue;
    taken.push(best.box);
    written.push({ text: short, kind, x: best.box.x, y: best.box.y, color, width, size: px });
  }
  const isFree = (box) => !taken.some((other) => meets(box, other)) && covered(box) < 2;
  const widthIn = (text, font) => { measure.font = font; return widthOf(text, font); };
  for (const name of groundNames(map, view, isFree, widthIn, family, new Set(written.map((label) => label.text)))) written.push({ ...name, color: null });
  // What stays where it was is not built again.
  const before = shownLabels;
  shownLabels = new Map();
  for (const label of written) {
    const key = [label.kind, label.x, label.y, label.color, label.text].join("|");
    const node = before.get(key) || el("span", { class: "label label-" + label.kind, text: label.text, dir: "auto", css: { left: label.x + "px", top: label.y + "px", ...(label.color ? { color: label.color } : {}) } });
    if (!before.has(key)) pane.append(node);
    before.delete(key);
    shownLabels.set(key, node);
  }
  for (const node of before.values()) node.remove();
}
