/**
 * Draw the ground, zones, roads and facilities as vector shapes that can be asked.
 */

import { svgEl } from "./dom.js";
import { data, placeOf, rolesOf, sharedGround } from "./model.js";
import { FACILITY_SHAPES, facilityClass, facilityPath, ink, isSketch, memberInk, roadClass, roadStyle, strengthOf, systemInk } from "./paint.js";
import { picture } from "./picture.js";
import { linesOnce } from "./seams.js";
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

/** @type {Map<any, {lat: number, lng: number, span: number}>} */
const anchors = new Map();

/**
 * A point well inside a shape: the middle of the widest stretch on a few levels of its largest ring.
 * @param {any} geometry
 * @returns {{lat: number, lng: number, span: number}} span: the stretch's width in degrees
 */
export function anchorOf(geometry) {
  const known = anchors.get(geometry);
  if (known) return known;
  let best = { lat: 0, lng: 0, span: -1 };
  if (geometry.type === "Point") best = { lat: geometry.coordinates[1], lng: geometry.coordinates[0], span: 0 };
  else if (geometry.type.endsWith("LineString")) {
    const line = geometry.type === "LineString" ? geometry.coordinates : geometry.coordinates.reduce((a, b) => (b.length > a.length ? b : a));
    const [lng, lat] = line[Math.floor(line.length / 2)];
    best = { lat, lng, span: Math.max(...line.map((p) => p[0])) - Math.min(...line.map((p) => p[0])) };
  } else {
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const height = (rings) => Math.max(...rings[0].map((p) => p[1])) - Math.min(...rings[0].map((p) => p[1]));
    const rings = polygons.reduce((a, b) => (height(b) > height(a) ? b : a));
    const low = Math.min(...rings[0].map((p) => p[1])), tall = height(rings);
    for (const level of [0.5, 0.42, 0.58, 0.34, 0.66]) {
      const y = low + tall * level, cuts = [];
      for (const ring of rings) {
        for (let i = 1; i < ring.length; i++) {
          const [ax, ay] = ring[i - 1], [bx, by] = ring[i];
          if (ay > y !== by > y) cuts.push(ax + ((y - ay) / (by - ay)) * (bx - ax));
        }
      }
      cuts.sort((a, b) => a - b);
      for (let i = 0; i + 1 < cuts.length; i += 2) {
        const span = cuts[i + 1] - cuts[i];
        if (span > best.span * 1.15) best = { lat: y, lng: (cuts[i] + cuts[i + 1]) / 2, span };
      }
    }
  }
  anchors.set(geometry, best);
  return best;
}

/** Steps in which a sketch's tint fades. */
const FADES = 8;
/** From line to line of the hatching, along the axes, pixels. */
const HATCH = 10;

/** @returns {number} */
export function metresPerPixel() {
  const latitude = (data.bounds[1] + data.bounds[3]) / 2;
  return (40075016.686 * Math.cos((latitude * Math.PI) / 180)) / (256 * 2 ** map.getZoom());
}

/** @param {number|null|undefined} accuracyM @returns {number} pixels over which a sketch fades: its accuracy, as far as it can be shown */
function fadeOf(accuracyM) {
  return Math.max(2.5, Math.min(14, (accuracyM || 0) / metresPerPixel()));
}

/**
 * Lines across a shape from lower left to upper right, as a path: every program draws them alike, which patterns are not.
 * @param {Array<Array<{x: number, y: number}>>} rings
 * @returns {string}
 */
function hatchPath(rings) {
  /** @type {Map<number, number[]>} for each line x + y = c the places where it meets a ring, by x - y */
  const cuts = new Map();
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const a = ring[j], b = ring[i], ua = a.x + a.y, ub = b.x + b.y;
      const from = Math.ceil(Math.min(ua, ub) / HATCH), to = Math.ceil(Math.max(ua, ub) / HATCH);
      for (let k = from; k < to; k++) {
        const part = (k * HATCH - ua) / (ub - ua), v = a.x - a.y + part * (b.x - b.y - a.x + a.y);
        if (cuts.has(k)) cuts.get(k).push(v);
        else cuts.set(k, [v]);
      }
    }
  }
  let path = "";
  const at = (u, v) => ((u + v) / 2).toFixed(1) + " " + ((u - v) / 2).toFixed(1);
  for (const [k, row] of cuts) {
    row.sort((p, q) => p - q);
    for (let i = 0; i + 1 < row.length; i += 2) path += "M" + at(k * HATCH, row[i]) + "L" + at(k * HATCH, row[i + 1]);
  }
  return path;
}

