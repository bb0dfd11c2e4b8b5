/**
 * Open the page: read the data, build the map and the panels, and keep them in step with what the reader chooses.
 */

import { drawCard, selectHere, selectPoint } from "./card.js";
import { setUpCompare } from "./compare.js";
import { byId, el, fill } from "./dom.js";
import { setUpDrawing, showDrawn } from "./draw.js";
import { FirmsLayer } from "./firms.js";
import { areaKm2, distanceM, lengthM } from "./geodesy.js";
import { drawUnderlay, refitUnderlay } from "./ground.js";
import { keepHash, readHash } from "./hash.js";
import { contentBounds, setUpInset } from "./inset.js";
import { drawKey, setUpKey } from "./key.js";
import { moveFurniture, written, writeLabels } from "./labels.js";
import { data, find, loadModel, placeOf, pointNames, points, segmentOf } from "./model.js";
import { isDark } from "./paint.js";
import { picture } from "./picture.js";
import { rememberOpening } from "./paper.js";
import { drawPanel, redrawLegend, setUpPanel } from "./panel.js";
import { pointsIn, summary } from "./selection.js";
import { setUpSearch } from "./search.js";
import { anchorOf, drawChosen, drawFacilities, drawGround, drawReach, drawRoads, drawShapes, drawZones, refitReach, setUpShapes } from "./shapes.js";
import { map } from "./stage.js";
import { change, state, when } from "./state.js";
import { firstLayers, firstMembers } from "./themes.js";
import { setUpPrinting } from "./takeaway.js";
import { setUpTiles, toGcj02 } from "./tiles.js";
import { drawTools } from "./tools.js";
import { lang, nameOf, num, speak, t } from "./words.js";

/** A moved map is taken to rest after so long. */
const REST_MS = 150;

/** Write the scale bar and the words at the map's rim. @param {any} map */
function drawFurniture(map) {
  const size = map.getSize(), y = size.y / 2;
  const metres = map.distance(map.containerPointToLatLng([0, y]), map.containerPointToLatLng([100, y])) / 100;
  const room = metres * Math.max(110, size.x * 0.09), power = 10 ** Math.floor(Math.log10(room));
  const nice = [10, 5, 4, 2, 1].map((k) => k * power).find((v) => v <= room) || power;
  const text = nice >= 1000 ? nice / 1000 + " km" : nice + " m", width = (nice / metres).toFixed(1) + "px";
  // Writing the same again would lay out the page again.
  if (byId("scale-text").textContent !== text) byId("scale-text").textContent = text;
  if (byId("scale-bar").style.width !== width) byId("scale-bar").style.width = width;
  if (byId("north-letter").textContent !== t("north")) byId("north-letter").textContent = t("north");
}

/** Write the page's title and labels. */
function drawTitles() {
  const title = (lang() === "en" && data.title_en) || data.title;
  byId("title").textContent = title;
  document.title = title;
  byId("subtitle").textContent = [(lang() === "en" && data.subtitle_en) || data.subtitle, t("as_of", { date: data.as_of })].filter(Boolean).join(" · ");
  const search = byId("search");
  search.setAttribute("placeholder", t("search.placeholder"));
  search.setAttribute("aria-label", t("search.label"));
  byId("results").setAttribute("aria-label", t("search.label"));
  byId("skip").textContent = t("skip");
  byId("card-close").textContent = "×";
  byId("card-close").setAttribute("aria-label", t("card.close"));
  byId("sheet-handle").setAttribute("aria-label", t("sheet"));
  byId("map_atlas").setAttribute("aria-label", t("map.label"));
  byId("card").setAttribute("aria-label", t("card.label"));
  byId("swipe-handle").textContent = "⇔";
  byId("swipe-handle").setAttribute("aria-label", t("compare.handle"));
  byId("panel").setAttribute("aria-label", t("panel.label"));
}

