/**
 * Compose the map as one printed sheet, an SVG that any program draws alike: title, map, legend, scale, sources.
 */

import { svgEl } from "./dom.js";
import { data, isByPlace, points, segmentOf } from "./model.js";
import { leaderShapes, written } from "./labels.js";
import { insetShapes } from "./inset.js";
import { legendGroups, numberKey } from "./legend.js";
import { ink, inkOn } from "./paint.js";
import { onPaper } from "./paper.js";
import { picture } from "./picture.js";
import { map } from "./stage.js";
import { state } from "./state.js";
import { cut, nameOf, t } from "./words.js";

/** The first that is there is taken; some programs look at the first alone, and find another for what it lacks. */
const SVG_FONT = "Noto Sans CJK SC, Microsoft YaHei, PingFang SC, Source Han Sans SC, sans-serif";

/** What XML cannot hold is left out. @param {string} text @returns {string} */
function xmlText(text) {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
}

/** @param {number} x @param {number} y @param {string} text @param {Object<string, any>} [attrs] @returns {SVGElement} */
function write(x, y, text, attrs = {}) {
  return svgEl("text", { x, y, fill: ink("text"), "font-size": 14, "font-family": SVG_FONT, ...attrs, text: xmlText(text) });
}

/** A text in a rim of paper, as two texts: not every program can put the rim under the letters of one. @returns {SVGElement[]} */
function writeClear(x, y, text, attrs) {
  const rim = { ...attrs, fill: ink("halo"), stroke: ink("halo"), "stroke-width": 3, "stroke-linejoin": "round" };
  return [write(x, y, text, rim), write(x, y, text, attrs)];
}

/** @param {any} label @returns {SVGElement[]} a name as the page writes it */
function labelShapes(label) {
  const { x, y, lines, size, kind, color, mark, how } = label, middle = { "text-anchor": "middle", "font-size": size };
  if (how === "number") {
    return [svgEl("circle", { cx: x, cy: y, r: 8.5, fill: color || ink("label"), stroke: ink("halo"), "stroke-width": 1.2 }),
      write(x, y + 3.8, lines[0], { ...middle, "font-size": 10.5, "font-weight": 700, fill: ink("halo") })];
  }
  const strong = kind === "zone" || kind === "district", spaced = kind === "district" || kind === "context", grey = spaced || kind === "town" || kind === "station";
  const look = { ...middle, "font-weight": strong ? 600 : 400, fill: color || ink(grey ? "district-label" : "label"), ...(spaced ? { "letter-spacing": 2 } : {}) };
  const step = size * 1.15, top = y - (step * lines.length) / 2 + size * 0.93;
  return lines.flatMap((line, i) => {
    if (!mark || i < lines.length - 1) return writeClear(x, top + i * step, line, look);
    // The mark stands right of the last line, and both are centred together.
    const shift = mark.length * 5.4 + 1.5, half = label.lastWidth / 2;
    return [...writeClear(x - shift, top + i * step, line, look),
      ...writeClear(x - shift + half + 3, top + i * step, mark, { "font-size": 10, "text-anchor": "start", fill: look.fill })];
  });
}

/** @param {any} map @param {any} firms @returns {SVGElement} the map alone, in pixels of the present view */
function mapPicture(map, firms) {
  const size = map.getSize(), shift = L.DomUtil.getPosition(map.getPane("mapPane"));
  const group = svgEl("g", { transform: `translate(${shift.x} ${shift.y})` }), defs = svgEl("defs");
  const clip = (id, x, y, width) => defs.append(svgEl("clipPath", { id }, svgEl("rect", { x, y, width, height: size.y })));
  for (const [stratum, [from, to]] of Object.entries(picture.parts)) clip("part-" + stratum, from * size.x - shift.x, -shift.y, (to - from) * size.x);
  clip("frame", 0, 0, size.x);
  for (const layer of picture.inOrder()) {
    if (layer === firms) continue;
    const shapes = layer.shapes ? layer.shapes() : [pathOf(layer)];
    group.append(...(layer.options.stratum in picture.parts ? [svgEl("g", { "clip-path": `url(#part-${layer.options.stratum})` }, ...shapes)] : shapes));
  }
  group.append(...firmShapes(firms));
  for (const path of [...map.getPane("chosen").querySelectorAll("svg path"), ...map.getPane("drawing").querySelectorAll("svg path")]) {
    const copy = /** @type {SVGElement} */ (path.cloneNode(false));
    copy.removeAttribute("class");
    group.append(copy);
  }
  for (const label of written) if (label.leader) group.append(...leaderShapes(label));
  for (const label of written) group.append(...labelShapes(label));
  const ground = svgEl("rect", { width: size.x, height: size.y, fill: ink("ground") });
  return svgEl("g", {}, defs, ground, svgEl("g", { "clip-path": "url(#frame)" }, group));
}