/** @param {{color: string, strength: number, fade: number}} look @returns {{tint: number, lines: number}} how dark tint and hatching are */
function sketchLook({ strength }) {
  return { tint: 0.12 + 0.2 * strength, lines: 0.3 + 0.4 * strength };
}

/**
 * A sketch as SVG: no outline, a tint that fades, hatching.
 * @param {Array<Array<{x: number, y: number}>>} rings
 * @param {{color: string, strength: number, fade: number}} look
 * @returns {SVGElement[]}
 */
export function sketchShapes(rings, look) {
  const d = L.SVG.pointsToPath(rings, true), { tint, lines } = sketchLook(look), { color, fade } = look, found = [];
  for (let k = FADES; k > 0; k--) {
    const width = ((2 * fade * k) / FADES).toFixed(1);
    const style = { fill: color, stroke: color, "stroke-width": width, "stroke-linejoin": "round", "fill-rule": "evenodd" };
    // A group of its own, since some programs would let fill and stroke of one path darken each other.
    found.push(svgEl("g", { opacity: (tint / FADES).toFixed(3) }, svgEl("path", { d, ...style })));
  }
  return [...found, svgEl("path", { d: hatchPath(rings), fill: "none", stroke: color, "stroke-width": 1.2, "stroke-opacity": lines.toFixed(2) })];
}

/** A sketched outline, which has no line: options `color`, `strength` and `accuracyM`. */
const Sketch = L.Polygon.extend({
  _updatePath() {
    if (!this._renderer._drawing || !this._parts.length) return;
    const context = this._renderer._ctx, { color } = this.options, look = this.look(), { tint, lines } = sketchLook(look);
    const path = new Path2D(L.SVG.pointsToPath(this._parts, true)), around = new Path2D(), { min, max } = this._renderer._bounds;
    around.rect(min.x - 99, min.y - 99, max.x - min.x + 198, max.y - min.y + 198);
    around.addPath(path);
    context.save();
    context.globalAlpha = tint;
    context.fillStyle = context.strokeStyle = color;
    context.fill(path, "evenodd");
    context.clip(around, "evenodd");
    context.setLineDash([]);
    context.lineJoin = "round";
    context.globalAlpha = tint / FADES;
    for (let k = FADES; k > 0; k--) {
      context.lineWidth = (2 * look.fade * k) / FADES;
      context.stroke(path);
    }
    context.restore();
    context.save();
    context.setLineDash([]);
    context.globalAlpha = lines;
    context.strokeStyle = color;
    context.lineWidth = 1.2;
    context.stroke(new Path2D(hatchPath(this._parts)));
    context.restore();
  },

  /** @returns {{color: string, strength: number, fade: number}} */
  look() {
    return { color: this.options.color, strength: this.options.strength, fade: fadeOf(this.options.accuracyM) };
  },

  /** @returns {SVGElement[]} */
  shapes() {
    return sketchShapes(this._parts, this.look());
  },
});

/** A sketched line: a band that fades, as wide as its accuracy. */
const SoftLine = L.Polyline.extend({
  /** @returns {number[]} widths of the bands, the widest first */
  bands() {
    const most = Math.max(8, 2 * fadeOf(this.options.accuracyM));
    return [most, most * 0.66, most * 0.33];
  },

  _updatePath() {
    if (!this._renderer._drawing || !this._parts.length) return;
    const context = this._renderer._ctx, path = new Path2D(L.SVG.pointsToPath(this._parts, false));
    context.save();
    context.setLineDash([]);
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = this.options.color;
    context.globalAlpha = 0.22;
    for (const width of this.bands()) {
      context.lineWidth = width;
      context.stroke(path);
    }
    context.restore();
  },

  /** @returns {SVGElement[]} */
  shapes() {
    const d = L.SVG.pointsToPath(this._parts, false), { color } = this.options;
    return this.bands().map((width) => svgEl("path", { d, fill: "none", stroke: color, "stroke-width": width.toFixed(1), "stroke-opacity": 0.22, "stroke-linecap": "round", "stroke-linejoin": "round" }));
  },
});

