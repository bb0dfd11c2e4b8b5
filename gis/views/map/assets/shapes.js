/**
 * Draw the ground, zones, roads and facilities as vector shapes that can be asked.
 */

import { data, placeOf, rolesOf, sharedGround } from "./model.js";
import { facilityClass, facilityPath, hatching, ink, isSketch, roadClass, roadStyle, strengthOf, systemInk } from "./paint.js";
import { picture } from "./picture.js";
import { map } from "./stage.js";
import { state } from "./state.js";

/** @type {Object<string, any>} what is drawn of each stratum; "chosen" lies above the picture, since it changes alone */
const groups = {};

/** The band of reach; null while none is drawn. @type {any} */
let band = null;

/** A mark with its own outline, of the same size at every zoom. */
const Mark = L.CircleMarker.extend({
  _updatePath() {
    const context = this._renderer._ctx, { fillColor, color, weight } = this.options;
    if (!this._renderer._drawing || this._empty()) return;
    const path = new Path2D(this.pathData());
    context.globalAlpha = 1;
    context.fillStyle = fillColor;
    context.fill(path);
    context.setLineDash([]);
    context.lineWidth = weight;
    context.strokeStyle = color;
    context.stroke(path);
  },

  /** @returns {string} as SVG writes it, in layer pixels */
  pathData() {
    return facilityPath(this.options.kind, Math.round(this._point.x), Math.round(this._point.y));
  },
});

const PANES = [["tiles", 150], ["picture", 200], ["chosen", 460], ["drawing", 470], ["labels", 480]];

/** Make room on the map; the map itself is pointed at, and asks what is there. */
export function setUpShapes() {
  for (const [name, z] of PANES) {
    const pane = map.createPane(name);
    pane.style.zIndex = String(z);
    pane.style.pointerEvents = "none";
  }
  for (const name of ["ground", "reach", "zones", "zones-right", "shared", "roads", "facilities", "chosen"]) groups[name] = L.layerGroup().addTo(map);
}

/** @param {string} name @returns {any} how Leaflet is told where to draw */
function placed(name) {
  return { interactive: false, ...(name === "chosen" ? { pane: "chosen" } : { pane: "picture", renderer: picture, stratum: name }) };
}

/** @param {string} name @param {any} geometry @param {any} style */
function add(name, geometry, style) {
  const options = { ...style, ...placed(name) }, { type, coordinates } = geometry, deep = type.startsWith("Multi") ? 1 : 0;
  const latLngs = (depth) => L.GeoJSON.coordsToLatLngs(coordinates, depth);
  groups[name].addLayer(type === "Point" ? L.circleMarker([coordinates[1], coordinates[0]], { radius: 9, ...options })
    : type.endsWith("LineString") ? L.polyline(latLngs(deep), options) : L.polygon(latLngs(deep + 1), options));
}

/** @type {Map<any, number>} */
const spreads = new Map();

/** @param {any} geometry @returns {number} the size of its box, to put larger shapes below */
function spreadOf(geometry) {
  let found = spreads.get(geometry);
  if (found === undefined) {
    const flat = geometry.coordinates.flat(Infinity), [xs, ys] = [flat.filter((_, i) => i % 2 === 0), flat.filter((_, i) => i % 2)];
    const across = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity) - values.reduce((a, b) => Math.min(a, b), Infinity);
    found = across(xs) * across(ys);
    spreads.set(geometry, found);
  }
  return found;
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
  groups.ground.clearLayers();
  const today = data.districts.filter((d) => d.geometry && (d.level !== "historic" ? !state.date || holdsNow(d) : state.date && holdsNow(d)));
  const order = { context: 0, subject: 1 };
  today.sort((a, b) => order[a.role] - order[b.role] || Number(a.level === "town") - Number(b.level === "town"));
  for (const district of today) {
    const subject = district.role === "subject", town = district.level === "town";
    add("ground", district.geometry, {
      about: { kind: "districts", id: district.id },
      color: ink(subject && !town ? "subject-line" : "context-line"), weight: subject ? (town ? 1 : 2) : 1, dashArray: town ? "6 4" : null,
      fillColor: ink(subject ? "subject-fill" : "context-fill"), fillOpacity: town ? 0 : state.layers.has("tiles") ? 0.15 : 1, lineJoin: "round",
    });
  }
}

/** @returns {any[]} drawn places that no zone system gives a role */
export function loosePlaces() {
  return data.places.filter((place) => place.geometry && !rolesOf(place.id).length && holdsNow(place));
}

