/**
 * Draw the ground, zones, roads and facilities as vector shapes that can be asked.
 */

import { byId, fill } from "./dom.js";
import { data, placeOf, rolesOf, sharedGround } from "./model.js";
import { facilityClass, facilityPath, hatch, ink, isSketch, roadClass, roadStyle, strengthOf, systemInk } from "./paint.js";
import { map } from "./stage.js";
import { StillSvg } from "./still.js";
import { state } from "./state.js";

/** @type {Object<string, any>} */
const groups = {};
/** @type {function(string, string|null): void} */
let onHover = () => {};
/** @type {function(string, string): void} */
let onPick = () => {};

/** A mark with its own outline, of the same size at every zoom. */
const Mark = L.CircleMarker.extend({
  _updatePath() {
    const p = this._point;
    this._renderer._setPath(this, p ? facilityPath(this.options.kind, Math.round(p.x), Math.round(p.y)) : "M0 0");
  },
});

const PANES = [["tiles", 150], ["ground", 200], ["reach", 350], ["zones", 400], ["zones-right", 401], ["shared", 405], ["roads", 420], ["facilities", 430], ["firms", 450], ["chosen", 460], ["drawing", 470], ["labels", 480]];

/**
 * @param {function(string, string|null): void} hover called with a kind and id, or null where the pointer leaves
 * @param {function(string, string): void} pick
 */
export function setUpShapes(hover, pick) {
  onHover = hover;
  onPick = pick;
  for (const [name, z] of PANES) {
    const pane = map.createPane(name);
    pane.style.zIndex = String(z);
    if (["reach", "shared", "firms", "chosen", "labels", "tiles"].includes(name)) pane.style.pointerEvents = "none";
  }
  for (const name of ["ground", "reach", "zones", "zones-right", "shared", "roads", "facilities", "chosen"]) {
    groups[name] = { layer: L.layerGroup().addTo(map), renderer: new StillSvg({ pane: name, padding: 0.25 }) };
  }
}

/** @param {any} shape @param {string} kind @param {string} id */
function ask(shape, kind, id) {
  shape.on("mouseover", () => onHover(kind, id));
  shape.on("mouseout", () => onHover(kind, null));
  shape.on("click", () => onPick(kind, id));
}

/** @param {string} name @param {any} geometry @param {any} style @returns {any} */
function add(name, geometry, style) {
  const shape = L.geoJSON({ type: "Feature", properties: {}, geometry }, {
    style: () => ({ ...style, renderer: groups[name].renderer, pane: name }),
    pointToLayer: (feature, latlng) => L.circleMarker(latlng, { ...style, radius: 9, renderer: groups[name].renderer, pane: name }),
  });
  groups[name].layer.addLayer(shape);
  return shape;
}

/** @param {any} thing @returns {boolean} whether it holds on the chosen date */
export function holdsNow(thing) {
  return !state.date || holdsOn(thing, state.date);
}

/** @param {any} thing @param {string} day @returns {boolean} whether it holds on that day */
export function holdsOn(thing, day) {
  return (thing.valid_from || "") <= day && day < (thing.valid_to || "9999");
}

/** Draw the district outlines. */
export function drawGround() {
  groups.ground.layer.clearLayers();
  const today = data.districts.filter((d) => d.geometry && (d.level !== "historic" ? !state.date || holdsNow(d) : state.date && holdsNow(d)));
  const order = { context: 0, subject: 1 };
  today.sort((a, b) => order[a.role] - order[b.role] || Number(a.level === "town") - Number(b.level === "town"));
  for (const district of today) {
    const subject = district.role === "subject", town = district.level === "town";
    const shape = add("ground", district.geometry, {
      color: ink(subject && !town ? "subject-line" : "context-line"), weight: subject ? (town ? 1 : 2) : 1, dashArray: town ? "6 4" : null,
      fillColor: ink(subject ? "subject-fill" : "context-fill"), fillOpacity: town ? 0 : state.layers.has("tiles") ? 0.15 : 1, lineJoin: "round",
    });
    ask(shape, "districts", district.id);
  }
}

