/**
 * Offer the maps that the plans themselves call for, each a choice of layers.
 */

import { data, facetCounts, placeOf, points } from "./model.js";
import { FACILITY_SHAPES, ROAD_STYLES } from "./paint.js";
import { holdsNow } from "./shapes.js";
import { change, state } from "./state.js";

const ROADS = Object.keys(ROAD_STYLES).map((key) => "roads." + key);
const FACILITIES = Object.keys(FACILITY_SHAPES).map((key) => "facilities." + key);

/** @returns {any} the system that is shown at first on the chosen date */
export function firstSystem() {
  const held = data.systems.filter((s) => holdsNow(s) && (state.date ? true : !s.valid_to));
  // The one that says most on a map: many members, most of them drawn.
  const worth = (s) => {
    const drawn = s.members.filter((m) => placeOf(m.place_id)?.geometry).length;
    return (drawn * drawn) / Math.max(1, s.members.length) + (state.date && s.valid_to ? 1000 : 0);
  };
  return held.reduce((best, s) => (!best || worth(s) > worth(best) ? s : best), null) || data.systems[0];
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
  industry: { there: () => data.kind === "city", make: () => ({ shown: membersOf([firstSystem()]), layers: ["firms", ...ROADS, ...FACILITIES] }) },
  chain: { there: () => data.kind === "city" && points.n > 0, make: () => ({ shown: membersOf([firstSystem()]), layers: ["firms"] }) },
  headquarters: { there: () => points.facets.some((f, i) => f[4] && facetCounts()[i]), make: () => ({ shown: membersOf([firstSystem()]), layers: ["firms"], onlyHeadquarters: true }) },
  land: { there: () => data.parcels.some((p) => placeOf(p.place_id)), make: () => ({ shown: new Set(), layers: ["parcels"] }) },
  roads: { there: () => data.roads.some((r) => r.geometry) || data.facilities.some((f) => f.type === "test_site"), make: () => ({ shown: membersOf(demonstrationSystems()), layers: [...ROADS, "facilities.test_site"] }) },
  reach: { there: () => data.reach.length > 0, make: () => ({ shown: membersOf([firstSystem()]), layers: [...ROADS, "facilities.hydrogen_station", "reach"] }) },
};

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
