/**
 * Offer the maps that the plans themselves call for, each a choice of layers.
 */

import { data, facetCounts, find, placeOf, points } from "./model.js";
import { FACILITY_SHAPES, ROAD_STYLES } from "./paint.js";
import { holdsOn } from "./shapes.js";
import { change, state } from "./state.js";

const ROADS = Object.keys(ROAD_STYLES).map((key) => "roads." + key);
/** Those that carry the subject; the others are one tick away and would crowd the first look. */
const FACILITIES = Object.keys(FACILITY_SHAPES).filter((key) => key !== "other").map((key) => "facilities." + key);

/** @param {any} system @returns {number} */
function drawnMembers(system) {
  return system.members.filter((m) => placeOf(m.place_id)?.geometry).length;
}

/**
 * The system that is shown at first: of those in force on the day (today, or the past day that was chosen) the one of
 * the newest plan (the latest horizon, then the latest publication) that has most members drawn; the first in the
 * plan's own order where several have as many. On a past day a layout that has since been superseded goes before all.
 * @returns {any}
 */
export function firstSystem() {
  const day = state.date || data.as_of;
  const held = data.systems.filter((s) => s.listed && holdsOn(s, day) && (drawnMembers(s) || (state.date && s.valid_to)));
  const rank = (s) => {
    const plan = find("plans", s.plan);
    return [state.date && s.valid_to ? 1 : 0, Number(plan.horizon || 0), plan.published || "", drawnMembers(s)];
  };
  const before = (a, b) => {
    const at = a.findIndex((value, i) => value !== b[i]);
    return at >= 0 && a[at] > b[at];
  };
  return held.reduce((best, s) => (!best || before(rank(s), rank(best)) ? s : best), null) || data.systems[0];
}

/** @param {any[]} systems @returns {Set<string>} */
export function membersOf(systems) {
  return new Set(systems.flatMap((s) => s.members.map((m) => m.key)));
}

/** @returns {Set<string>} what is shown of the first system; nothing where no plan has one */
export function firstMembers() {
  const first = firstSystem();
  return membersOf(first ? [first] : []);
}

/** @returns {string[]} the layer of places without a role: they are the zones of a page that has no system to draw */
function firstZones() {
  const first = firstSystem();
  return data.kind !== "city" || !first || !drawnMembers(first) ? ["zones"] : [];
}

/** @returns {any[]} systems whose members are test or demonstration areas, by what the plan says of them */
export function demonstrationSystems() {
  const found = data.systems.filter((s) => /示范|测试|demonstration|test/i.test(s.name + (s.name_en || "")) && s.members.some((m) => placeOf(m.place_id)?.geometry));
  return found.length ? found : [firstSystem()].filter(Boolean);
}

/** @param {any} thing @returns {boolean} */
function drawn(thing) {
  return Boolean(thing?.geometry);
}

/** @returns {boolean} whether a road, station or the like is drawn from which a reach is measured */
function hasOrigin() {
  return Boolean(data.test_roads) || data.facilities.some((f) => drawn(f) && data.reach.some((c) => c.target === f.type));
}

/** @returns {boolean} whether this is a city without plans: it is offered every common theme, and told what is missing */
function isOwn() {
  return data.kind === "city" && !data.plans.length;
}

/** The maps that the documents call for, each to be handed over. */
export const PRODUCTS = ["industry", "layout", "roads", "land", "headquarters"];

/** @returns {boolean} whether this is a city with plans: it is offered every product, and told where one is empty */
function isPlanned() {
  return data.kind === "city" && data.plans.length > 0;
}

/** @returns {boolean} */
function hasHeadquarters() {
  return points.facets.some((f, i) => f[4] && facetCounts()[i]);
}

/**
 * What each theme needs to be offered, what it shows, and whether any of its own subject is drawn.
 * @type {Object<string, {there: function(): boolean, make: function(): Object<string, any>, has: function(): boolean}>}
 */
const THEMES = {
  industry: {
    there: () => data.kind === "city",
    make: () => ({ shown: firstMembers(), layers: firstLayers() }),
    has: () => points.n > 0 || [...data.places, ...data.roads, ...data.facilities].some(drawn) || data.systems.some((s) => drawnMembers(s)),
  },
  layout: {
    there: isPlanned,
    make: () => ({ shown: firstMembers(), layers: [...firstZones(), "roads.corridor", "roads.axis"] }),
    has: () => data.systems.some((s) => drawnMembers(s)),
  },
  roads: {
    there: () => isPlanned() || isOwn() || data.roads.some(drawn) || data.facilities.some((f) => f.type === "test_site"),
    make: () => ({ shown: membersOf(demonstrationSystems()), layers: [...firstZones(), ...ROADS, "facilities.test_site"] }),
    has: () => data.roads.some((r) => drawn(r) && (r.is_test_road || !data.plans.length)) || data.facilities.some((f) => f.type === "test_site" && (drawn(f) || f.within)),
  },
  land: { there: () => isPlanned() || data.parcels.length > 0, make: () => ({ shown: new Set(), layers: ["parcels"] }), has: () => data.parcels.some((p) => drawn(placeOf(p.place_id))) },
  headquarters: {
    there: () => isPlanned() || hasHeadquarters(),
    make: () => ({ shown: firstMembers(), layers: [...firstZones(), "firms"], onlyHeadquarters: true }),
    has: hasHeadquarters,
  },
  chain: { there: () => data.kind === "city" && (isOwn() || points.n > 0), make: () => ({ shown: firstMembers(), layers: [...firstZones(), "firms"] }), has: () => points.placed > 0 || Boolean(points.gathered?.length) },
  reach: { there: () => isOwn() || data.reach.length > 0, make: () => ({ shown: firstMembers(), layers: [...firstZones(), ...ROADS, "facilities.hydrogen_station", "reach"] }), has: hasOrigin },
};

/** @returns {string[]} what a page opens with, beside the zones of its first system */
export function firstLayers() {
  return [...firstZones(), "firms", ...ROADS, ...FACILITIES, ...(data.plans.length ? [] : ["facilities.other"])];
}

/** @returns {string[]} */
export function themeNames() {
  return Object.keys(THEMES).filter((name) => THEMES[name].there());
}

/** @returns {boolean} whether the chosen theme has nothing that could be drawn */
export function themeIsEmpty() {
  return state.theme in THEMES && !THEMES[state.theme].has();
}

/** @param {string} theme */
export function showTheme(theme) {
  const chosen = THEMES[theme].make();
  change({ theme, onlyHeadquarters: false, compare: null, segmentsOff: new Set(), ...chosen, layers: new Set(["labels", ...["ground", "tiles"].filter((name) => state.layers.has(name)), ...chosen.layers]) });
}

/** @param {string} date */
export function showDate(date) {
  state.date = date === data.as_of ? "" : date;
  change({ date: state.date, shown: firstMembers(), compare: null });
}
