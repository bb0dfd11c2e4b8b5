/**
 * Set two zone systems side by side under a curtain that the reader draws, with what they share.
 */

import { byId, el, fill } from "./dom.js";
import { data, sharedGround } from "./model.js";
import { picture } from "./picture.js";
import { map } from "./stage.js";
import { change, state, when } from "./state.js";
import { area, nameOf, num, percent, t } from "./words.js";

/** Cut both systems at the curtain. */
function draw() {
  const box = byId("swipe");
  box.hidden = !state.compare;
  if (state.compare) {
    const left = [0, state.compare.at], right = [state.compare.at, 1];
    picture.parts = { zones: left, "zones-lines": left, "zones-right": right, "zones-right-lines": right };
    box.style.left = state.compare.at * map.getSize().x + "px";
  } else picture.parts = {};
  picture.redraw();
}

/** Say what the two systems share. */
function say() {
  if (!state.compare) return;
  const system = (key) => data.systems.find((s) => s.key === key), found = sharedGround(), flip = found && found.a !== "system:" + state.compare.left.replace("/", ":");
  byId("theme-note").hidden = false;
  fill(byId("theme-note"),
    el("div", {}, el("strong", { text: "◧ " + nameOf(system(state.compare.left)) }), " · ", el("strong", { text: nameOf(system(state.compare.right)) + " ◨" })),
    el("div", { text: found ? t("compare.shared", { area: area(found.area_km2), a: percent(flip ? found.share_of_b : found.share_of_a), b: percent(flip ? found.share_of_a : found.share_of_b), j: found.jaccard === undefined ? "–" : num(found.jaccard, 3), n: num(found.enterprises || 0) }) : t("compare.none") }),
    el("button", { type: "button", class: "small", text: t("compare.end"), on: { click: () => change({ compare: null }) } }));
}

/** @returns {Node|null} the choice of two systems */
export function compareChooser() {
  const drawn = data.systems.filter((s) => s.members.some((m) => (data.places.find((p) => p.id === m.place_id) || data.districts.find((d) => d.id === m.place_id))?.geometry));
  if (drawn.length < 2) return null;
  const chooser = (key, fallback) => el("select", { "aria-label": t("compare." + key), on: { change: () => { if (state.compare) apply(); } } },
    ...drawn.map((s) => el("option", { value: s.key, text: nameOf(s), selected: s.key === (state.compare ? state.compare[key] : fallback.key) })));
  const left = /** @type {HTMLSelectElement} */ (chooser("left", drawn[0])), right = /** @type {HTMLSelectElement} */ (chooser("right", drawn[1]));
  const apply = () => change({ compare: { left: left.value, right: right.value, at: state.compare?.at || 0.5 } });
  return el("div", { class: "compare" }, left, right,
    el("button", { type: "button", class: "small", "aria-pressed": String(Boolean(state.compare)), text: t(state.compare ? "compare.end" : "compare.start"), on: { click: () => (state.compare ? change({ compare: null }) : apply()) } }));
}

/** */
export function setUpCompare() {
  const handle = byId("swipe-handle");
  const move = (at) => {
    if (!state.compare) return;
    state.compare.at = Math.max(0.02, Math.min(0.98, at));
    handle.setAttribute("aria-valuenow", String(Math.round(state.compare.at * 100)));
    draw();
    map.fire("curtain");
  };
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    handle.focus();
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const frame = map.getContainer().getBoundingClientRect();
    move((event.clientX - frame.left) / frame.width);
  });
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -0.05, ArrowRight: 0.05 }[event.key];
    if (!step || !state.compare) return;
    event.preventDefault();
    move(state.compare.at + step);
  });
  map.on("move zoom moveend resize", () => { if (state.compare) draw(); });
  when(["compare"], () => { draw(); if (!state.compare) byId("theme-note").hidden = true; });
  when(["compare", "lang"], say);
}