/** @returns {any[]} drawn places that no zone system gives a role */
export function loosePlaces() {
  return data.places.filter((place) => place.geometry && !rolesOf(place.id).length && holdsNow(place));
}

/** @param {any} member @returns {string} */
function hatchId(member) {
  return "hatch-" + member.system.position + "-" + Math.round(strengthOf(member) * 100);
}

/** Draw the zones of the systems that are shown, larger ones below. */
export function drawZones() {
  const sides = state.compare ? { [state.compare.left]: "zones", [state.compare.right]: "zones-right" } : null;
  for (const name of ["zones", "zones-right", "shared"]) groups[name].layer.clearLayers();
  const drawn = [];
  const patterns = new Map();
  const shared = sharedGround()?.geometry;
  if (shared) patterns.set("hatch-shared", hatch("hatch-shared", ink("text"), 0.4));
  for (const system of data.systems) {
    if (sides && !(system.key in sides)) continue;
    for (const member of system.members) {
      const place = placeOf(member.place_id);
      if (!place?.geometry || !(sides || state.shown.has(member.key))) continue;
      drawn.push({ member, place, size: L.geoJSON(place.geometry).getBounds() });
      if (isSketch(place.basis)) patterns.set(hatchId(member), hatch(hatchId(member), systemInk(system.position), strengthOf(member)));
    }
  }
  if (state.layers.has("zones") && !sides) {
    for (const place of loosePlaces()) drawn.push({ member: { system: { position: 5, members: [] }, role: "" }, place, size: L.geoJSON(place.geometry).getBounds() });
    patterns.set("hatch-5-50", hatch("hatch-5-50", systemInk(5), 0.5));
  }
  if (state.layers.has("parcels") && !sides) {
    for (const parcel of data.parcels) {
      const place = placeOf(parcel.place_id);
      if (place?.geometry) drawn.push({ member: { system: { position: parcel.kind === "reserved_land" ? 2 : 1, members: [] }, role: "" }, place, size: L.geoJSON(place.geometry).getBounds() });
    }
    for (const i of [1, 2]) patterns.set("hatch-" + i + "-50", hatch("hatch-" + i + "-50", systemInk(i), 0.5));
  }
  const spread = ({ size }) => (size.getNorth() - size.getSouth()) * (size.getEast() - size.getWest());
  drawn.sort((a, b) => spread(b) - spread(a));
  fill(byId("patterns"), ...patterns.values());
  for (const { member, place } of drawn) {
    const color = systemInk(member.system.position), strength = strengthOf(member), sketch = isSketch(place.basis);
    const shape = add(sides ? sides[member.system.key] : "zones", place.geometry, {
      color, weight: sketch ? 1.6 : 2.2, dashArray: sketch ? "5 4" : null, lineJoin: "round",
      fillColor: sketch ? "url(#" + hatchId(member) + ")" : color, fillOpacity: sketch ? 1 : 0.1 + 0.28 * strength,
    });
    ask(shape, "places", place.id);
  }
  if (shared) add("shared", shared, { color: ink("text"), weight: 2, fillColor: "url(#hatch-shared)", fillOpacity: 1, lineJoin: "round", interactive: false });
}

/** Draw roads, in a casing so that they read on any ground. */
export function drawRoads() {
  groups.roads.layer.clearLayers();
  for (const road of data.roads) {
    if (!road.geometry || !state.layers.has("roads." + roadClass(road))) continue;
    const { color, weight, dash } = roadStyle(road);
    if (!dash) add("roads", road.geometry, { color: ink("paper"), weight: weight + 3, opacity: 0.9, interactive: false, lineCap: "round" });
    const planned = road.status === "planned";
    const shape = add("roads", road.geometry, { color: ink(color), weight, dashArray: dash || (planned ? "7 5" : null), lineCap: dash ? "butt" : "round" });
    ask(shape, "roads", road.id);
  }
}

