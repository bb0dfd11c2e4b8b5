/**
 * Choose colours and patterns; the page's style sheet is the one place where they are written down.
 */

const SYSTEM_INKS = { light: ["#1d5c9b", "#a8480f", "#12704f", "#7d2f7a", "#7a5d00", "#0b6c7a", "#9c2440", "#4a4f96"], dark: ["#7db8f0", "#f0a46b", "#63d0a5", "#d793d4", "#dcc15a", "#63cbd9", "#f28fa5", "#aab0f2"] };

const darkPreferred = matchMedia("(prefers-color-scheme: dark)");

/** @returns {boolean} */
export function isDark() {
  const chosen = document.documentElement.dataset.scheme;
  return chosen ? chosen === "dark" : darkPreferred.matches;
}

/** @type {Map<string, string>} inks of the present scheme, each asked of the style sheet once */
const inks = new Map();

/** @param {string} name a custom property of the style sheet, without its dashes @returns {string} */
export function ink(name) {
  const key = name + (isDark() ? " dark" : "");
  let found = inks.get(key);
  if (found === undefined) {
    found = getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
    inks.set(key, found);
  }
  return found;
}

/** @param {number} position @returns {string} */
export function systemInk(position) {
  const choice = isDark() ? SYSTEM_INKS.dark : SYSTEM_INKS.light;
  return choice[position % choice.length];
}

/** @param {string} color #rrggbb @returns {string} black or white, whichever is read better on it */
export function inkOn(color) {
  return luminance(color) > 0.32 ? "#10151c" : "#ffffff";
}

/** @param {string} color @returns {number} */
function luminance(color) {
  const part = (at) => {
    const c = parseInt(color.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

/** @param {string|null|undefined} basis @returns {boolean} whether an outline is a sketch, which is drawn hatched */
export function isSketch(basis) {
  return basis === "schematic" || basis === "proxy";
}

/** @type {Map<any, string[]>} the roles of each system, in its own order */
const roles = new Map();

/** @param {any} member @returns {string} a hue for each role of a system; systems begin at different ones */
export function memberInk({ system, role }) {
  if (!roles.has(system)) roles.set(system, [...new Set(system.members.map((m) => m.role))]);
  return systemInk(system.position + roles.get(system).indexOf(role));
}

/** How strongly a zone is filled: one that lies in another of its system less. @param {any} member @returns {number} */
export function strengthOf(member) {
  return member.system.members.some((m) => m.place_id === member.parent) ? 0.25 : 0.6;
}

export const ROAD_STYLES = {
  test: { color: "road-test", weight: 3.5, dash: null },
  corridor: { color: "road-corridor", weight: 3, dash: "10 6" },
  axis: { color: "road-corridor", weight: 3, dash: "2 7" },
  road: { color: "road-plain", weight: 2.2, dash: null },
};

/** @param {any} road @returns {{color: string, weight: number, dash: string|null}} */
export function roadStyle(road) {
  return ROAD_STYLES[roadClass(road)];
}

/** @param {any} road @returns {"test"|"corridor"|"axis"|"road"} */
export function roadClass(road) {
  if (road.is_test_road) return "test";
  return road.type === "corridor" || road.type === "axis" ? road.type : road.type === "road" || road.type === "bus_line" ? "road" : "test";
}

/** Shapes of facilities, as paths around 0,0. */
export const FACILITY_SHAPES = {
  hydrogen_station: "M0 -8L7 -4L7 4L0 8L-7 4L-7 -4Z",
  charging: "M0 -8L8 0L0 8L-8 0Z",
  test_site: "M-7 -7L7 -7L7 7L-7 7Z",
  other: "M0 -7L7 6L-7 6Z",
};

/** @param {string} type @returns {string} */
export function facilityClass(type) {
  return type in FACILITY_SHAPES ? type : "other";
}

/** @param {string} type @param {number} x @param {number} y @returns {string} */
export function facilityPath(type, x, y) {
  return FACILITY_SHAPES[facilityClass(type)].replace(/(-?\d+) (-?\d+)/g, (whole, dx, dy) => `${x + Number(dx)} ${y + Number(dy)}`);
}
