/**
 * Explain on the map itself how things are drawn, in the words of a printed legend.
 */

import { byId, el, fill, svgEl } from "./dom.js";
import { data, points } from "./model.js";
import { FACILITY_SHAPES, facilityClass, isSketch, roadClass, ROAD_STYLES, systemInk } from "./paint.js";
import { state, when } from "./state.js";
import { facilitySwatch, outlineSwatch, roadSwatch } from "./tree.js";
import { num, t } from "./words.js";

const NARROW = 760;

/** @param {...any} shapes @returns {SVGElement} */
function sign(...shapes) {
  return svgEl("svg", { class: "swatch", width: 26, height: 22, viewBox: "-13 -11 26 22", "aria-hidden": "true" }, ...shapes);
}

/** @returns {SVGElement} a ring of three links with a number in it */
function bundleSign() {
  const around = 2 * Math.PI * 8, colors = data.segments.slice(0, 3).map((s) => s.color);
  return sign(svgEl("circle", { r: 10, class: "key-paper" }),
    ...colors.map((color, i) => svgEl("circle", { r: 8, fill: "none", stroke: color, "stroke-width": 3.6, "stroke-dasharray": `${around / colors.length} ${around}`, "stroke-dashoffset": (-around * i) / colors.length, transform: "rotate(-90)" })),
    svgEl("text", { class: "key-text", "text-anchor": "middle", y: 3.5, "font-size": 10, "font-weight": 600, text: "9" }));
}

/** @param {boolean} hollow @returns {SVGElement} one firm */
function firmSign(hollow) {
  const color = data.segments[0]?.color || "#5b6675";
  return sign(svgEl("circle", { r: 7, fill: hollow ? null : color, stroke: color, "stroke-width": 2.2, class: hollow ? "key-paper" : null }));
}

/** @param {Node} symbol @param {string} text @returns {HTMLElement} */
function row(symbol, text) {
  return el("li", {}, symbol, el("span", { text }));
}

/** @returns {any[]} */
function firmRows() {
  if (!points.n || !state.layers.has("firms")) return [];
  if (points.placed > 2000) return [row(sign(svgEl("circle", { cx: -6, r: 3, class: "disc" }), svgEl("circle", { cx: 5, r: 7, class: "disc" })), t("legend.sum"))];
  const bundles = row(bundleSign(), t("legend.bundle." + data.point_noun));
  return data.kind === "city" ? [row(firmSign(false), t("legend.own")), row(firmSign(true), t("legend.by_place")), bundles] : [row(firmSign(false), t("legend.point")), bundles];
}

/** @returns {any[]} */
function zoneRows() {
  if (!data.places.length) return [];
  const ink = systemInk(data.systems.find((s) => s.members.some((m) => state.shown.has(m.key)))?.position ?? 5);
  if (data.kind !== "city") return [row(outlineSwatch(ink, 0.6, false, false, 18), t("kind.places"))];
  return [
    row(outlineSwatch(ink, 0.6, false, false, 18), t("legend.exact")),
    data.places.some((p) => isSketch(p.basis)) ? row(outlineSwatch(ink, 0.6, true, false, 18), t("legend.sketch")) : null,
    state.compare ? row(outlineSwatch("#000000", 0.6, true, false, 18), t("legend.shared")) : null,
  ];
}

/** @returns {any[]} roads, facilities and what they reach, as far as they are drawn */
function lineRows() {
  const drawn = (kind, things, key, class_) => state.layers.has(kind + "." + key) && things.some((x) => x.geometry && class_(x) === key);
  return [
    ...Object.keys(ROAD_STYLES).filter((key) => drawn("roads", data.roads, key, roadClass)).map((key) => row(roadSwatch(key), t("road." + key))),
    ...Object.keys(FACILITY_SHAPES).filter((key) => drawn("facilities", data.facilities, key, (f) => facilityClass(f.type))).map((key) => row(facilitySwatch(key), t("facility." + key))),
    state.layers.has("reach") ? row(sign(svgEl("rect", { x: -11, y: -6, width: 22, height: 12, rx: 6, class: "ink-reach" })), t("reach.band", { r: num(state.radius) })) : null,
  ];
}

/** @returns {any[]} */
function groundRows() {
  if (data.kind !== "city") return [];
  const block = (name) => sign(svgEl("rect", { x: -10, y: -6, width: 20, height: 12, class: "ink-" + name }));
  return [row(block("subject"), t("legend.subject")), row(block("context"), t("legend.context")), row(block("ground"), t("legend.ground"))];
}

/** */
function drawKey() {
  byId("key-title").textContent = t("legend.title");
  fill(byId("key-body"), el("ul", { class: "legend" }, ...firmRows(), ...zoneRows(), ...lineRows(), ...groundRows()));
}

/** Open the legend where there is room for it. */
export function setUpKey() {
  const box = /** @type {HTMLDetailsElement} */ (byId("key"));
  box.open = innerWidth > NARROW;
  drawKey();
  when(["layers", "lang", "scheme", "shown", "compare", "radius", "reachTarget"], drawKey);
}
