/**
 * Show where the view lies in the whole, in a small map of its own, where the page opens on a part.
 */

import { byId, fill, svgEl } from "./dom.js";
import { data, positionOf, points, rolesOf } from "./model.js";
import { ink, memberInk } from "./paint.js";
import { map } from "./stage.js";
import { state, when } from "./state.js";
import { firstSystem } from "./themes.js";

const WIDE = 132, HIGH = 118;

/** @param {any} geometry @returns {number[][][]} the outer rings or lines of a geometry */
function partsOf({ type, coordinates }) {
  if (type === "Point") return [[coordinates]];
  if (type === "LineString") return [coordinates];
  if (type === "MultiPolygon") return coordinates.map((polygon) => polygon[0]);
  return type === "Polygon" ? [coordinates[0]] : coordinates;
}

/** @returns {any} the box of what the first layout shows: its places, without those that are whole districts; null where there are none */
export function contentBounds() {
  const [west, south, east, north] = data.bounds, system = firstSystem(), box = L.latLngBounds([]);
  if (data.kind !== "city" || !system) return null;
  const districts = new Set(data.districts.map((d) => d.id)), places = new Map(data.places.map((p) => [p.id, p]));
  for (const { place_id } of system.members) {
    const place = districts.has(place_id) ? null : places.get(place_id);
    if (place?.geometry) for (const ring of partsOf(place.geometry)) for (const [lon, lat] of ring) box.extend([lat, lon]);
  }
  if (!box.isValid()) return null;
  for (const road of data.roads) {
    if (road.is_test_road && road.geometry) for (const line of partsOf(road.geometry)) for (const [lon, lat] of line) box.extend([lat, lon]);
  }
  // A firm within the district, and not far from the zones, belongs to the picture.
  const near = box.pad(0.5);
  for (let i = 0; i < Math.min(points.placed, 2000); i++) {
    const { lon, lat } = positionOf(i);
    if (lon >= west && lon <= east && lat >= south && lat <= north && near.contains([lat, lon])) box.extend([lat, lon]);
  }
  return box;
}

/** @returns {boolean} whether the view shows less than the half of the whole, each way */
function isPart() {
  const [west, south, east, north] = data.bounds, view = map.getBounds();
  return data.kind === "city" && (view.getEast() - view.getWest() < (east - west) * 0.6 || view.getNorth() - view.getSouth() < (north - south) * 0.6);
}

/** @returns {{shapes: SVGElement[], width: number, height: number}|null} the whole with the view in it; null where the view shows the whole */
export function insetShapes() {
  if (!isPart()) return null;
  const [west, south, east, north] = data.bounds, squeeze = Math.cos(((south + north) / 2 * Math.PI) / 180);
  const scale = Math.min((WIDE - 10) / ((east - west) * squeeze), (HIGH - 10) / (north - south));
  const width = (east - west) * squeeze * scale + 10, height = (north - south) * scale + 10;
  const at = ([lon, lat]) => ({ x: 5 + (lon - west) * squeeze * scale, y: 5 + (north - lat) * scale });
  const shapes = [svgEl("rect", { width, height, fill: ink("paper"), stroke: ink("muted"), "stroke-width": 1 })];
  const own = data.districts.filter((d) => d.geometry && d.level !== "town" && d.level !== "historic");
  for (const district of own) {
    const member = rolesOf(district.id).find((m) => state.shown.has(m.key));
    if (district.role !== "subject" && !within(district)) continue;
    const rings = partsOf(district.geometry).map((ring) => L.LineUtil.simplify(ring.map(at).map((p) => L.point(p.x, p.y)), 0.6)).filter((ring) => ring.length > 2);
    shapes.push(svgEl("path", { d: L.SVG.pointsToPath(rings, true), fill: member ? memberInk(member) : ink("subject-fill"), "fill-opacity": member ? 0.3 : 1, stroke: ink("subject-line"), "stroke-width": 0.6, "stroke-linejoin": "round" }));
  }
  const view = map.getBounds(), a = at([view.getWest(), view.getNorth()]), b = at([view.getEast(), view.getSouth()]);
  const x0 = Math.max(1, a.x), y0 = Math.max(1, a.y), x1 = Math.min(width - 1, b.x), y1 = Math.min(height - 1, b.y);
  if (x1 > x0 && y1 > y0) shapes.push(svgEl("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0, fill: "none", stroke: ink("chosen"), "stroke-width": 1.8 }));
  return { shapes, width, height };
}

/** @param {any} district @returns {boolean} whether it lies in the whole's box */
function within(district) {
  const [west, south, east, north] = data.bounds;
  return partsOf(district.geometry).every((ring) => ring.every(([lon, lat]) => lon >= west - 1e-6 && lon <= east + 1e-6 && lat >= south - 1e-6 && lat <= north + 1e-6));
}

/** */
function drawInset() {
  if (state.onPaper) return;
  const found = insetShapes(), box = byId("inset");
  box.hidden = !found;
  if (found) fill(box, svgEl("svg", { width: found.width, height: found.height, viewBox: `0 0 ${found.width} ${found.height}` }, ...found.shapes));
}

/** */
export function setUpInset() {
  drawInset();
  map.on("moveend", drawInset);
  when(["shown", "scheme", "date"], drawInset);
}