/** A sketched spot: a disc that fades. */
const SoftDisc = L.CircleMarker.extend({
  _updatePath() {
    if (!this._renderer._drawing || this._empty()) return;
    const context = this._renderer._ctx;
    context.save();
    context.fillStyle = this.options.color;
    context.globalAlpha = 0.22;
    for (const part of [1, 0.72, 0.44]) {
      context.beginPath();
      context.arc(this._point.x, this._point.y, this._radius * part, 0, 2 * Math.PI);
      context.fill();
    }
    context.restore();
  },

  /** @returns {SVGElement[]} */
  shapes() {
    const spot = { cx: this._point.x, cy: this._point.y, fill: this.options.color, "fill-opacity": 0.22 };
    return [1, 0.72, 0.44].map((part) => svgEl("circle", { ...spot, r: (this._radius * part).toFixed(1) }));
  },
});

/** @param {number} x @param {number} y @param {number} angle radians, clockwise from east @returns {string} an arrow through a point */
export function arrowPath(x, y, angle) {
  const c = Math.cos(angle), s = Math.sin(angle);
  const corner = ([p, q]) => (x + p * c - q * s).toFixed(1) + " " + (y + p * s + q * c).toFixed(1);
  return "M" + [[-17, -2.5], [3, -2.5], [3, -8], [17, 0], [3, 8], [3, 2.5], [-17, 2.5]].map(corner).join("L") + "Z";
}

/** An arrow at the rim, which says where to, and not along which way. */
const Arrow = Mark.extend({
  pathData() {
    return arrowPath(this._point.x, this._point.y, this.options.angle);
  },
});

/** @param {any} facility @returns {string} the path of its mark, around 0,0 */
export function facilityShapeOf(facility) {
  return FACILITY_SHAPES[facilityClass(facility.type)];
}

/** @param {number[][]} line longitude, latitude @returns {number} metres, near enough */
function roughLengthM(line) {
  const squeeze = Math.cos((line[0][1] * Math.PI) / 180);
  return line.slice(1).reduce((sum, [x, y], i) => sum + 111320 * Math.hypot((x - line[i][0]) * squeeze, y - line[i][1]), 0);
}

/** @param {any} road @returns {boolean} whether of a corridor or axis only the direction is known: it is wider than a third of its length */
export function isCourseless(road) {
  return (road.type === "corridor" || road.type === "axis") && isSketch(road.basis) && road.geometry?.type === "LineString" &&
    (road.accuracy_m || 0) > roughLengthM(road.geometry.coordinates) / 3;
}

/** @type {Map<any, {lon: number, lat: number, angle: number}>} */
const arrows = new Map();

/** @param {any} road @returns {{lon: number, lat: number, angle: number}|null} where it leaves the subject, and which way it goes; null for one with a course */
export function arrowOf(road) {
  if (!isCourseless(road)) return null;
  const known = arrows.get(road);
  if (known) return known;
  const line = road.geometry.coordinates, [ax, ay] = line[0], [bx, by] = line[line.length - 1];
  const rings = data.districts.filter((d) => d.geometry && d.role === "subject" && d.level !== "town" && d.level !== "historic")
    .flatMap((d) => (d.geometry.type === "Polygon" ? [d.geometry.coordinates] : d.geometry.coordinates)).map((polygon) => polygon[0]);
  let last = null;
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i++) {
      const [cx, cy] = ring[i - 1], [dx, dy] = ring[i], d = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
      if (!d) continue;
      const s = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / d, u = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / d;
      if (s > 0 && u >= 0 && u <= 1 && (last === null || s > last)) last = s;
    }
  }
  const s = last === null ? 1 : last, squeeze = Math.cos((ay * Math.PI) / 180);
  const found = { lon: ax + s * (bx - ax), lat: ay + s * (by - ay), angle: Math.atan2(-(by - ay), (bx - ax) * squeeze) };
  arrows.set(road, found);
  return found;
}

