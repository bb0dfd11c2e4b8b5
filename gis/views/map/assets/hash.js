/**
 * Keep the view, layers and filters in the address, so that a link reopens what the reader sees.
 */

import { data, find, placeOf } from "./model.js";
import { map } from "./stage.js";
import { change, state, when } from "./state.js";
import { lang, switchLang } from "./words.js";

/** @returns {string} systems that are wholly shown by their key, other memberships by theirs */
function shownText() {
  const parts = [];
  for (const system of data.systems) {
    const on = system.members.filter((m) => state.shown.has(m.key));
    if (on.length && on.length === system.members.length) parts.push(system.key);
    else parts.push(...on.map((m) => m.key));
  }
  return parts.join(",");
}

/** Write the state into the address. */
function write_() {
  timer = 0;
  const centre = map.getCenter(), q = new URLSearchParams();
  q.set("v", [map.getZoom().toFixed(2), centre.lat.toFixed(5), centre.lng.toFixed(5)].join("/"));
  q.set("s", shownText());
  q.set("l", [...state.layers].sort().join(","));
  if (state.segmentsOff.size) q.set("f", [...state.segmentsOff].map((s) => data.segments[s].id).join(","));
  if (state.standingsOff.size) q.set("st", [...state.standingsOff].join(","));
  if (state.plan) q.set("p", state.plan);
  if (state.theme) q.set("th", state.theme);
  if (state.onlyHeadquarters) q.set("hq", "1");
  if (state.date) q.set("d", state.date);
  if (state.radius !== 500) q.set("r", String(state.radius));
  if (state.reachTarget) q.set("rt", state.reachTarget);
  if (state.compare) q.set("c", [state.compare.left, state.compare.right, state.compare.at.toFixed(2)].join(","));
  if (state.selected && ["places", "districts", "roads", "facilities"].includes(state.selected.type)) q.set("x", state.selected.type + ":" + state.selected.id);
  q.set("t", state.tab);
  q.set("lang", lang());
  const text = "#" + q.toString().replace(/%2F/g, "/").replace(/%2C/g, ",").replace(/%3A/g, ":");
  if (text !== location.hash) history.replaceState(null, "", text);
}

/** Writing takes a browser as long as drawing the map: it waits until the reader has rested so long. */
const ADDRESS_MS = 600;
let timer = 0;

/** Write once for several changes. */
function writeLater() {
  clearTimeout(timer);
  timer = setTimeout(write_, ADDRESS_MS);
}

/** Write what is not written yet: the reader turns to the address, or leaves. */
function writeNow() {
  if (!timer) return;
  clearTimeout(timer);
  write_();
}

/**
 * Take the state from the address; what it does not name, or names wrongly, stays as it is.
 * @returns {{view: [number, number, number]|null, selected: any}}
 */
export function readHash() {
  const q = new URLSearchParams(location.hash.slice(1)), list = (key) => (q.get(key) || "").split(",").filter(Boolean);
  if (q.has("s")) {
    const wanted = new Set(list("s"));
    state.shown = new Set(data.systems.flatMap((s) => s.members.filter((m) => wanted.has(s.key) || wanted.has(m.key)).map((m) => m.key)));
  }
  if (q.has("l")) state.layers = new Set(list("l"));
  const off = new Set(list("f"));
  state.segmentsOff = new Set(data.segments.flatMap((s, i) => (off.has(s.id) ? [i] : [])));
  state.standingsOff = new Set(list("st").map(Number).filter((i) => Number.isInteger(i) && i >= 0));
  if (find("plans", q.get("p") || "")) state.plan = String(q.get("p"));
  if (/^[a-z]+$/.test(q.get("th") || "")) state.theme = String(q.get("th"));
  state.onlyHeadquarters = q.get("hq") === "1";
  if (/^\d{4}-\d\d-\d\d$/.test(q.get("d") || "")) state.date = String(q.get("d"));
  const radius = Number(q.get("r"));
  if (radius >= 50 && radius <= 5000 && radius % 50 === 0) state.radius = radius;
  if (data.reach.some((c) => c.target === q.get("rt"))) state.reachTarget = String(q.get("rt"));
  const [left, right, at] = list("c"), systems = new Set(data.systems.map((s) => s.key));
  if (systems.has(left) && systems.has(right)) state.compare = { left, right, at: Math.max(0.02, Math.min(0.98, Number(at) || 0.5)) };
  if (["layers", "table", "indicators", "about"].includes(q.get("t") || "")) state.tab = String(q.get("t"));
  if (q.get("lang") === "en" || q.get("lang") === "zh") switchLang(String(q.get("lang")));
  const view = (q.get("v") || "").split("/").map(Number), [type, id] = (q.get("x") || "").split(":");
  const there = id && (placeOf(id) || find("roads", id) || find("facilities", id));
  return { view: view.length === 3 && view.every(Number.isFinite) && Math.abs(view[1]) < 85 ? [view[0], view[1], view[2]] : null, selected: there ? { type, id } : null };
}

/** */
export function keepHash() {
  map.on("moveend", () => { if (!state.onPaper) writeLater(); });
  when(["shown", "layers", "segmentsOff", "standingsOff", "plan", "theme", "onlyHeadquarters", "date", "radius", "reachTarget", "compare", "selected", "tab", "lang"], writeLater);
  window.addEventListener("blur", writeNow);
  window.addEventListener("pagehide", writeNow);
  window.addEventListener("hashchange", () => {
    const { view, selected } = readHash();
    if (view) map.setView([view[1], view[2]], view[0], { animate: false });
    change({ ...state, selected, lang: lang() });
  });
}
