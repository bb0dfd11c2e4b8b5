/**
 * Say what this picture shows and how: one legend for the page, the phone, the sheet and the files.
 */

import { svgEl } from "./dom.js";
import { GROUND_STYLES, groundClasses } from "./ground.js";
import { numbered } from "./labels.js";
import { allowedFacets, data, facetCounts, placedCounts, placeOf, points, shownSystems } from "./model.js";
import { FACILITY_SHAPES, facilityClass, ink, inkOn, isSketch, memberInk, roadClass, ROAD_STYLES, strengthOf, systemInk } from "./paint.js";
import { arrowPath, facilityShapeOf, holdsNow, isCourseless, loosePlaces, sketchShapes } from "./shapes.js";
import { state } from "./state.js";
import { nameOf, num, t } from "./words.js";

/** @typedef {{sign: any[], text: string, count?: string, toggle?: {key: string, value: number}}} Row sign: shapes around 0,0, 26 × 16 pixels */
/** @typedef {{title: string, rows: Row[]}} Group */

/** @param {string} color @param {number} strength @param {boolean} sketch @returns {any[]} */
export function zoneSign(color, strength, sketch) {
  const box = [[-11, -6], [11, -6], [11, 6], [-11, 6]].map(([x, y]) => ({ x, y }));
  if (sketch) return sketchShapes([box], { color, strength, fade: 2 });
  return [svgEl("rect", { x: -11, y: -6, width: 22, height: 12, fill: color, "fill-opacity": 0.1 + 0.28 * strength, stroke: color, "stroke-width": 1.8 })];
}

/** @param {number} drawn @param {number} all @returns {string} */
function drawnOf(drawn, all) {
  return drawn === all ? num(all) : num(drawn) + "/" + num(all);
}

/** @returns {Group[]} the roles of each system that is shown */
function zoneLegend() {
  const groups = [];
  for (const system of shownSystems()) {
    const sides = state.compare && ![state.compare.left, state.compare.right].includes(system.key);
    if (sides) continue;
    const roles = new Map();
    for (const member of system.members) {
      const row = roles.get(member.role) || { all: 0, drawn: [], member };
      row.all++;
      if (state.shown.has(member.key) && placeOf(member.place_id)?.geometry) row.drawn.push(member);
      roles.set(member.role, row);
    }
    const rows = [...roles].filter(([, row]) => row.drawn.length).map(([role, row]) => ({
      sign: zoneSign(memberInk(row.member), strengthOf(row.member), row.drawn.every((m) => isSketch(placeOf(m.place_id).basis))),
      text: role, count: drawnOf(row.drawn.length, row.all),
    }));
    if (rows.length) groups.push({ title: nameOf(system), rows });
  }
  const loose = state.layers.has("zones") && !state.compare ? loosePlaces() : [];
  if (loose.length) {
    const sketch = loose.every((p) => isSketch(p.basis));
    groups.push({ title: "", rows: [{ sign: zoneSign(systemInk(5), 0.5, sketch), text: t(data.systems.length ? "layer.loose" : "kind.places"), count: num(loose.length) }] });
  }
  if (state.layers.has("parcels") && !state.compare) {
    const kinds = [...new Set(data.parcels.map((p) => p.kind))];
    const rows = kinds.map((kind) => ({ kind, all: data.parcels.filter((p) => p.kind === kind) }))
      .map(({ kind, all }) => ({ kind, all, drawn: all.filter((p) => placeOf(p.place_id)?.geometry) }))
      .map(({ kind, all, drawn }) => ({
        sign: zoneSign(systemInk(kind === "reserved_land" ? 2 : 1), 0.5, drawn.every((p) => isSketch(placeOf(p.place_id).basis))),
        text: t("parcel." + kind), count: drawnOf(drawn.length, all.length),
      }));
    groups.push({ title: t("theme.land"), rows });
  }
  return groups;
}