/** @param {any} map @param {any} firms */
function setUpPointing(map, firms) {
  const tip = byId("tip");
  let turn = 0;
  const showTip = (event, ...lines) => {
    fill(tip, ...lines);
    tip.hidden = false;
    const size = map.getSize(), at = event.containerPoint;
    tip.style.left = Math.max(4, Math.min(at.x + 14, size.x - tip.offsetWidth - 6)) + "px";
    tip.style.top = (at.y + 18 + tip.offsetHeight > size.y ? at.y - tip.offsetHeight - 10 : at.y + 16) + "px";
  };
  const point = async (event) => {
    if (document.body.classList.contains("drawing")) return;
    const mine = ++turn;
    const hits = firms.hit(event.layerPoint), sum = firms.sumAt(event.layerPoint), under = picture.shapeAt(event.layerPoint);
    const asked = under && under.kind !== "districts";
    map.getContainer().style.cursor = hits.length || asked ? "pointer" : "";
    if (hits.length === 1) {
      const names = await pointNames();
      if (mine === turn) showTip(event, el("bdi", { text: names[hits[0]] }), el("small", { text: nameOf(segmentOf(hits[0]), "label") }));
    } else if (hits.length) showTip(event, t("card.bundle", { n: hits.length }));
    else if (sum) showTip(event, t("sum", { n: num(sum.n) }), el("small", { text: t("sum.most", { link: nameOf(data.segments[sum.best], "label") }) }));
    else if (under) {
      const thing = placeOf(under.id) || find("roads", under.id) || find("facilities", under.id);
      showTip(event, el("bdi", { text: nameOf(thing) }), el("small", { text: t("kind." + under.kind) }));
    } else tip.hidden = true;
  };
  map.on("mousemove", point);
  map.on("mouseout movestart", () => {
    turn++;
    tip.hidden = true;
  });
  map.on("click", (event) => {
    if (document.body.classList.contains("drawing")) return;
    // A double-click zooms; its second click asks nothing.
    if (event.originalEvent?.detail > 1) return;
    // Empty land, which is only a district, opens nothing.
    const shapes = picture.shapesAt(event.layerPoint).filter(({ kind }) => kind !== "districts");
    selectHere(firms.hit(event.layerPoint), shapes);
  });
  byId("card-close").addEventListener("click", () => change({ selected: null }));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.selected && !/** @type {Element} */ (event.target).closest(".searchbox, .menu")) change({ selected: null });
  });
}

/** @param {any} map @returns {any} the part of the view that the card leaves free: a corner and a size, pixels */
function freePart(map) {
  const size = map.getSize(), card = byId("card").getBoundingClientRect(), frame = map.getContainer().getBoundingClientRect();
  const beside = card.left - frame.left, above = card.top - frame.top;
  return card.width > frame.width * 0.8 ? { x: size.x, y: Math.max(60, Math.min(size.y, above)) } : { x: Math.max(60, Math.min(size.x, beside)), y: size.y };
}

/** Move the map so that what was chosen stands in the part that the card leaves free. @param {any} map @param {any} bounds */
function freeChosen(map, bounds) {
  const size = map.getSize(), free = freePart(map), at = map.latLngToContainerPoint(bounds.getCenter());
  const low = map.latLngToContainerPoint(bounds.getSouthWest()), high = map.latLngToContainerPoint(bounds.getNorthEast());
  const fits = low.x >= 8 && high.x <= free.x - 8 && high.y >= 8 && low.y <= free.y - 8;
  // What is larger than the free part, and is seen in it, stays where it is.
  const large = high.x - low.x > free.x - 16 || low.y - high.y > free.y - 16;
  if (fits || (large && at.x > 20 && at.y > 20 && at.x < free.x - 20 && at.y < free.y - 20)) return;
  if (free.x < size.x || free.y < size.y) map.panBy([Math.round(at.x - free.x / 2), Math.round(at.y - free.y / 2)], { animate: false });
}

/** Move the map to what was chosen elsewhere than on it. @param {any} map */
function flyToChosen(map) {
  const chosen = /** @type {any} */ (state.selected);
  if (!chosen) return;
  const calm = { animate: false };
  if (chosen.type === "point") {
    if (chosen.at && (chosen.fly || !map.getBounds().contains([chosen.at.lat, chosen.at.lon]))) map.setView([chosen.at.lat, chosen.at.lon], Math.max(map.getZoom(), 13), calm);
    if (chosen.at) freeChosen(map, L.latLngBounds([[chosen.at.lat, chosen.at.lon]]));
    return;
  }
  const thing = placeOf(chosen.id) || find("roads", chosen.id) || find("facilities", chosen.id);
  if (!thing?.geometry) return;
  const bounds = L.geoJSON(thing.geometry).getBounds();
  const free = freePart(map), size = map.getSize(), corner = [40 + size.x - free.x, 40 + size.y - free.y];
  if (chosen.fly) map.fitBounds(bounds, { ...calm, maxZoom: 14, paddingTopLeft: [40, 40], paddingBottomRight: corner });
  else if (!map.getBounds().intersects(bounds)) map.panTo(anchorOf(thing.geometry), calm);
  if (!chosen.fly) freeChosen(map, bounds);
}

/** Choose what is shown at first: one system (where there is none, the places without one), the firms, all roads and facilities. */
function firstLook() {
  state.shown = firstMembers();
  state.theme = data.kind === "city" ? "industry" : "";
  state.layers = new Set(["labels", "ground", ...firstLayers()]);
  state.reachTarget = data.reach.some((c) => c.target === "roads") || data.test_roads ? "roads" : data.reach[0]?.target || "";
}