const PANES = [["tiles", 150], ["picture", 200], ["chosen", 460], ["drawing", 470], ["labels", 480]];

/** Make room on the map; the map itself is pointed at, and asks what is there. */
export function setUpShapes() {
  for (const [name, z] of PANES) {
    const pane = map.createPane(name);
    pane.style.zIndex = String(z);
    pane.style.pointerEvents = "none";
  }
  for (const name of ["ground", "ground-lines", "reach", "zones", "zones-lines", "zones-right", "zones-right-lines", "shared", "roads", "facilities", "chosen"]) groups[name] = L.layerGroup().addTo(map);
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
  fillGround();
  drawOutlines();
}

/** */
function fillGround() {
  groups.ground.clearLayers();
  outlines.ground = [];
  const today = data.districts.filter((d) => d.geometry && (d.level !== "historic" ? !state.date || holdsNow(d) : state.date && holdsNow(d)));
  const order = { context: 0, subject: 1 };
  today.sort((a, b) => order[a.role] - order[b.role] || Number(a.level === "town") - Number(b.level === "town"));
  for (const district of today) {
    const subject = district.role === "subject", town = district.level === "town";
    add("ground", district.geometry, {
      about: { kind: "districts", id: district.id },
      stroke: false, fillColor: ink(subject ? "subject-fill" : "context-fill"), fillOpacity: town ? 0 : state.layers.has("tiles") ? 0.15 : 1,
    });
    const style = { color: ink(subject && !town ? "subject-line" : "context-line"), weight: subject ? (town ? 1 : 2) : 1, dashArray: town ? "6 4" : null };
    outlines.ground.push({ geometry: district.geometry, style, rank: subject ? (town ? 3 : 1) : 2 });
  }
}

/** @type {Object<string, Array<{geometry: any, style: any, rank: number}>>} outlines that are to be drawn, each shared edge once */
const outlines = { ground: [], zones: [], "zones-right": [] };

/** Draw the true outlines as lines of their own: an edge of two is that of the higher rank. */
function drawOutlines() {
  // The curtain parts the zones, so that each side needs its own.
  const sets = state.compare ? [["ground"], ["zones"], ["zones-right"]] : [["ground", "zones"]];
  for (const name of Object.keys(outlines)) groups[name + "-lines"].clearLayers();
  for (const set of sets) {
    const all = set.flatMap((name) => outlines[name].map((outline) => ({ ...outline, name }))).sort((a, b) => a.rank - b.rank);
    linesOnce(all.map((outline) => outline.geometry)).forEach((lines, i) => {
      if (lines.length) add(all[i].name + "-lines", { type: "MultiLineString", coordinates: lines }, { ...all[i].style, lineJoin: "round", fill: false });
    });
  }
}

/** @returns {any[]} drawn places that no zone system gives a role */
export function loosePlaces() {
  return data.places.filter((place) => place.geometry && !rolesOf(place.id).length && holdsNow(place));
}

/** Draw the zones of the systems that are shown, larger ones below. */
export function drawZones() {
  fillZones();
  drawOutlines();
}

