/**
 * Hold the page's data: look things up by id, count points under the present filter.
 */

import { joinPlanes, readBlock, readJson, readPositions, readText, unpackPart } from "./codec.js";
import { state } from "./state.js";

/** @type {any} the payload, as Python wrote it */
export let data = {};

/** @type {any[]} what lies under the map: c class, a accuracy in m, r rank, n and e names, parts as [lat, lon] lists */
export let ground = [];

/** @type {any} the points' columns */
export const points = { n: 0, placed: 0, x: new Uint32Array(0), y: new Uint32Array(0), start: new Uint32Array(2), cellBits: 0, facet: new Uint8Array(0), facets: [] };

const index = { places: new Map(), districts: new Map(), roads: new Map(), facilities: new Map(), plans: new Map(), systems: new Map(), members: new Map(), reach: new Map() };

/** @type {Map<string, Promise<any>>} what is read when first asked for, however many ask at once */
const lazy = new Map();

/** @param {string} key @param {function(): Promise<any>} read @returns {Promise<any>} */
function once(key, read) {
  if (!lazy.has(key)) lazy.set(key, read());
  return /** @type {Promise<any>} */ (lazy.get(key));
}

/**
 * Read the data and the points' positions; names and cards are read when first asked for.
 * @returns {Promise<{words: any, options: any}>} what the page says, and how it was asked to open
 */
export async function loadModel() {
  const [whole, columns, underlay] = await Promise.all([readJson("data"), readBlock("points"), readJson("ground")]);
  data = whole.data;
  ground = (underlay || []).map((shape) => ({ ...shape, parts: shape.g.map(unpackPart) }));
  const p = data.points;
  Object.assign(points, p);
  points.cellBits = Math.min(p.bits, p.n > 50000 ? 7 : p.n > 2000 ? 5 : 2);
  Object.assign(points, readPositions(columns, p.placed, p.planes, p.bits, points.cellBits));
  points.facet = joinPlanes(columns.subarray(p.placed * p.planes), p.n, p.facet_planes);
  for (const kind of ["places", "districts", "roads", "facilities", "plans"]) for (const thing of data[kind]) index[kind].set(thing.id, thing);
  for (const system of data.systems) {
    system.key = system.plan + "/" + system.id;
    system.row = "system:" + system.key.replace("/", ":");
    system.members = system.members || [];
    system.position = index.systems.size;
    index.systems.set(system.key, system);
    for (const member of system.members) {
      member.key = system.key + "/" + member.place_id;
      member.system = system;
      const roles = index.members.get(member.place_id) || [];
      roles.push(member);
      index.members.set(member.place_id, roles);
    }
  }
  for (const curve of data.reach) index.reach.set(curve.target + "|" + curve.row, curve);
  return whole;
}

/**
 * @param {string} kind
 * @param {string} id
 * @returns {any}
 */
export function find(kind, id) {
  return index[kind].get(id);
}

/** @param {string} id @returns {any} a zone or, where a plan gives a role to a whole district, that district */
export function placeOf(id) {
  return index.places.get(id) || index.districts.get(id);
}

/** @param {string} id @returns {any[]} the roles that systems give a place */
export function rolesOf(id) {
  return index.members.get(id) || [];
}

/** @param {string} target @param {string} row @returns {any} */
export function reachOf(target, row) {
  return index.reach.get(target + "|" + row);
}

/** @returns {any[]} systems with at least one member shown, in their order */
export function shownSystems() {
  return data.systems.filter((system) => system.members.some((member) => state.shown.has(member.key)));
}

/** @returns {Promise<string[]>} names of all points, in packed order */
export function pointNames() {
  return once("names", async () => (points.n ? (await readText("names")).split("\n") : []));
}

/** @returns {Promise<string[]>} pinyin initials of all points; empty strings where there are none */
export function pointInitials() {
  return once("initials", async () => (points.has_initials ? (await readText("initials")).split("\n") : []));
}