/** @param {any} layer a path of the picture @returns {SVGElement} */
function pathOf(layer) {
  const o = layer.options;
  const look = {
    fill: o.fill ? o.fillColor || o.color : "none", "fill-opacity": o.fill ? o.fillOpacity : null, "fill-rule": "evenodd",
    stroke: o.stroke ? o.color : "none", "stroke-width": o.weight, "stroke-opacity": o.opacity, "stroke-linecap": o.lineCap, "stroke-linejoin": o.lineJoin, "stroke-dasharray": o.dashArray,
  };
  if (layer._parts) return svgEl("path", { d: L.SVG.pointsToPath(layer._parts, layer instanceof L.Polygon), ...look });
  return layer.pathData ? svgEl("path", { d: layer.pathData(), ...look }) : svgEl("circle", { cx: layer._point.x, cy: layer._point.y, r: layer._radius, ...look });
}

/** @param {any} firms @returns {SVGElement[]} the firms as they are drawn */
function firmShapes(firms) {
  if (!state.layers.has("firms")) return [];
  if (firms.sums) return firms.sums.map((sum) => svgEl("circle", { cx: sum.x, cy: sum.y, r: firms.radiusOf(sum), fill: data.segments[sum.best].color }));
  if (points.placed <= 2000 || !firms.stamped) return firms.marks.filter(isSeen).flatMap(markShapes);
  const { min } = picture._bounds, size = picture._bounds.getSize();
  return [svgEl("image", { x: min.x, y: min.y, width: size.x, height: size.y, href: firms.stamped.toDataURL("image/png") })];
}

/** @param {{x: number, y: number, r: number}} mark @returns {boolean} whether any of it is in the view, which the picture is wider than */
function isSeen({ x, y, r }) {
  const least = map.containerPointToLayerPoint([0, 0]), size = map.getSize();
  return x > least.x - r && y > least.y - r && x < least.x + size.x + r && y < least.y + size.y + r;
}

/** @param {any} mark @returns {SVGElement[]} */
function markShapes(mark) {
  const { x, y, r, members } = mark;
  if (members.length > 1) return bundleShapes(mark);
  const segment = segmentOf(members[0]), hollow = isByPlace(members[0]);
  const disc = svgEl("circle", { cx: x, cy: y, r, fill: hollow ? ink("paper") : segment.color, stroke: hollow ? segment.color : ink("paper"), "stroke-width": hollow ? Math.max(1.5, r * 0.24) : 1.2 });
  const look = { "text-anchor": "middle", "font-size": Math.round(r * 1.25), "font-weight": 600, fill: hollow ? ink("text") : inkOn(segment.color) };
  return r < 7 ? [disc] : [disc, write(x, y + r * 0.45, segment.glyph, look)];
}

/** @param {any} mark @returns {SVGElement[]} a ring divided by chain link, with the number in it */
function bundleShapes({ x, y, r, members }) {
  const counts = new Map(), found = [svgEl("circle", { cx: x, cy: y, r: r + 1, fill: ink("paper") })], radius = r - 1.5;
  for (const i of members) counts.set(segmentOf(i), (counts.get(segmentOf(i)) || 0) + 1);
  let from = -Math.PI / 2;
  for (const segment of data.segments) {
    const n = counts.get(segment);
    if (!n) continue;
    const to = from + (n / members.length) * 2 * Math.PI, ring = { fill: "none", stroke: segment.color, "stroke-width": 4 };
    const at = (angle) => `${(x + radius * Math.cos(angle)).toFixed(2)} ${(y + radius * Math.sin(angle)).toFixed(2)}`;
    found.push(n === members.length ? svgEl("circle", { cx: x, cy: y, r: radius, ...ring })
      : svgEl("path", { d: `M${at(from)}A${radius} ${radius} 0 ${to - from > Math.PI ? 1 : 0} 1 ${at(to)}`, ...ring }));
    from = to;
  }
  return [...found, write(x, y + 4, String(members.length), { "text-anchor": "middle", "font-size": 11, "font-weight": 600 })];
}

