/**
 * Compose the present view as one printed sheet, an SVG: title, map, legend, scale, sources.
 */

import { svgEl } from "./dom.js";
import { facetCounts, data, isByPlace, points, segmentOf, shownSystems } from "./model.js";
import { written } from "./labels.js";
import { hatch, ink, inkOn, roadClass, ROAD_STYLES, systemInk } from "./paint.js";
import { picture } from "./picture.js";
import { state } from "./state.js";
import { nameOf, num, t } from "./words.js";

/** What XML cannot hold is left out. @param {string} text @returns {string} */
function xmlText(text) {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
}

/** @param {number} x @param {number} y @param {string} text @param {Object<string, any>} [attrs] @returns {SVGElement} */
function write(x, y, text, attrs = {}) {
  return svgEl("text", { x, y, fill: ink("text"), "font-size": 14, "font-family": ink("font"), ...attrs, text: xmlText(text) });
}

/** @param {string} text @param {number} most @returns {string} */
function cut(text, most) {
  return [...text].length > most ? [...text].slice(0, most - 1).join("") + "…" : text;
}

/** @param {any} map @param {any} firms @returns {SVGElement} the map alone, in pixels of the present view */
function mapPicture(map, firms) {
  const size = map.getSize(), shift = L.DomUtil.getPosition(map.getPane("mapPane"));
  const group = svgEl("g", { transform: `translate(${shift.x} ${shift.y})` }), defs = svgEl("defs"), hatches = new Map();
  for (const [stratum, [from, to]] of Object.entries(picture.parts)) {
    defs.append(svgEl("clipPath", { id: "part-" + stratum }, svgEl("rect", { x: from * size.x - shift.x, y: -shift.y, width: (to - from) * size.x, height: size.y })));
  }
  for (const layer of picture.inOrder()) if (layer !== firms) group.append(pathOf(layer, hatches));
  defs.append(...hatches.values());
  group.append(...firmShapes(firms));
  for (const path of [...map.getPane("chosen").querySelectorAll("svg path"), ...map.getPane("drawing").querySelectorAll("svg path")]) group.append(path.cloneNode(false));
  for (const label of written) {
    group.append(write(label.x, label.y + label.size * 0.36, label.text, { "text-anchor": "middle", "font-size": label.size, "font-weight": label.kind === "zone" || label.kind === "district" ? 600 : 400,
      fill: label.color || ink(label.kind === "zone" || label.kind === "road" ? "label" : "district-label"), stroke: ink("halo"), "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke", "letter-spacing": label.kind === "district" || label.kind === "context" ? 2 : 0 }));
  }
  return svgEl("g", {}, defs, svgEl("rect", { width: size.x, height: size.y, fill: ink("ground") }), group);
}

/** @param {any} layer a path of the picture @param {Map<string, SVGElement>} hatches those used so far @returns {SVGElement} */
function pathOf(layer, hatches) {
  const o = layer.options, key = o.hatch && "hatch" + o.hatch.color.replace(/\W/g, "-") + "-" + Math.round(o.hatch.strength * 100);
  if (key && !hatches.has(key)) hatches.set(key, hatch(key, o.hatch.color, o.hatch.strength));
  const look = {
    fill: o.fill ? (key ? `url(#${key})` : o.fillColor || o.color) : "none", "fill-opacity": o.fill ? o.fillOpacity : null, "fill-rule": "evenodd",
    stroke: o.stroke ? o.color : "none", "stroke-width": o.weight, "stroke-opacity": o.opacity, "stroke-linecap": o.lineCap, "stroke-linejoin": o.lineJoin, "stroke-dasharray": o.dashArray,
    "clip-path": o.stratum in picture.parts ? `url(#part-${o.stratum})` : null,
  };
  if (layer._parts) return svgEl("path", { d: L.SVG.pointsToPath(layer._parts, layer instanceof L.Polygon), ...look });
  return layer.pathData ? svgEl("path", { d: layer.pathData(), ...look }) : svgEl("circle", { cx: layer._point.x, cy: layer._point.y, r: layer._radius, ...look });
}

/** @param {any} firms @returns {SVGElement[]} the firms as they are drawn */
function firmShapes(firms) {
  if (!state.layers.has("firms")) return [];
  if (firms.sums) return firms.sums.map((sum) => svgEl("circle", { cx: sum.x, cy: sum.y, r: firms.radiusOf(sum), fill: data.segments[sum.best].color }));
  if (!firms.stamped) return firms.marks.flatMap(markShapes);
  const { min } = picture._bounds, size = picture._bounds.getSize();
  return [svgEl("image", { x: min.x, y: min.y, width: size.x, height: size.y, href: firms.stamped.toDataURL("image/png") })];
}