/** Draw the zones of the systems that are shown, larger ones below. */
export function drawZones() {
  const sides = state.compare ? { [state.compare.left]: "zones", [state.compare.right]: "zones-right" } : null;
  for (const name of ["zones", "zones-right", "shared"]) groups[name].clearLayers();
  const drawn = [];
  const shared = sharedGround()?.geometry;
  for (const system of data.systems) {
    if (sides && !(system.key in sides)) continue;
    for (const member of system.members) {
      const place = placeOf(member.place_id);
      if (place?.geometry && (sides || state.shown.has(member.key))) drawn.push({ place, color: systemInk(system.position), strength: strengthOf(member), stratum: sides ? sides[system.key] : "zones" });
    }
  }
  const put = (place, position) => drawn.push({ place, color: systemInk(position), strength: 0.5, stratum: "zones" });
  if (state.layers.has("zones") && !sides) for (const place of loosePlaces()) put(place, 5);
  if (state.layers.has("parcels") && !sides) {
    for (const parcel of data.parcels) if (placeOf(parcel.place_id)?.geometry) put(placeOf(parcel.place_id), parcel.kind === "reserved_land" ? 2 : 1);
  }
  drawn.sort((a, b) => spreadOf(b.place.geometry) - spreadOf(a.place.geometry));
  for (const { place, color, strength, stratum } of drawn) {
    const sketch = isSketch(place.basis);
    add(stratum, place.geometry, {
      about: { kind: "places", id: place.id }, color, weight: sketch ? 1.6 : 2.2, dashArray: sketch ? "5 4" : null, lineJoin: "round",
      ...(sketch ? hatched(color, strength) : { fillColor: color, fillOpacity: 0.1 + 0.28 * strength }),
    });
  }
  if (shared) add("shared", shared, { color: ink("text"), weight: 2, lineJoin: "round", ...hatched(ink("text"), 0.4) });
}

/** @param {string} color @param {number} strength @returns {any} a style; `hatch` tells those who draw in another way */
function hatched(color, strength) {
  return { fillColor: hatching(color, strength), fillOpacity: 1, hatch: { color, strength } };
}

/** Draw roads, in a casing so that they read on any ground. */
export function drawRoads() {
  groups.roads.clearLayers();
  for (const road of data.roads) {
    if (!road.geometry || !state.layers.has("roads." + roadClass(road))) continue;
    const { color, weight, dash } = roadStyle(road);
    if (!dash) add("roads", road.geometry, { color: ink("paper"), weight: weight + 3, opacity: 0.9, lineCap: "round" });
    const planned = road.status === "planned";
    add("roads", road.geometry, { about: { kind: "roads", id: road.id }, color: ink(color), weight, dashArray: dash || (planned ? "7 5" : null), lineCap: dash ? "butt" : "round" });
  }
}

/** Draw facilities. */
export function drawFacilities() {
  groups.facilities.clearLayers();
  for (const facility of data.facilities) {
    if (!facility.geometry || !state.layers.has("facilities." + facilityClass(facility.type))) continue;
    const about = { kind: "facilities", id: facility.id };
    if (facility.geometry.type !== "Point") {
      add("facilities", facility.geometry, { about, color: ink("facility"), weight: 1.5, fillOpacity: 0.2 });
      continue;
    }
    const [lon, lat] = facility.geometry.coordinates, hollow = isSketch(facility.basis);
    groups.facilities.addLayer(new Mark([lat, lon], {
      ...placed("facilities"), about, kind: facility.type, color: ink(hollow ? "facility" : "paper"), weight: hollow ? 2 : 1.2,
      fill: true, fillColor: ink(hollow ? "paper" : "facility"), fillOpacity: 1, radius: 9,
    }));
  }
}

/** Draw what lies within reach: a band as wide as the radius, drawn as one path so that overlaps do not darken. */
export function drawReach() {
  groups.reach.clearLayers();
  band = null;
  if (!state.layers.has("reach") || !state.reachTarget) return;
  const lines = state.reachTarget === "roads" ? testRoadLines() : data.facilities
    .filter((f) => f.geometry?.type === "Point" && f.type === state.reachTarget)
    .map((f) => [f.geometry.coordinates, f.geometry.coordinates]);
  if (!lines.length) return;
  const latlngs = lines.map((line) => line.map(([lon, lat]) => [lat, lon]));
  band = L.polyline(latlngs, { ...placed("reach"), color: ink("reach"), opacity: 0.28, weight: bandWeight(), lineCap: "round", lineJoin: "round", noClip: true, smoothFactor: 0 });
  groups.reach.addLayer(band);
}

/** Make the band as wide as its radius is at the present zoom. */
export function refitReach() {
  band?.setStyle({ weight: bandWeight() });
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
  groups.chosen.clearLayers();
  const chosen = state.selected;
  if (!chosen) return;
  if (chosen.type === "point") {
    const at = /** @type {any} */ (chosen).at;
    if (!at) return;
    const common = { ...placed("chosen"), color: ink("chosen"), fill: false };
    groups.chosen.addLayer(L.circleMarker([at.lat, at.lon], { ...common, radius: 13, weight: 3 }));
    if (at.accuracy_m) groups.chosen.addLayer(L.circle([at.lat, at.lon], { ...common, radius: at.accuracy_m, weight: 1.5, dashArray: "5 5" }));
    return;
  }
  const thing = { places: placeOf, roads: (id) => data.roads.find((r) => r.id === id), facilities: (id) => data.facilities.find((f) => f.id === id), districts: placeOf }[chosen.type]?.(String(chosen.id));
  if (thing?.geometry) add("chosen", thing.geometry, { color: ink("chosen"), weight: 4, fill: false, radius: 13 });
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
