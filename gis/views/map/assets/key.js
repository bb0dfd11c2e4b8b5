/**
 * Keep the legend of the picture on the map, where it filters too.
 */

import { byId, el, fill, svgEl } from "./dom.js";
import { legendGroups, numberKey } from "./legend.js";
import { whenNumbered } from "./labels.js";
import { change, state, toggled, when } from "./state.js";
import { t } from "./words.js";

const NARROW = 760;

/** @param {any} row @returns {HTMLElement} a row of the legend; one that filters is a button */
function legendRow({ sign, text, count, toggle }) {
  const symbol = svgEl("svg", { class: "swatch", width: 28, height: 20, viewBox: "-14 -10 28 20", "aria-hidden": "true" }, ...sign);
  const parts = [symbol, el("span", { text }), count ? el("span", { class: "count", text: count }) : null];
  if (!toggle) return el("li", {}, ...parts);
  const off = state[toggle.key].has(toggle.value);
  return el("li", {}, el("button", { type: "button", class: "legend-toggle" + (off ? " off" : ""), "aria-pressed": String(!off),
    on: { click: () => change({ [toggle.key]: toggled(state[toggle.key], toggle.value) }) } }, ...parts));
}

/** @returns {HTMLElement|null} what the numbers on the map stand for */
export function numberList() {
  const numbers = numberKey();
  if (!numbers.length) return null;
  return el("section", { class: "numbers" }, el("h3", { text: t("legend.numbers") }), el("ol", {}, ...numbers.map(({ n, text }) => el("li", {}, el("b", { text: n }), " ", el("bdi", { text })))));
}

/** @returns {HTMLElement} */
function legendBody() {
  return el("ul", { class: "legend" }, ...legendGroups().flatMap(({ title, rows }) => [title ? el("li", { class: "legend-head", text: title }) : null, ...rows.map(legendRow)]));
}

/** @param {HTMLElement} panel the legend as a page of its own, for a narrow window */
export function drawLegendPage(panel) {
  fill(panel, numberList(), legendBody());
}

/** Write the legend of what is drawn. */
export function drawKey() {
  byId("key-title").textContent = t("legend.title");
  fill(byId("key-body"), legendBody());
}

/** @param {function(): void} [renumbered] called after other numbers stand on the map */
export function setUpKey(renumbered = () => {}) {
  const box = /** @type {HTMLDetailsElement} */ (byId("key"));
  box.open = innerWidth > NARROW;
  drawKey();
  whenNumbered(renumbered);
  when(["layers", "lang", "scheme", "shown", "compare", "radius", "reachTarget", "segmentsOff", "standingsOff", "plan", "onlyHeadquarters", "date"], () => { if (!state.onPaper) drawKey(); });
}