/** @param {any} mark @returns {SVGElement[]} */
function markShapes(mark) {
  const { x, y, r, members } = mark;
  if (members.length > 1) return bundleShapes(mark);
  const segment = segmentOf(members[0]), hollow = isByPlace(members[0]);
  const disc = svgEl("circle", { cx: x, cy: y, r, fill: hollow ? ink("paper") : segment.color, stroke: hollow ? segment.color : ink("paper"), "stroke-width": hollow ? Math.max(1.5, r * 0.24) : 1.2 });
  return r < 7 ? [disc] : [disc, write(x, y + r * 0.45, segment.glyph, { "text-anchor": "middle", "font-size": Math.round(r * 1.25), "font-weight": 600, fill: hollow ? ink("text") : inkOn(segment.color) })];
}

/** @param {any} mark @returns {SVGElement[]} a ring divided by chain link, with the number in it */
function bundleShapes({ x, y, r, members }) {
  const counts = new Map(), around = 2 * Math.PI * (r - 1.5), found = [svgEl("circle", { cx: x, cy: y, r: r + 1, fill: ink("paper") })];
  for (const i of members) counts.set(segmentOf(i), (counts.get(segmentOf(i)) || 0) + 1);
  let from = 0;
  for (const segment of data.segments) {
    const n = counts.get(segment);
    if (!n) continue;
    const part = (around * n) / members.length;
    found.push(svgEl("circle", { cx: x, cy: y, r: r - 1.5, fill: "none", stroke: segment.color, "stroke-width": 4, "stroke-dasharray": `${part} ${around - part}`, "stroke-dashoffset": -from, transform: `rotate(-90 ${x} ${y})` }));
    from += part;
  }
  return [...found, write(x, y + 4, String(members.length), { "text-anchor": "middle", "font-size": 11, "font-weight": 600 })];
}

/** @param {number} x @param {number} y0 @param {number} bottom @returns {SVGElement[]} the legend as a column */
function legendColumn(x, y0, bottom) {
  const found = [];
  let y = y0;
  const row = (symbol, text) => {
    if (y > bottom) return;
    found.push(...symbol(x, y), write(x + 34, y + 5, cut(text, 19), { "font-size": 13.5 }));
    y += 22;
  };
  const heading = (text) => {
    if (y > bottom - 22) return;
    y += 6;
    found.push(write(x, y + 5, cut(text, 22), { "font-size": 13, "font-weight": 600, fill: ink("muted") }));
    y += 24;
  };
  for (const system of shownSystems()) {
    heading(nameOf(system));
    const roles = [...new Set(system.members.filter((m) => state.shown.has(m.key)).map((m) => m.role))];
    const color = systemInk(system.position);
    roles.forEach((role, i) => row((px, py) => [svgEl("rect", { x: px, y: py - 7, width: 24, height: 14, rx: 2, fill: color, "fill-opacity": Math.max(0.1, 0.38 - 0.1 * i), stroke: color, "stroke-width": 1.6 })], role));
  }
  const kinds = Object.keys(ROAD_STYLES).filter((kind) => state.layers.has("roads." + kind) && data.roads.some((r) => r.geometry && roadClass(r) === kind));
  if (kinds.length) heading(t("tree.roads"));
  for (const kind of kinds) row((px, py) => [svgEl("line", { x1: px, x2: px + 26, y1: py, y2: py, stroke: ink(ROAD_STYLES[kind].color), "stroke-width": ROAD_STYLES[kind].weight, "stroke-dasharray": ROAD_STYLES[kind].dash })], t("road." + kind));
  if (state.layers.has("reach")) row((px, py) => [svgEl("rect", { x: px, y: py - 6, width: 26, height: 12, rx: 6, fill: ink("reach"), "fill-opacity": 0.4 })], t("reach.band", { r: num(state.radius) }));
  if (state.layers.has("firms") && points.n) {
    heading(t("tree.points." + data.point_noun));
    const counts = data.segments.map(() => 0);
    points.facets.forEach(([segment], f) => (counts[segment] += facetCounts()[f]));
    data.segments.forEach((segment, s) => {
      if (counts[s] && !state.segmentsOff.has(s)) row((px, py) => [svgEl("circle", { cx: px + 13, cy: py, r: 8.5, fill: segment.color }), write(px + 13, py + 4, segment.glyph, { "text-anchor": "middle", "font-size": 10.5, "font-weight": 600, fill: inkOn(segment.color) })], nameOf(segment, "label") + " " + num(counts[s]));
    });
  }
  if (data.places.length && data.kind === "city") {
    row((px, py) => [svgEl("rect", { x: px, y: py - 7, width: 24, height: 14, fill: "none", stroke: ink("muted"), "stroke-width": 1.6 })], t("sheet.exact"));
    row((px, py) => [svgEl("rect", { x: px, y: py - 7, width: 24, height: 14, fill: "none", stroke: ink("muted"), "stroke-width": 1.6, "stroke-dasharray": "4 3" }), svgEl("path", { d: `M${px + 3} ${py + 6}l10 -12M${px + 11} ${py + 6}l10 -12`, stroke: ink("muted") })], t("sheet.sketch"));
  }
  return found;
}