/** @returns {Row[]} what a line and what a hatched tint says, as far as both are drawn */
function exactRows() {
  const drawn = [...data.systems.flatMap((s) => s.members.filter((m) => state.shown.has(m.key)).map((m) => placeOf(m.place_id))),
    ...(state.layers.has("zones") ? loosePlaces() : [])].filter((p) => p?.geometry);
  if (data.kind !== "city" || !drawn.length) return [];
  const grey = ink("muted"), sketched = drawn.filter((p) => isSketch(p.basis)).length;
  return [
    drawn.length > sketched ? { sign: zoneSign(grey, 0.2, false), text: t("legend.exact") } : null,
    sketched ? { sign: zoneSign(grey, 0.6, true), text: t("legend.sketch") } : null,
    state.compare ? { sign: zoneSign(ink("text"), 0.6, true), text: t("legend.shared") } : null,
  ].filter(Boolean);
}

/** @returns {any[]} a ring of three links with a number in it */
function bundleSign() {
  const around = 2 * Math.PI * 6.5, colors = data.segments.slice(0, 3).map((s) => s.color);
  return [svgEl("circle", { r: 8.5, fill: ink("paper") }),
    ...colors.map((color, i) => svgEl("circle", { r: 6.5, fill: "none", stroke: color, "stroke-width": 3,
      "stroke-dasharray": `${around / colors.length} ${around}`, "stroke-dashoffset": (-around * i) / colors.length, transform: "rotate(-90)" })),
    svgEl("text", { "text-anchor": "middle", y: 3, "font-size": 8.5, "font-weight": 600, "font-family": ink("font"), fill: ink("text"), text: "9" })];
}

/** @returns {Group[]} the firms by link, and how well their places are known */
function firmLegend() {
  if (!points.n || !state.layers.has("firms")) return [];
  const allowed = allowedFacets(), placed = placedCounts(), whole = facetCounts();
  const all = data.segments.map(() => 0), drawn = data.segments.map(() => 0);
  let hollow = 0, filled = 0;
  points.facets.forEach(([segment, , , standIn], f) => {
    all[segment] += whole[f];
    if (!allowed[f]) return;
    drawn[segment] += placed[f];
    if (standIn) hollow += placed[f];
    else filled += placed[f];
  });
  const rows = data.segments.map((segment, s) => ({ segment, s })).filter(({ s }) => all[s])
    .map(({ segment, s }) => ({
      sign: [svgEl("circle", { r: 7.5, fill: segment.color }), svgEl("text", { "text-anchor": "middle", y: 3.6, "font-size": 9.5, "font-weight": 600, "font-family": ink("font"), fill: inkOn(segment.color), text: segment.glyph })],
      text: nameOf(segment, "label"), count: drawnOf(drawn[s], all[s]), toggle: { key: "segmentsOff", value: s },
    }));
  const color = data.segments[0]?.color || ink("muted");
  const disc = (open) => [svgEl("circle", { r: 5.5, fill: open ? ink("paper") : color, stroke: color, "stroke-width": 2.2 })];
  const how = points.placed > 2000
    ? [{ sign: [svgEl("circle", { cx: -6, r: 3, fill: ink("muted") }), svgEl("circle", { cx: 5, r: 6.5, fill: ink("muted") })], text: t("legend.sum") }]
    : [filled ? { sign: disc(false), text: t(data.kind === "city" ? "legend.own" : "legend.point") } : null,
      hollow ? { sign: disc(true), text: t("legend.by_place") } : null,
      { sign: bundleSign(), text: t("legend.bundle." + data.point_noun) }].filter(Boolean);
  return [{ title: t("tree.points." + data.point_noun) + " " + drawnOf(drawn.reduce((a, b) => a + b, 0), points.n), rows: [...rows, ...how] }];
}