/** Open the page. */
async function open() {
  const { words, options } = await loadModel();
  speak(words, options.lang);
  firstLook();
  if (options.basemap) {
    // Tiles have water and roads of their own.
    state.layers.add("tiles");
    state.layers.delete("ground");
  }
  data.basemap = options.basemap;
  const opening = readHash();
  drawTitles();
  setUpKey(redrawLegend);
  map.invalidateSize({ animate: false, pan: false });
  const [west, south, east, north] = data.bounds;
  const bounds = L.latLngBounds([[south, west], [north, east]]);
  map.fitBounds(bounds, { animate: false, padding: [24, 24] });
  // A page without plans opens on what is drawn, which may be one small park: its district stays within reach.
  map.setMinZoom(Math.max(0, Math.min(map.getZoom() - 2.5, data.plans.length || data.kind !== "city" ? Infinity : 9)));
  map.setMaxZoom(20);
  const content = contentBounds() || bounds;
  map.fitBounds(content, { animate: false, padding: [30, 30], maxZoom: 15 });
  rememberOpening(map, content);
  L.control.zoom({ position: "bottomleft", zoomInTitle: t("zoom.in"), zoomOutTitle: t("zoom.out") }).addTo(map);
  if (opening.view) map.setView([opening.view[1], opening.view[2]], opening.view[0], { animate: false });
  setUpShapes();
  setUpTiles(options.basemap);
  const firms = new FirmsLayer();
  setUpPanel(map);
  setUpSearch();
  drawTools(map, firms);
  drawUnderlay();
  drawKey();
  drawShapes();
  firms.addTo(map);
  setUpPointing(map, firms);
  setUpDrawing();
  setUpCompare();
  setUpInset();
  const label = () => { if (!state.onPaper) writeLabels(map, firms); };
  let zoomed = true, timer = 0;
  map.on("zoomstart viewreset", () => (zoomed = true));
  // While fingers zoom the map, names would stand in wrong places.
  map.on("zoom", (event) => { if (event.pinch) map.getContainer().classList.add("map-busy"); });
  map.on("zoomend", () => { refitReach(); if (refitUnderlay() && !state.onPaper) { drawKey(); redrawLegend(); } });
  map.on("curtain", label);
  map.on("resize", () => moveFurniture());
  setUpPrinting(map, firms);
  map.on("moveend", () => {
    if (state.onPaper) return;
    map.getContainer().classList.remove("map-busy");
    drawFurniture(map);
    clearTimeout(timer);
    // Names go along with a map that is only moved; those that come into view are written when it rests.
    if (zoomed) label();
    else timer = setTimeout(label, REST_MS);
    zoomed = false;
  });
  when(["segmentsOff", "standingsOff", "plan", "layers", "onlyHeadquarters"], () => firms.redraw());
  when(["layers", "reachTarget"], () => { drawRoads(); drawFacilities(); drawReach(); });
  when(["radius"], refitReach);
  when(["shown", "compare"], drawZones);
  when(["date", "layers"], () => { drawGround(); drawZones(); });
  when(["layers"], refitUnderlay);
  when(["scheme"], () => { drawUnderlay(); drawShapes(); firms.redraw(); });
  when(["selected"], () => { drawCard().then(() => { flyToChosen(map); drawChosen(); label(); }); });
  when(["shown", "layers", "date", "scheme", "compare"], label);
  when(["segmentsOff", "standingsOff", "plan", "onlyHeadquarters"], () => { if (firms.marks.length) label(); });
  when(["lang"], () => { drawTitles(); drawFurniture(map); label(); drawCard(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => change({ scheme: state.scheme }));
  new ResizeObserver(() => map.invalidateSize({ animate: false, pan: false })).observe(map.getContainer());
  let settled = false;
  const furniture = new ResizeObserver(() => {
    moveFurniture();
    // It tells once as it begins, when nothing has moved.
    if (settled) label();
    settled = true;
  });
  for (const node of document.querySelectorAll("[data-keep-clear]")) furniture.observe(node);
  drawPanel();
  drawFurniture(map);
  label();
  if (state.compare) change({ compare: state.compare });
  if (opening.selected) change({ selected: opening.selected });
  keepHash();
  // For tests, and for readers who like the console.
  window.atlas = { open: (type, id) => change({ selected: { type, id, fly: true } }), firm: selectPoint, names: pointNames, change, state, data, points, firms, pointsIn, summary, showDrawn, labels: () => written, drawn: (stratum) => picture.layersOf(stratum).length, shapeAt: (x, y) => picture.shapeAt(map.containerPointToLayerPoint([x, y])),
    shapesAt: (x, y) => picture.shapesAt(map.containerPointToLayerPoint([x, y])), distanceM, areaKm2, lengthM, toGcj02 };
  document.documentElement.dataset.ready = isDark() ? "dark" : "light";
}

open().catch((error) => {
  const box = byId("failure");
  box.hidden = false;
  box.textContent = "无法打开此图，请用较新的浏览器。 This map cannot be opened; please use a newer browser. (" + error.message + ")";
  throw error;
});