/** */
function fillZones() {
  outlines.zones = [];
  outlines["zones-right"] = [];
  const sides = state.compare ? { [state.compare.left]: "zones", [state.compare.right]: "zones-right" } : null;
  for (const name of ["zones", "zones-right", "shared"]) groups[name].clearLayers();
  const drawn = [];
  const shared = sharedGround()?.geometry;
  for (const system of data.systems) {
    if (sides && !(system.key in sides)) continue;
    for (const member of system.members) {
      const place = placeOf(member.place_id);
      if (place?.geometry && (sides || state.shown.has(member.key))) drawn.push({ place, color: memberInk(member), strength: strengthOf(member), stratum: sides ? sides[system.key] : "zones" });
    }
  }
  const put = (place, position) => drawn.push({ place, color: systemInk(position), strength: 0.5, stratum: "zones" });
  if (state.layers.has("zones") && !sides) for (const place of loosePlaces()) put(place, 5);
  if (state.layers.has("parcels") && !sides) {
    for (const parcel of data.parcels) if (placeOf(parcel.place_id)?.geometry) put(placeOf(parcel.place_id), parcel.kind === "reserved_land" ? 2 : 1);
  }
  drawn.sort((a, b) => spreadOf(b.place.geometry) - spreadOf(a.place.geometry));
  for (const { place, color, strength, stratum } of drawn) {
    const about = { kind: "places", id: place.id };
    if (isSketch(place.basis)) addSketch(stratum, place.geometry, { about, color, strength, accuracyM: place.accuracy_m });
    else {
      add(stratum, place.geometry, { about, stroke: false, fillColor: color, fillOpacity: 0.1 + 0.28 * strength });
      outlines[stratum].push({ geometry: place.geometry, style: { color, weight: 2.2 }, rank: 0 });
    }
  }
  if (shared) addSketch("shared", shared, { color: ink("text"), strength: 0.4, accuracyM: 0 });
}

/** @param {string} name @param {any} geometry @param {any} options */
function addSketch(name, geometry, options) {
  const { type, coordinates } = geometry, deep = { LineString: 0, MultiLineString: 1, Polygon: 1, MultiPolygon: 2 }[type];
  const latLngs = type === "Point" ? [coordinates[1], coordinates[0]] : L.GeoJSON.coordsToLatLngs(coordinates, deep);
  const Kind = type === "Point" ? SoftDisc : type.endsWith("Polygon") ? Sketch : SoftLine;
  groups[name].addLayer(new Kind(latLngs, { ...options, ...placed(name), radius: 13, weight: 8, fill: true, stroke: Kind === SoftLine }));
}

/** Draw roads, in a casing so that they read on any ground. */
export function drawRoads() {
  groups.roads.clearLayers();
  for (const road of data.roads) {
    if (!road.geometry || !state.layers.has("roads." + roadClass(road))) continue;
    const { color, weight, dash } = roadStyle(road), about = { kind: "roads", id: road.id }, arrow = arrowOf(road);
    if (arrow) {
      groups.roads.addLayer(new Arrow([arrow.lat, arrow.lon], { ...placed("roads"), about, angle: arrow.angle, color: ink("paper"), weight: 1.2, fill: true, fillColor: ink(color), fillOpacity: 1, radius: 15 }));
      continue;
    }
    if (isSketch(road.basis)) {
      const deep = road.geometry.type === "LineString" ? 0 : 1, latLngs = L.GeoJSON.coordsToLatLngs(road.geometry.coordinates, deep);
      groups.roads.addLayer(new SoftLine(latLngs, { ...placed("roads"), about, color: ink(color), weight: 8, accuracyM: road.accuracy_m }));
      continue;
    }
    if (!dash) add("roads", road.geometry, { color: ink("paper"), weight: weight + 3, opacity: 0.9, lineCap: "round" });
    const planned = road.status === "planned";
    add("roads", road.geometry, { about, color: ink(color), weight, dashArray: dash || (planned ? "7 5" : null), lineCap: dash ? "butt" : "round" });
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
  return (2 * state.radius) / metresPerPixel();
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
  const arrow = chosen.type === "roads" && thing ? arrowOf(thing) : null;
  if (arrow) groups.chosen.addLayer(L.circleMarker([arrow.lat, arrow.lon], { ...placed("chosen"), color: ink("chosen"), fill: false, radius: 22, weight: 3 }));
  else if (thing?.geometry) add("chosen", thing.geometry, { color: ink("chosen"), weight: 4, fill: false, radius: 13 });
}

/** Draw every vector layer. */
export function drawShapes() {
  fillGround();
  drawReach();
  drawZones();
  drawRoads();
  drawFacilities();
  drawChosen();
}