/** @returns {Promise<any[]>} cards of all points; empty where the page has none */
export function pointCards() {
  return once("cards", async () => (points.has_cards ? await readJson("cards") : []));
}

/** @param {number} i @returns {any} the link of the chain that a point belongs to */
export function segmentOf(i) {
  return data.segments[points.facets[points.facet[i]][0]];
}

/** @param {number} i @returns {boolean} */
export function isByPlace(i) {
  return points.facets[points.facet[i]][3] === 1;
}

/** @returns {Uint8Array} 1 for each facet that the present filter lets through */
export function allowedFacets() {
  const plan = data.plans.findIndex((p) => p.id === state.plan);
  return Uint8Array.from(points.facets.map(([segment, standing, plans, , headquarters]) =>
    Number((!state.onlyHeadquarters || headquarters === 1) && !state.segmentsOff.has(segment) && !state.standingsOff.has(standing) && (plan < 0 || Math.floor(plans / 2 ** plan) % 2 === 1))));
}

/** @returns {boolean} whether any point is filtered away */
export function isFiltered() {
  return state.segmentsOff.size > 0 || state.standingsOff.size > 0 || state.plan !== "" || state.onlyHeadquarters;
}

/**
 * Count the points of a table row under a filter.
 * @param {string} row
 * @param {"d"|"l"|"m"|"i"} kind documented, located, possible; of other files inside
 * @param {Uint8Array} allowed
 * @returns {number|null} null where nothing is known of the row
 */
export function countRow(row, kind, allowed) {
  const counts = points.rows[row];
  if (!counts?.[kind]) return null;
  let sum = 0;
  for (let f = 0; f < allowed.length; f++) if (allowed[f]) sum += counts[kind][f];
  return sum;
}

/**
 * Count the points of a row (or of all) by segment, under the filter without its choice of segments.
 * @param {string} row empty: all points
 * @returns {number[]}
 */
export function countBySegment(row) {
  const found = data.segments.map(() => 0);
  const plan = data.plans.findIndex((p) => p.id === state.plan);
  // Without plans no document says which firms a place has; those that lie in it are its own.
  const counts = row ? (!data.plans.length && points.rows[row]?.i) || points.rows[row]?.d : facetCounts();
  if (counts) {
    points.facets.forEach(([segment, standing, plans, , headquarters], f) => {
      if ((!state.onlyHeadquarters || headquarters === 1) && !state.standingsOff.has(standing) && (plan < 0 || Math.floor(plans / 2 ** plan) % 2 === 1)) found[segment] += counts[f];
    });
  }
  return found;
}

/** @type {number[]|null} */
let wholeCounts = null;

/** @returns {number[]} how many points each facet has */
export function facetCounts() {
  if (!wholeCounts) {
    const counts = points.facets.map(() => 0);
    for (let i = 0; i < points.n; i++) counts[points.facet[i]]++;
    wholeCounts = counts;
  }
  return wholeCounts;
}

/** @type {number[]|null} */
let drawnCounts = null;

/** @returns {number[]} how many points of each facet have a position */
export function placedCounts() {
  if (!drawnCounts) {
    const counts = points.facets.map(() => 0);
    for (let i = 0; i < points.placed; i++) counts[points.facet[i]]++;
    drawnCounts = counts;
  }
  return drawnCounts;
}

/** @returns {any} what the two systems that are compared share, with the shape of it; null where nothing is known */
export function sharedGround() {
  if (!state.compare) return null;
  const [a, b] = [state.compare.left, state.compare.right].map((key) => "system:" + key.replace("/", ":"));
  return data.overlaps.find((o) => (o.a === a && o.b === b) || (o.a === b && o.b === a)) || null;
}

/** @param {number} i @returns {{lon: number, lat: number}|null} */
export function positionOf(i) {
  if (i >= points.placed) return null;
  const x = points.x0 + points.x[i] * points.step, y = points.y0 + points.y[i] * points.step;
  return { lon: x * 360 - 180, lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI };
}