/**
 * @param {any} map
 * @param {any} firms
 * @param {number} width
 * @param {number} height
 * @returns {SVGElement}
 */
export function atlasSheet(map, firms, width, height) {
  const margin = 28, column = 300, top = 84, foot = 74;
  const frame = { x: margin, y: top, width: width - column - 2 * margin - 20, height: height - top - foot };
  const size = map.getSize(), scale = Math.max(frame.width / size.x, frame.height / size.y);
  const picture = svgEl("svg", { ...frame, viewBox: `0 0 ${size.x} ${size.y}`, preserveAspectRatio: "xMidYMid slice", overflow: "hidden" }, mapPicture(map, firms));
  const metres = map.distance(map.containerPointToLatLng([0, size.y / 2]), map.containerPointToLatLng([100, size.y / 2])) / 100 / scale;
  const power = 10 ** Math.floor(Math.log10(metres * 180)), nice = [10, 5, 2, 1].map((k) => k * power).find((v) => v <= metres * 180) || power, bar = nice / metres;
  const right = frame.x + frame.width + 20, sx = frame.x + frame.width - bar - 20, sy = frame.y + frame.height - 22;
  const north = frame.x + frame.width - 40;
  const text = ink("text"), muted = ink("muted");
  return svgEl("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` },
    svgEl("rect", { width, height, fill: ink("paper") }),
    write(margin, 46, cut(nameOf(data, "title"), 40), { "font-size": 30, "font-weight": 700 }),
    write(margin, 70, cut([nameOf(data, "subtitle"), state.theme ? t("theme." + state.theme) : "", t("as_of", { date: data.as_of })].filter((s) => s && s !== data.id).join(" · "), 90), { "font-size": 14, fill: muted }),
    picture,
    svgEl("rect", { ...frame, fill: "none", stroke: text, "stroke-width": 1.5 }),
    svgEl("path", { d: `M${north} ${frame.y + 16}l11 34l-11 -7l-11 7z`, fill: text }), write(north, frame.y + 66, t("north"), { "text-anchor": "middle", "font-weight": 700, "font-size": 13 }),
    svgEl("rect", { x: sx - 8, y: sy - 20, width: bar + 16, height: 34, fill: ink("paper"), "fill-opacity": 0.8 }),
    ...[0, 1, 2, 3].map((i) => svgEl("rect", { x: sx + (bar * i) / 4, y: sy, width: bar / 4, height: 7, fill: i % 2 ? ink("paper") : text, stroke: text })),
    write(sx + bar / 2, sy - 6, nice >= 1000 ? nice / 1000 + " km" : nice + " m", { "text-anchor": "middle", "font-size": 13 }),
    write(right, top + 14, t("legend.title"), { "font-size": 17, "font-weight": 700 }),
    ...legendColumn(right, top + 44, height - foot - 20),
    write(margin, height - 44, cut(t("sheet.sources") + (data.plans.map((p) => t("cite.plan", { plan: nameOf(p, "title") })).join(" ") || data.sources.join("；")), Math.round(width / 14)), { "font-size": 12, fill: muted }),
    write(margin, height - 24, cut([data.footer || "", t("sheet.datum")].filter(Boolean).join(" · "), 100), { "font-size": 12, fill: muted }),
    write(width - margin, height - 24, t("approval") + (data.approval_number || "＿＿＿＿＿＿＿＿"), { "font-size": 13, "text-anchor": "end" }));
}

/** @param {SVGElement} sheet @returns {string} */
export function sheetText(sheet) {
  return new XMLSerializer().serializeToString(sheet);
}
