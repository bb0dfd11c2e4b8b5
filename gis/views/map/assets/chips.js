/**
 * Show what is known only by its place as a number at that place, with a bar by link: no dot, since nobody knows where.
 */

import { svgEl } from "./dom.js";
import { data, gatheredPoints, segmentOf } from "./model.js";
import { FACILITY_SHAPES, facilityClass, ink } from "./paint.js";
import { holdsNow } from "./shapes.js";
import { state } from "./state.js";
import { num, t } from "./words.js";

/** Pixels: of the letters, of a chip with its bar, of a facility's sign, and beside the words. */
const SIZE = 11, TALL = 20, SIGN = 15, SIDE = 6;

/**
 * @typedef {Object} Chip
 * @property {any} place
 * @property {number[]} members points
 * @property {any[]} facilities
 * @property {string} text how many firms, and who says so
 * @property {string} short how many firms
 * @property {Array<{color: string, n: number}>} bar
 * @property {Array<{kind: string, n: number}>} signs of the facilities by class
 */

/** @returns {Chip[]} those of the present picture, the largest first */
export function chipsNow() {
  const shown = (facility) => state.layers.has("facilities." + facilityClass(facility.type));
  const found = gatheredPoints(shown).filter(({ place }) => holdsNow(place) && (place.level !== "historic" || state.date)).map(({ place, members, all, documented, facilities }) => {
    const counts = new Map(), kinds = new Map();
    for (const i of members) counts.set(segmentOf(i), (counts.get(segmentOf(i)) || 0) + 1);
    for (const { type } of facilities) kinds.set(facilityClass(type), (kinds.get(facilityClass(type)) || 0) + 1);
    const bar = data.segments.filter((s) => counts.has(s)).map((s) => ({ color: s.color, n: counts.get(s) }));
    const said = documented === all ? "chip.document" : "chip.said", n = num(members.length);
    return {
      place, members, facilities, bar,
      text: members.length ? t(said, { n }) : "", short: members.length ? t("chip.short", { n }) : "",
      signs: Object.keys(FACILITY_SHAPES).filter((kind) => kinds.has(kind)).map((kind) => ({ kind, n: kinds.get(kind) })),
    };
  });
  return found.sort((a, b) => b.members.length + b.facilities.length - a.members.length - a.facilities.length);
}

/**
 * @param {Chip} chip @param {string} name of its place; empty where that stands beside it
 * @param {boolean} short whether only the number is said
 * @param {function(string): number} widthOf
 * @returns {{width: number, height: number, words: string, last: number}}
 */
export function chipExtent(chip, name, short, widthOf) {
  const words = [name, short ? chip.short : chip.text].filter(Boolean).join(" ");
  const signs = chip.signs.reduce((sum, { n }) => sum + SIGN + widthOf(num(n)) + 2, 0);
  const wide = words ? widthOf(words) : 0;
  return { width: Math.ceil(wide + (wide && signs ? 4 : 0) + signs + 2 * SIDE), height: TALL, words, last: wide };
}

/** @param {any} label as `chipExtent` and the pass of names left it @returns {SVGElement[]} around 0,0 */
export function chipShapes({ chip, width, words, last }) {
  const left = -width / 2, top = -TALL / 2, text = { "font-size": SIZE, "font-weight": 600, "font-family": ink("font"), fill: ink("text") };
  const found = [svgEl("rect", { x: left, y: top, width, height: TALL, rx: 4, fill: ink("paper"), "fill-opacity": 0.94, stroke: ink("muted"), "stroke-width": 0.9 })];
  const baseline = chip.bar.length ? 2 : 4;
  if (words) found.push(svgEl("text", { x: left + SIDE, y: baseline, ...text, text: words }));
  let x = left + SIDE + last + (last ? 4 : 0);
  for (const { kind, n } of chip.signs) {
    found.push(svgEl("path", { d: FACILITY_SHAPES[kind], transform: `translate(${(x + 5.5).toFixed(1)} ${baseline - 4}) scale(.6)`, fill: ink("paper"), stroke: ink("facility"), "stroke-width": 2.4 }),
      svgEl("text", { x: x + SIGN - 2, y: baseline, ...text, text: num(n) }));
    x += SIGN + num(n).length * 6.4 + 2;
  }
  const whole = chip.bar.reduce((sum, { n }) => sum + n, 0), room = width - 2 * SIDE;
  let from = left + SIDE;
  for (const { color, n } of chip.bar) {
    const wide = (room * n) / whole;
    found.push(svgEl("rect", { x: from.toFixed(2), y: top + TALL - 6, width: wide.toFixed(2), height: 3.5, fill: color }));
    from += wide;
  }
  return found;
}