/** @param {number} x @param {number} y0 @param {number} bottom @returns {SVGElement[]} the legend as a column, as tight as it must be */
function legendColumn(x, y0, bottom) {
  const groups = legendGroups(), numbers = numberKey();
  if (numbers.length) groups.splice(1, 0, { title: t("legend.numbers"), rows: numbers.map(({ n, text }) => ({ sign: [svgEl("circle", { r: 8, fill: ink("label") }), write(0, 3.6, String(n), { "text-anchor": "middle", "font-size": 10, "font-weight": 700, fill: ink("halo") })], text })) });
  const rows = groups.reduce((sum, g) => sum + g.rows.reduce((n, r) => n + (r.text.length > 17 ? 1.7 : 1), 0) + (g.title ? 1.3 : 0.4), 0);
  const step = Math.max(13, Math.min(21, (bottom - y0) / rows)), size = Math.min(12.5, step * 0.72), found = [];
  let y = y0;
  for (const { title, rows: list } of groups) {
    if (y > bottom) break;
    if (title) {
      found.push(write(x, y + size, cut(title, 22), { "font-size": size + 0.5, "font-weight": 600, fill: ink("muted") }));
      y += step * 1.3;
    } else y += step * 0.4;
    for (const { sign, text, count } of list) {
      if (y > bottom) break;
      const whole = count ? text + " " + count : text, lines = whole.length > 19 ? [whole.slice(0, 19), cut(whole.slice(19), 20)] : [whole];
      found.push(svgEl("g", { transform: `translate(${x + 14} ${y + size * 0.6}) scale(${(Math.min(1, step / 18)).toFixed(2)})` }, ...sign),
        ...lines.map((line, i) => write(x + 34, y + size + i * size * 1.1, line, { "font-size": size })));
      y += step * (lines.length > 1 ? 1.7 : 1);
    }
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
  const margin = 24, column = 268, top = 78, foot = 66;
  const frame = { x: margin, y: top, width: width - column - 2 * margin - 16, height: height - top - foot };
  const north = { x0: frame.width - 62, y0: 6, x1: frame.width - 8, y1: 80 };
  const inset = { x0: 0, y0: frame.height - 130, x1: 146, y1: frame.height };
  const scale = { x0: frame.width - 240, y0: frame.height - 52, x1: frame.width, y1: frame.height };
  return onPaper(map, firms, frame.width, frame.height, [north, scale, inset], () => composed(map, firms, { width, height, margin, top, foot, frame }));
}

/** @param {any} map @param {any} firms @param {any} room @returns {SVGElement} */
function composed(map, firms, { width, height, margin, top, foot, frame }) {
  const metres = map.distance(map.containerPointToLatLng([0, frame.height / 2]), map.containerPointToLatLng([100, frame.height / 2])) / 100;
  const power = 10 ** Math.floor(Math.log10(metres * 180)), nice = [10, 5, 2, 1].map((k) => k * power).find((v) => v <= metres * 180) || power, bar = nice / metres;
  const right = frame.x + frame.width + 16, sx = frame.x + frame.width - bar - 24, sy = frame.y + frame.height - 20, north = frame.x + frame.width - 36;
  const text = ink("text"), muted = ink("muted"), small = { "font-size": 11, fill: muted };
  const said = [nameOf(data, "subtitle"), state.theme ? t("theme." + state.theme) : "", state.date ? t("date.layout", { year: state.date.slice(0, 4) }) : "", t("as_of", { date: data.as_of })];
  const plans = data.plans.map((p) => t("cite.plan", { plan: nameOf(p, "title") })).join(" "), sources = t("sheet.sources") + (plans || data.sources.join("；"));
  const sketched = written.some((label) => label.mark) ? t("sheet.note") : "";
  const inset = insetShapes();
  return svgEl("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` },
    svgEl("rect", { width, height, fill: ink("paper") }),
    svgEl("g", { transform: `translate(${frame.x} ${frame.y})` }, mapPicture(map, firms)),
    inset ? svgEl("g", { transform: `translate(${frame.x + 6} ${frame.y + frame.height - inset.height - 6})` }, ...inset.shapes) : null,
    svgEl("rect", { ...frame, fill: "none", stroke: text, "stroke-width": 1.5 }),
    write(margin, 42, cut(nameOf(data, "title"), 40), { "font-size": 28, "font-weight": 700 }),
    write(margin, 65, cut(said.filter((s) => s && s !== data.id).join(" · "), 86), { "font-size": 13, fill: muted }),
    svgEl("path", { d: `M${north} ${frame.y + 14}l11 34l-11 -7l-11 7z`, fill: text }),
    write(north, frame.y + 64, t("north"), { "text-anchor": "middle", "font-weight": 700, "font-size": 13 }),
    svgEl("rect", { x: sx - 8, y: sy - 20, width: bar + 16, height: 34, fill: ink("paper"), "fill-opacity": 0.8 }),
    ...[0, 1, 2, 3].map((i) => svgEl("rect", { x: sx + (bar * i) / 4, y: sy, width: bar / 4, height: 6, fill: i % 2 ? ink("paper") : text, stroke: text })),
    write(sx + bar / 2, sy - 6, (nice >= 1000 ? nice / 1000 + " km" : nice + " m"), { "text-anchor": "middle", "font-size": 12.5 }),
    write(right, top + 12, t("legend.title"), { "font-size": 16, "font-weight": 700 }),
    ...legendColumn(right, top + 26, height - foot),
    write(margin, height - 45, cut(sources, Math.round(width / 11.5)), small),
    write(margin, height - 29, cut(sketched, 110), small),
    write(margin, height - 13, cut([data.footer || "", t("sheet.datum")].filter(Boolean).join(" · "), 100), small),
    write(width - margin, height - 13, t("approval") + (data.approval_number || "＿＿＿＿＿＿＿＿"), { "font-size": 12.5, "text-anchor": "end" }));
}

/** @param {SVGElement} sheet @returns {string} */
export function sheetText(sheet) {
  for (const node of sheet.querySelectorAll("text")) node.setAttribute("font-family", SVG_FONT);
  return new XMLSerializer().serializeToString(sheet);
}
