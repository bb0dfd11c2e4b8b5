/**
 * Choose colours and patterns; the page's style sheet is the one place where they are written down.
 */

import { svgEl } from "./dom.js";

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

/** Pixels from line to line. */
const HATCH = 7;

/**
 * The hatching of sketched outlines, for SVG.
 * @param {string} id
 * @param {string} color
 * @param {number} strength 0 to 1
 * @returns {SVGElement}
 */
export function hatch(id, color, strength) {
  return svgEl("pattern", { id, width: HATCH, height: HATCH, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svgEl("rect", { width: HATCH, height: HATCH, fill: color, "fill-opacity": 0.04 + strength * 0.22 }),
    svgEl("line", { x1: 0, y1: 0, x2: 0, y2: HATCH, stroke: color, "stroke-width": 2.4, "stroke-opacity": 0.25 + strength * 0.4 }));
}

/** How strongly a zone is filled: the first role of its system most. @param {any} member @returns {number} */
export function strengthOf(member) {
  const roles = [...new Set(member.system.members.map((m) => m.role))];
  const rank = roles.indexOf(member.role);
  return roles.length < 2 ? 0.5 : Math.max(0.15, 0.9 - 0.3 * rank);
}

/** @type {Map<string, CanvasPattern>} */
const hatchings = new Map();

/**
 * The same hatching for a canvas: a square tile with lines across its corners, so that it need not be turned when it is laid.
 * @param {string} color
 * @param {number} strength 0 to 1
 * @returns {CanvasPattern}
 */
export function hatching(color, strength) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2), key = [color, strength, ratio].join();
  let found = hatchings.get(key);
  if (!found) {
    const side = Math.round(HATCH * Math.SQRT2 * ratio), tile = document.createElement("canvas");
    tile.width = tile.height = side;
    const context = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
    context.fillStyle = context.strokeStyle = color;
    context.globalAlpha = 0.04 + strength * 0.22;
    context.fillRect(0, 0, side, side);
    context.globalAlpha = 0.25 + strength * 0.4;
    context.lineWidth = 1.2 * ratio;
    context.beginPath();
    for (const shift of [-side, 0, side]) {
      context.moveTo(shift - side, side * 2);
      context.lineTo(shift + side * 2, -side);
    }
    context.stroke();
    found = /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
    found.setTransform(new DOMMatrix().scale(1 / ratio));
    hatchings.set(key, found);
  }
  return found;
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
