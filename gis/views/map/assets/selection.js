/**
 * Say what lies in a drawn shape: firms by link and standing, and kilometres of test road.
 */

import { firmList } from "./card.js";
import { spread } from "./codec.js";
import { el } from "./dom.js";
import { areaKm2, circleRing, distanceM, isIn, lengthInM } from "./geodesy.js";
import { allowedFacets, data, points, positionOf } from "./model.js";
import { testRoadLines } from "./shapes.js";
import { runsIn } from "./stamps.js";
import { change } from "./state.js";
import { saveFirms } from "./takeaway.js";
import { segmentMark } from "./tree.js";
import { area, distance, num, t, term } from "./words.js";

/** @param {any} drawn @returns {number[][]} */
export function ringOf(drawn) {
  return drawn.ring || circleRing(drawn.center[0], drawn.center[1], drawn.radius);
}

/**
 * The points in a drawn shape that the present filter lets through.
 * @param {any} drawn
 * @returns {number[]} in packed order
 */
export function pointsIn(drawn) {
  const ring = ringOf(drawn), allowed = allowedFacets(), found = [];
  const mercator = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
  const steps = ring.map(([lon, lat]) => [((lon + 180) / 360 - points.x0) / points.step, (mercator(lat) - points.y0) / points.step]);
  const xs = steps.map((s) => s[0]), ys = steps.map((s) => s[1]);
  const box = [Math.min(...xs) - 1, Math.min(...ys) - 1, Math.max(...xs) + 1, Math.max(...ys) + 1];
  const circle = drawn.kind === "circle";
  const holds = (i) => {
    const at = positionOf(i);
    if (!circle) return isIn(at.lon, at.lat, ring);
    return distanceM(drawn.center[0], drawn.center[1], at.lon, at.lat) <= drawn.radius;
  };
  // Most points of a circle are plainly in or out of it; only those near its rim are measured on the ellipsoid.
  const middle = circle ? [((drawn.center[0] + 180) / 360 - points.x0) / points.step, (mercator(drawn.center[1]) - points.y0) / points.step] : [0, 0];
  const reach = circle ? Math.hypot(steps[0][0] - middle[0], steps[0][1] - middle[1]) : 0;
  runsIn(points, box[0], box[1], box[2], box[3], (from, to) => {
    for (let i = from; i < to; i++) {
      if (!allowed[points.facet[i]]) continue;
      const x = points.x[i], y = points.y[i];
      if (x < box[0] || y < box[1] || x > box[2] || y > box[3]) continue;
      if (circle) {
        const d = Math.hypot(x - middle[0], y - middle[1]) / reach;
        if (d < 0.98 || (d < 1.02 && holds(i))) found.push(i);
      } else if (holds(i)) found.push(i);
    }
  }, spread);
  return found.sort((p, q) => p - q);
}

/**
 * @param {any} drawn
 * @returns {{members: number[], bySegment: number[], byStanding: number[], roadM: number, areaKm2: number, byPlace: number}}
 */
export function summary(drawn) {
  const members = pointsIn(drawn), ring = ringOf(drawn);
  const bySegment = data.segments.map(() => 0), byStanding = points.standings.map(() => 0);
  let byPlace = 0;
  for (const i of members) {
    const [segment, standing, , byPlace] = points.facets[points.facet[i]];
    bySegment[segment]++;
    byStanding[standing]++;
    byPlace += byPlace;
  }
  return { members, bySegment, byStanding, byPlace, roadM: lengthInM(testRoadLines(), ring), areaKm2: areaKm2(ring) };
}

/** @param {any} drawn @returns {Promise<any[]>} */
export async function selectionCard(drawn) {
  const s = summary(drawn), most = Math.max(1, ...s.bySegment);
  const rows = data.segments.map((segment, i) => ({ segment, n: s.bySegment[i] })).filter(({ n }) => n).sort((a, b) => b.n - a.n);
  return [
    el("h2", { id: "card-title", tabindex: -1, text: t("selection." + drawn.kind) }),
    el("dl", { class: "facts" },
      ...(drawn.kind === "circle" ? [el("dt", { text: t("selection.radius") }), el("dd", { text: distance(drawn.radius) })] : []),
      el("dt", { text: t("figure.area") }), el("dd", { text: area(s.areaKm2) + " km²" }),
      el("dt", { text: t("selection.points." + data.point_noun) }), el("dd", { id: "selection-count", text: num(s.members.length) }),
      ...(s.byPlace ? [el("dt", { text: t("selection.by_place") }), el("dd", { text: num(s.byPlace) })] : []),
      ...(data.test_roads ? [el("dt", { text: t("figure.road") }), el("dd", { id: "selection-road", text: num(s.roadM / 1000, 2) + " km" })] : [])),
    points.standings.length > 1 ? el("p", { class: "functions" }, ...points.standings.map((name, i) => el("span", { class: "tag", text: term("standing", name) + " " + num(s.byStanding[i]) }))) : null,
    el("ul", { class: "segments", css: { "--digits": num(most).length + "ch" } }, ...rows.map(({ segment, n }) => el("li", { class: "segment plain" }, segmentMark(segment), el("span", { class: "segment-name", text: segment.label }),
      el("span", { class: "bar", "aria-hidden": "true" }, el("span", { css: { width: (100 * n) / most + "%", background: segment.color } })), el("span", { class: "count", text: num(n) })))),
    el("div", { class: "filter-tools" },
      el("button", { type: "button", class: "small", text: t("save.geojson"), on: { click: () => saveFirms("geojson", s.members, drawn) } }),
      el("button", { type: "button", class: "small", text: t("save.csv"), on: { click: () => saveFirms("csv", s.members, drawn) } }),
      el("button", { type: "button", class: "small", text: t("draw.clear"), on: { click: () => change({ drawn: null, selected: null }) } })),
    s.byPlace ? el("p", { class: "note", text: t("selection.note") }) : null,
    s.members.length ? el("section", {}, el("h3", { text: t("selection.list") }), await firmList(s.members)) : null,
  ];
}