/** Draw facilities. */
export function drawFacilities() {
  groups.facilities.layer.clearLayers();
  for (const facility of data.facilities) {
    if (!facility.geometry || !state.layers.has("facilities." + facilityClass(facility.type))) continue;
    if (facility.geometry.type !== "Point") {
      ask(add("facilities", facility.geometry, { color: ink("facility"), weight: 1.5, fillOpacity: 0.2 }), "facilities", facility.id);
      continue;
    }
    const [lon, lat] = facility.geometry.coordinates, hollow = isSketch(facility.basis);
    const mark = new Mark([lat, lon], {
      kind: facility.type, renderer: groups.facilities.renderer, pane: "facilities", color: ink(hollow ? "facility" : "paper"), weight: hollow ? 2 : 1.2,
      fillColor: ink(hollow ? "paper" : "facility"), fillOpacity: 1, radius: 9,
    });
    groups.facilities.layer.addLayer(mark);
    ask(mark, "facilities", facility.id);
  }
}

/** Draw what lies within reach: a band as wide as the radius, drawn as one path so that overlaps do not darken. */
export function drawReach() {
  groups.reach.layer.clearLayers();
  if (!state.layers.has("reach") || !state.reachTarget) return;
  const lines = state.reachTarget === "roads" ? testRoadLines() : data.facilities
    .filter((f) => f.geometry?.type === "Point" && f.type === state.reachTarget)
    .map((f) => [f.geometry.coordinates, f.geometry.coordinates]);
  if (!lines.length) return;
  const latlngs = lines.map((line) => line.map(([lon, lat]) => [lat, lon]));
  groups.reach.band = L.polyline(latlngs, { pane: "reach", renderer: groups.reach.renderer, color: ink("reach"), opacity: 0.28, weight: bandWeight(), lineCap: "round", lineJoin: "round", interactive: false, noClip: true, smoothFactor: 0 });
  groups.reach.layer.addLayer(groups.reach.band);
}

/** Make the band as wide as its radius is at the present zoom. */
export function refitReach() {
  if (state.layers.has("reach") && groups.reach.band) groups.reach.band.setStyle({ weight: bandWeight() });
}

/** @returns {number} */
function bandWeight() {
  const latitude = (data.bounds[1] + data.bounds[3]) / 2;
  const metresPerPixel = (40075016.686 * Math.cos((latitude * Math.PI) / 180)) / (256 * 2 ** map.getZoom());
  return (2 * state.radius) / metresPerPixel;
}

/** @returns {number[][][]} the test roads' lines, each stretch once */
export function testRoadLines() {
  const geometry = data.test_roads;
  if (!geometry) return [];
  return geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates;
}

/** Mark what is selected. */
export function drawChosen() {
  groups.chosen.layer.clearLayers();
  const chosen = state.selected;
  if (!chosen) return;
  if (chosen.type === "point") {
    const at = /** @type {any} */ (chosen).at;
    if (!at) return;
    const common = { pane: "chosen", renderer: groups.chosen.renderer, interactive: false, color: ink("chosen"), fill: false };
    groups.chosen.layer.addLayer(L.circleMarker([at.lat, at.lon], { ...common, radius: 13, weight: 3 }));
    if (at.accuracy_m) groups.chosen.layer.addLayer(L.circle([at.lat, at.lon], { ...common, radius: at.accuracy_m, weight: 1.5, dashArray: "5 5" }));
    return;
  }
  const thing = { places: placeOf, roads: (id) => data.roads.find((r) => r.id === id), facilities: (id) => data.facilities.find((f) => f.id === id), districts: placeOf }[chosen.type]?.(String(chosen.id));
  if (thing?.geometry) add("chosen", thing.geometry, { color: ink("chosen"), weight: 4, fill: false, interactive: false, radius: 13 });
}

/** @param {string} pane @returns {any} */
export function paneOf(pane) {
  return map.getPane(pane);
}

/** Draw every vector layer. */
export function drawShapes() {
  drawGround();
  drawReach();
  drawZones();
  drawRoads();
  drawFacilities();
  drawChosen();
}
