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

/** @returns {any[]} systems whose members are test or demonstration areas, by what the plan says of them */
function demonstrationSystems() {
  const found = data.systems.filter((s) => /示范|测试|demonstration|test/i.test(s.name + (s.name_en || "")) && s.members.some((m) => placeOf(m.place_id)?.geometry));
  return found.length ? found : [firstSystem()];
}

/** @type {Object<string, {there: function(): boolean, make: function(): Object<string, any>}>} */
const THEMES = {
  industry: { there: () => data.kind === "city", make: () => ({ shown: membersOf([firstSystem()]), layers: firstLayers() }) },
  chain: { there: () => data.kind === "city" && points.n > 0, make: () => ({ shown: membersOf([firstSystem()]), layers: ["firms"] }) },
  headquarters: { there: () => points.facets.some((f, i) => f[4] && facetCounts()[i]), make: () => ({ shown: membersOf([firstSystem()]), layers: ["firms"], onlyHeadquarters: true }) },
  land: { there: () => data.parcels.some((p) => placeOf(p.place_id)), make: () => ({ shown: new Set(), layers: ["parcels"] }) },
  roads: { there: () => data.roads.some((r) => r.geometry) || data.facilities.some((f) => f.type === "test_site"), make: () => ({ shown: membersOf(demonstrationSystems()), layers: [...ROADS, "facilities.test_site"] }) },
  reach: { there: () => data.reach.length > 0, make: () => ({ shown: membersOf([firstSystem()]), layers: [...ROADS, "facilities.hydrogen_station", "reach"] }) },
};

/** @returns {string[]} what a page opens with, beside its zones */
export function firstLayers() {
  return ["firms", ...ROADS, ...FACILITIES];
}

/** @returns {string[]} */
export function themeNames() {
  return Object.keys(THEMES).filter((name) => THEMES[name].there());
}

/** @param {string} theme */
export function showTheme(theme) {
  const chosen = THEMES[theme].make();
  change({ theme, onlyHeadquarters: false, compare: null, segmentsOff: new Set(), ...chosen, layers: new Set(["labels", ...(state.layers.has("tiles") ? ["tiles"] : []), ...chosen.layers]) });
}

/** @param {string} date */
export function showDate(date) {
  state.date = date === data.as_of ? "" : date;
  change({ date: state.date, shown: membersOf([firstSystem()]), compare: null });
}
