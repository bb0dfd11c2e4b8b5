/**
 * Let the reader draw a circle or polygon, and measure.
 */

import { announce, byId, el, fill } from "./dom.js";
import { areaKm2, circleRing, distanceM, lengthM } from "./geodesy.js";
import { ink } from "./paint.js";
import { selectionCard } from "./selection.js";
import { map } from "./stage.js";
import { change, state, when } from "./state.js";
import { area, distance, t } from "./words.js";

/** @type {{mode: string, corners: number[][], group: any, at: number[]|null}|null} */
let task = null;
/** @type {any} */
let kept = null;

/** @returns {any} */
function style() {
  return { pane: "drawing", color: ink("chosen"), weight: 2.5, fillColor: ink("chosen"), fillOpacity: 0.1, interactive: false, smoothFactor: 0 };
}

/** @param {number[][]} ring @returns {number[][]} */
function latLngs(ring) {
  return ring.map(([lon, lat]) => [lat, lon]);
}

/** Show what is drawn so far, with its measure. */
function preview() {
  if (!task) return;
  const { mode, corners, at, group } = task;
  group.clearLayers();
  const all = at ? [...corners, at] : corners;
  let says = t("draw." + mode);
  if (mode === "circle" && all.length === 2) {
    const r = distanceM(all[0][0], all[0][1], all[1][0], all[1][1]);
    group.addLayer(L.polygon(latLngs(circleRing(all[0][0], all[0][1], r, 96)), style()));
    says = t("draw.radius", { r: distance(r) });
  } else if (all.length > 1) {
    group.addLayer(mode === "distance" || all.length === 2 ? L.polyline(latLngs(all), style()) : L.polygon(latLngs(all), style()));
    says = mode === "distance" ? distance(lengthM(all)) : all.length > 2 ? area(areaKm2(all)) + " km² · " + distance(lengthM([...all, all[0]])) : distance(lengthM(all));
    if (corners.length > (mode === "distance" ? 1 : 2)) says += " · " + t("draw.finish");
  }
  for (const [lon, lat] of corners) group.addLayer(L.circleMarker([lat, lon], { ...style(), radius: 4, fillOpacity: 1 }));
  byId("theme-note").hidden = false;
  fill(byId("theme-note"), el("span", { text: says + " " }), el("button", { type: "button", class: "small", text: t("draw.cancel"), on: { click: stop } }));
}

/** @param {number[]} corner */
function put(corner) {
  if (!task) return;
  const last = task.corners[task.corners.length - 1];
  if (last && Math.abs(last[0] - corner[0]) < 1e-9 && Math.abs(last[1] - corner[1]) < 1e-9) {
    finish();
    return;
  }
  task.corners.push(corner);
  if (task.mode === "circle" && task.corners.length === 2) finish();
  else preview();
}

/** Take what is drawn. */
function finish() {
  if (!task) return;
  const { mode, corners } = task;
  if (corners.length < (mode === "circle" || mode === "distance" ? 2 : 3)) return;
  const drawn = mode === "circle"
    ? { kind: "circle", center: corners[0], radius: distanceM(corners[0][0], corners[0][1], corners[1][0], corners[1][1]) }
    : { kind: mode, ring: corners };
  stop();
  if (mode === "circle" || mode === "polygon") showDrawn(drawn);
  else {
    change({ drawn });
    announce(t("draw." + mode + ".done", { value: mode === "distance" ? distance(lengthM(corners)) : area(areaKm2(corners)) + " km²" }));
  }
}

/** Select what lies in a drawn shape. @param {any} drawn */
export function showDrawn(drawn) {
  change({ drawn, selected: { type: "custom", id: "drawn", content: () => selectionCard(drawn) } });
}

/** End drawing without a result. */
function stop() {
  if (!task) return;
  task.group.remove();
  task = null;
  document.body.classList.remove("drawing");
  // The click that ends a drawing may be the first half of a double-click, or its second: neither is to zoom.
  setTimeout(() => { if (!task) map.doubleClickZoom.enable(); }, 500);
  byId("theme-note").hidden = true;
}

/** @param {string} mode circle, polygon, distance or area */
export function startDrawing(mode) {
  stop();
  change({ drawn: null, selected: null });
  task = { mode, corners: [], group: L.layerGroup().addTo(map), at: null };
  document.body.classList.add("drawing");
  map.doubleClickZoom.disable();
  preview();
  map.getContainer().focus({ preventScroll: true });
}

/** Draw the finished shape, with its measure written on it. */
function drawKept() {
  kept.clearLayers();
  const drawn = state.drawn;
  if (!drawn) return;
  if (drawn.kind === "distance") kept.addLayer(L.polyline(latLngs(drawn.ring), style()));
  else kept.addLayer(L.polygon(latLngs(drawn.ring || circleRing(drawn.center[0], drawn.center[1], drawn.radius)), style()));
  if (drawn.kind === "distance" || drawn.kind === "area") {
    byId("theme-note").hidden = false;
    const says = drawn.kind === "distance" ? t("draw.distance.done", { value: distance(lengthM(drawn.ring)) }) : t("draw.area.done", { value: area(areaKm2(drawn.ring)) + " km²" });
    fill(byId("theme-note"), el("strong", { text: says + " " }), el("button", { type: "button", class: "small", text: t("draw.clear"), on: { click: () => { byId("theme-note").hidden = true; change({ drawn: null }); } } }));
  }
}

/** Make drawing work. */
export function setUpDrawing() {
  kept = L.layerGroup().addTo(map);
  map.on("click", (event) => { if (task) put([event.latlng.lng, event.latlng.lat]); });
  map.on("dblclick", () => { if (task) finish(); });
  map.on("mousemove", (event) => {
    if (!task) return;
    task.at = task.corners.length ? [event.latlng.lng, event.latlng.lat] : null;
    preview();
  });
  document.addEventListener("keydown", (event) => {
    if (!task) return;
    const onMap = event.target === map.getContainer();
    if (event.key === "Escape") stop();
    else if (event.key === "Backspace" && onMap) { task.corners.pop(); preview(); }
    else if (event.key === "Enter" && onMap) { const c = map.getCenter(); put([c.lng, c.lat]); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  when(["drawn", "scheme", "lang"], drawKept);
}