/** @returns {Group[]} roads, facilities and what they reach, as far as they are drawn */
function lineLegend() {
  const rows = [];
  for (const key of Object.keys(ROAD_STYLES)) {
    if (!state.layers.has("roads." + key)) continue;
    const drawn = data.roads.filter((r) => r.geometry && roadClass(r) === key), style = ROAD_STYLES[key];
    const courses = drawn.filter((r) => !isCourseless(r)), color = ink(style.color);
    if (courses.some((r) => !isSketch(r.basis))) {
      rows.push({ sign: [svgEl("line", { x1: -12, x2: 12, y1: 0, y2: 0, stroke: color, "stroke-width": style.weight, "stroke-dasharray": style.dash && style.dash.split(" ").map((v) => Number(v) / 2).join(" ") })],
        text: t("road." + key), count: num(courses.filter((r) => !isSketch(r.basis)).length) });
    }
    const soft = courses.filter((r) => isSketch(r.basis)).length;
    if (soft) rows.push({ sign: [10, 7, 4].map((w) => svgEl("line", { x1: -10, x2: 10, y1: 0, y2: 0, stroke: color, "stroke-width": w, "stroke-opacity": 0.22, "stroke-linecap": "round" })), text: t("road." + key) + t("legend.sketched"), count: num(soft) });
    if (courses.length < drawn.length) rows.push({ sign: [svgEl("path", { d: arrowPath(0, 0, 0), fill: color, transform: "scale(.7)" })], text: t("legend.arrow"), count: num(drawn.length - courses.length) });
  }
  for (const key of Object.keys(FACILITY_SHAPES)) {
    const all = data.facilities.filter((f) => facilityClass(f.type) === key), drawn = all.filter((f) => f.geometry);
    if (!state.layers.has("facilities." + key) || !drawn.length) continue;
    const hollow = drawn.every((f) => isSketch(f.basis)), shape = facilityShapeOf(drawn[0]);
    rows.push({ sign: [svgEl("path", { d: shape, transform: "scale(.85)", fill: ink(hollow ? "paper" : "facility"), stroke: ink(hollow ? "facility" : "paper"), "stroke-width": hollow ? 2 : 1.2 })], text: t("facility." + key), count: drawnOf(drawn.length, all.length) });
  }
  if (state.layers.has("reach")) rows.push({ sign: [svgEl("rect", { x: -12, y: -6, width: 24, height: 12, rx: 6, fill: ink("reach"), "fill-opacity": 0.4 })], text: t("reach.band", { r: num(state.radius) }) });
  return rows.length ? [{ title: t("tree.roads"), rows }] : [];
}

/** @returns {Row[]} what of the ground is drawn at this zoom */
function underlayRows() {
  return groundClasses().map((name) => {
    const { ink: color, weight, gaps } = /** @type {any} */ (GROUND_STYLES)[name];
    const line = (stroke, wide, dash) => svgEl("line", { x1: -11, x2: 11, y1: 0, y2: 0, stroke, "stroke-width": wide, "stroke-dasharray": dash });
    const sign = name === "station" ? [svgEl("circle", { r: 3, fill: ink("paper"), stroke: ink(color), "stroke-width": 1.2 })]
      : gaps ? [line(ink(color), weight, null), line(ink("paper"), weight - 1.2, gaps)]
        : weight ? [line(ink(color), weight + 0.8, null)] : [svgEl("rect", { x: -11, y: -6, width: 22, height: 12, fill: ink(color) })];
    return { sign, text: t("ground." + name) };
  });
}

/** @returns {Row[]} */
function groundRows() {
  if (data.kind !== "city") return [];
  const drawn = data.districts.filter((d) => d.geometry && holdsNow(d));
  const block = (fill, line) => [svgEl("rect", { x: -11, y: -6, width: 22, height: 12, fill: ink(fill), stroke: ink(line), "stroke-width": 1.4 })];
  return [drawn.some((d) => d.role === "subject") ? { sign: block("subject-fill", "subject-line"), text: t("legend.subject") } : null,
    drawn.some((d) => d.role === "context") ? { sign: block("context-fill", "context-line"), text: t("legend.context") } : null].filter(Boolean);
}

/** @returns {Group[]} all that explains the present picture */
export function legendGroups() {
  const zones = zoneLegend(), exact = exactRows();
  if (exact.length) zones.push({ title: zones.length ? "" : t("tree.systems"), rows: exact });
  const ground = [...underlayRows(), ...groundRows()];
  return [...zones, ...firmLegend(), ...lineLegend(), ...(ground.length ? [{ title: t("tree.ground"), rows: ground }] : [])];
}

/** @returns {Array<{n: number, text: string}>} the numbers that stand for names in the picture */
export function numberKey() {
  return numbered.map(({ n, text, sketch }) => ({ n, text: text + (sketch ? t("legend.sketched") : "") }));
}
