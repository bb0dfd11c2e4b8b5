/**
 * Show the layers as a tree by plan, with the legend in it.
 */

import { numberList } from "./key.js";
import { el, fill, svgEl } from "./dom.js";
import { countBySegment, data, ground, placeOf, points, reachOf } from "./model.js";
import { FACILITY_SHAPES, facilityClass, isSketch, roadClass, ROAD_STYLES, strengthOf, memberInk, systemInk } from "./paint.js";
import { holdsNow, loosePlaces } from "./shapes.js";
import { compareChooser } from "./compare.js";
import { change, state, toggled } from "./state.js";
import { showDate, showTheme, themeIsEmpty, themeNames } from "./themes.js";
import { lang, nameOf, num, percent, t, term } from "./words.js";

/** @type {Set<string>} parts of the tree that are folded away */
const folded = new Set();
let foldedFirst = true;

/**
 * A box that is ticked, empty, or in between.
 * @param {string} label
 * @param {boolean} on
 * @param {boolean} mixed
 * @param {function(boolean): void} act
 * @returns {HTMLElement}
 */
function tick(label, on, mixed, act) {
  const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", "aria-label": label, on: { change: () => act(box.checked) } }));
  box.checked = on;
  box.indeterminate = mixed;
  return box;
}

/** @param {any} member @param {number} [size] @returns {SVGElement} a swatch of how a member's outline is drawn */
function swatch(member, size = 16) {
  const place = placeOf(member.place_id), color = memberInk(member), strength = strengthOf(member);
  return outlineSwatch(color, strength, isSketch(place?.basis), !place?.geometry, size);
}

/**
 * @param {string} color
 * @param {number} strength
 * @param {boolean} sketch
 * @param {boolean} absent
 * @param {number} size
 * @returns {SVGElement}
 */
export function outlineSwatch(color, strength, sketch, absent, size = 16) {
  const frame = { x: 1.5, y: 2.5, width: size + 3, height: size - 5, rx: 2, stroke: color, "stroke-width": 1.6, fill: "none" };
  return svgEl("svg", { class: "swatch", width: size + 6, height: size, "aria-hidden": "true" },
    absent ? svgEl("rect", { ...frame, "stroke-dasharray": "1 3" }) : sketch ? [
      svgEl("rect", { ...frame, stroke: "none", fill: color, "fill-opacity": 0.1 + 0.2 * strength }),
      svgEl("path", { d: `M4 ${size - 3}l8 -${size - 6}M10 ${size - 3}l8 -${size - 6}`, stroke: color, "stroke-width": 1.3, "stroke-opacity": 0.7 }),
    ] : svgEl("rect", { ...frame, fill: color, "fill-opacity": 0.1 + 0.28 * strength }));
}

/**
 * @param {string} key
 * @param {HTMLElement} head
 * @param {Node[]} children
 * @param {boolean} open
 * @returns {HTMLElement}
 */
function branch(key, head, children, open) {
  const body = el("ul", { class: "branch", hidden: !open }, ...children);
  const toggle = el("button", {
    class: "fold", type: "button", "aria-expanded": String(open), "aria-label": t("tree.fold"),
    on: {
      click: () => {
        const now = body.hidden;
        body.hidden = !now;
        toggle.setAttribute("aria-expanded", String(now));
        if (now) folded.delete(key);
        else folded.add(key);
      },
    },
  });
  return el("li", {}, el("div", { class: "tree-row" }, toggle, head), body);
}

/** @param {Array<{key: string}>} members @param {boolean} on */
function setMembers(members, on) {
  const shown = new Set(state.shown);
  for (const member of members) {
    if (on) shown.add(member.key);
    else shown.delete(member.key);
  }
  change({ shown });
}

/** @param {any} system @returns {HTMLElement} */
function systemBranch(system) {
  const on = system.members.filter((m) => state.shown.has(m.key)).length;
  const color = systemInk(system.position);
  const past = system.valid_to || !holdsNow(system);
  const head = el("label", { class: "tree-label" },
    system.listed ? tick(nameOf(system), on > 0 && on === system.members.length, on > 0 && on < system.members.length, (value) => setMembers(system.members, value)) : null,
    el("span", { class: "system-dot", css: { background: color } }),
    el("span", { class: "system-name", text: nameOf(system) }),
    past ? el("span", { class: "tag", text: t("tree.past") }) : null,
    system.listed ? el("span", { class: "count", text: String(system.members.length) }) : el("span", { class: "tag", text: t("tree.named_only"), title: t("tree.named_only.why") }));
  const children = system.members.map((member) => {
    const place = placeOf(member.place_id), name = place ? nameOf(place) : member.name_as_written;
    return el("li", { class: "tree-row leaf" },
      tick(name, state.shown.has(member.key), false, (value) => change({ shown: toggled(state.shown, member.key, value) })),
      swatch(member),
      el("button", { class: "link", type: "button", on: { click: () => change({ selected: { type: "places", id: member.place_id } }) } },
        el("span", { class: "role", text: member.role }), el("bdi", { text: name })),
      place?.geometry ? null : el("span", { class: "tag", title: place?.unplaced_reason, text: t("tree.unplaced") }));
  });
  if (!children.length) return el("li", { class: "tree-row" }, el("span", { class: "fold-space" }), head);
  return branch(system.key, head, children, !folded.has(system.key));
}

/** @param {string} layer @param {string} text @param {Node|null} symbol @param {number} [count] @returns {HTMLElement} */
function layerRow(layer, text, symbol, count) {
  return el("li", { class: "tree-row" }, el("label", { class: "tree-label" },
    tick(text, state.layers.has(layer), false, (value) => change({ layers: toggled(state.layers, layer, value) })), symbol,
    el("span", { text }), count === undefined ? null : el("span", { class: "count", text: num(count) })));
}

/** @param {string} key @returns {SVGElement} */
export function roadSwatch(key) {
  const style = ROAD_STYLES[key];
  return svgEl("svg", { class: "swatch", width: 22, height: 16, "aria-hidden": "true" },
    svgEl("line", { x1: 1, x2: 21, y1: 8, y2: 8, class: "ink-" + style.color, "stroke-width": style.weight, "stroke-dasharray": style.dash && style.dash.split(" ").map((v) => Number(v) / 2).join(" ") }));
}

/** @param {string} key @returns {SVGElement} */
export function facilitySwatch(key) {
  return svgEl("svg", { class: "swatch", width: 22, height: 18, viewBox: "-11 -9 22 18", "aria-hidden": "true" }, svgEl("path", { d: FACILITY_SHAPES[key], class: "ink-facility" }));
}

/** @returns {Node} the links of the chain, as legend, chart and filter in one */
function segmentFilter() {
  const row = state.selected?.type === "places" ? String(state.selected.id) : "";
  const counts = countBySegment(points.rows[row] ? row : ""), most = Math.max(1, ...counts);
  const rows = data.segments.map((segment, s) => ({ segment, s })).filter(({ s }) => countBySegment("")[s] > 0 || data.kind !== "city");
  return el("div", {},
    el("div", { class: "filter-tools" },
      el("button", { type: "button", class: "small", text: t("filter.all"), on: { click: () => change({ segmentsOff: new Set(), standingsOff: new Set(), plan: "" }) } }),
      el("button", { type: "button", class: "small", text: t("filter.none"), on: { click: () => change({ segmentsOff: new Set(data.segments.keys()) }) } }),
      points.rows[row] ? el("span", { class: "hint", text: t(data.plans.length ? "filter.of" : "filter.inside", { name: nameOf(placeOf(row) || { name: row }) }) }) : null),
    el("ul", { class: "segments", css: { "--digits": num(most).length + "ch" } }, ...rows.map(({ segment, s }) => el("li", {}, el("label", { class: "segment" + (state.segmentsOff.has(s) ? " off" : ""), data: { s } },
      tick(nameOf(segment, "label"), !state.segmentsOff.has(s), false, (value) => change({ segmentsOff: toggled(state.segmentsOff, s, !value) })),
      segmentMark(segment),
      el("span", { class: "segment-name", text: nameOf(segment, "label") }),
      el("span", { class: "bar", "aria-hidden": "true" }, el("span", { css: { width: (100 * counts[s]) / most + "%", background: segment.color } })),
      el("span", { class: "count", text: num(counts[s]) }))))));
}

/** Show which links are filtered away, without building the list again. @param {HTMLElement} panel */
export function refreshSegments(panel) {
  for (const row of panel.querySelectorAll(".segment[data-s]")) {
    const off = state.segmentsOff.has(Number(/** @type {HTMLElement} */ (row).dataset.s));
    row.classList.toggle("off", off);
    /** @type {HTMLInputElement} */ (row.querySelector("input")).checked = !off;
  }
}

/** @param {any} segment @returns {HTMLElement} */
export function segmentMark(segment) {
  return el("span", { class: "mark", "aria-hidden": "true", text: segment.glyph, css: { background: segment.color, color: markInk(segment.color) } });
}

/** @param {string} color @returns {string} */
function markInk(color) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#10151c" : "#ffffff";
}

/** @param {string} title @param {...any} children @returns {HTMLElement} */
function section(title, ...children) {
  return el("section", {}, el("h3", { text: title }), ...children);
}

/** @param {HTMLElement} panel */
export function drawTree(panel) {
  if (foldedFirst) {
    foldedFirst = false;
    for (const system of data.systems) if (!system.members.some((m) => state.shown.has(m.key))) folded.add(system.key);
  }
  const plans = data.plans.map((plan) => ({ plan, systems: data.systems.filter((s) => s.plan === plan.id) })).filter(({ systems }) => systems.length);
  const tree = plans.map(({ plan, systems }) => {
    const members = systems.flatMap((s) => s.members), on = members.filter((m) => state.shown.has(m.key)).length;
    const title = nameOf(plan, "title");
    const head = el("label", { class: "tree-label plan" }, tick(title, on > 0 && on === members.length, on > 0 && on < members.length, (value) => setMembers(members, value)),
      el("span", { text: lang() === "zh" && plan.short ? plan.short : title, title }));
    return branch(plan.id, head, systems.map(systemBranch), !folded.has(plan.id));
  });
  const roadKeys = Object.keys(ROAD_STYLES).map((key) => [key, data.roads.filter((r) => r.geometry && roadClass(r) === key).length]).filter(([, n]) => n);
  const facilityKeys = Object.keys(FACILITY_SHAPES).map((key) => [key, data.facilities.filter((f) => f.geometry && facilityClass(f.type) === key).length]).filter(([, n]) => n);
  const loose = loosePlaces();
  const standings = points.standings.length > 1 ? points.standings : [];
  const themes = themeNames(), compare = compareChooser();
  fill(panel, numberList(),
    themes.length > 1 ? section(t("tree.themes"), el("div", { class: "chips" }, ...themes.map((name) => el("button", { type: "button", class: "chip theme", "aria-pressed": String(state.theme === name), text: t("theme." + name), on: { click: () => showTheme(name) } }))), themeIsEmpty() ? el("p", { class: "hint", id: "theme-nothing", text: t("theme.nothing") }) : null) : null,
    data.dates.length ? section(t("tree.date"), el("div", { class: "chips" }, ...data.dates.map(([date, label]) => el("button", { type: "button", class: "chip theme", "aria-pressed": String((state.date || data.as_of) === date), text: date === data.as_of ? t("date.now") : t("date.layout", { year: label }), on: { click: () => showDate(date) } })))) : null,
    data.reach.length && state.layers.has("reach") ? section(t("tree.reach"), reachChooser()) : null,
    state.layers.has("parcels") ? section(t("theme.land"), parcelList()) : null,
    tree.length ? section(t("tree.systems"), el("ul", { class: "tree" }, ...tree, loose.length ? layerRow("zones", t("layer.loose"), outlineSwatch(systemInk(5), 0.5, false, false), loose.length) : null)) : loose.length ? section(t("col.name"), el("ul", { class: "tree" }, layerRow("zones", t("kind.places"), outlineSwatch(systemInk(5), 0.5, false, false), loose.length))) : null,
    points.n ? section(t("tree.points." + data.point_noun),
      el("ul", { class: "tree" }, layerRow("firms", t("layer.firms"), null, points.n)),
      standings.length ? el("div", { class: "chips" }, ...standings.map((s, i) => el("label", { class: "chip" }, tick(term("standing", s), !state.standingsOff.has(i), false, (v) => change({ standingsOff: toggled(state.standingsOff, i, !v) })), term("standing", s)))) : null,
      data.plans.length > 1 && data.kind === "city" ? planFilter() : null,
      segmentFilter()) : null,
    roadKeys.length || facilityKeys.length ? section(t("tree.roads"), el("ul", { class: "tree" },
      ...roadKeys.map(([key, n]) => layerRow("roads." + key, t("road." + key), roadSwatch(String(key)), Number(n))),
      ...facilityKeys.map(([key, n]) => layerRow("facilities." + key, t("facility." + key), facilitySwatch(String(key)), Number(n))))) : null,
    data.reach.length && !state.layers.has("reach") ? section(t("tree.reach"), reachChooser()) : null,
    compare ? section(t("tree.compare"), compare) : null,
    section(t("tree.ground"), el("ul", { class: "tree" }, layerRow("labels", t("layer.labels"), null), ground.length ? layerRow("ground", t("layer.ground"), null) : null, data.basemap ? layerRow("tiles", t("layer.tiles"), null) : null)));
}

/** @returns {HTMLElement} land that the plans reserve or renew */
function parcelList() {
  return el("ul", { class: "indicators" }, ...data.parcels.map((parcel) => el("li", {},
    el("button", { class: "link", type: "button", on: { click: () => change({ selected: { type: "places", id: parcel.place_id, fly: true } }) } }, el("span", { class: "role", text: t("parcel." + parcel.kind) }), el("bdi", { text: nameOf(placeOf(parcel.place_id) || { name: parcel.name_as_written }) })),
    el("div", { class: "muted" }, parcel.note || "", " ", t("cite.line", { line: parcel.citation.line, file: parcel.citation.file })))));
}

/** @returns {HTMLElement} how far a road or station reaches, and what share that covers in all */
function reachChooser() {
  const targets = [...new Set(data.reach.map((c) => c.target))], target = state.reachTarget || targets[0];
  const step = data.reach[0].step_m, most = step * data.reach[0].area_share.length;
  const says = () => t("reach.says", { r: num(state.radius), share: percent(reachOf(target, "total")?.area_share[Math.round(state.radius / step) - 1]) });
  const text = el("span", { class: "hint", id: "reach-says", text: says() });
  const slider = /** @type {HTMLInputElement} */ (el("input", { type: "range", min: step, max: most, step, value: state.radius, "aria-label": t("reach.radius"), on: {
    input: () => change({ radius: Number(slider.value) }) } }));
  return el("div", {}, el("ul", { class: "tree" }, layerRow("reach", t("reach.show"), null)),
    targets.length > 1 ? el("select", { "aria-label": t("reach.target"), class: "wide", on: { change: (event) => change({ reachTarget: event.target.value }) } }, ...targets.map((name) => el("option", { value: name, text: t("reach.of", { what: name === "roads" ? t("road.test") : term("facility.type", name) }), selected: name === target }))) : null,
    el("div", { class: "range" }, slider, el("output", { text: num(state.radius) + " m" })), text);
}

/** @returns {HTMLElement} */
function planFilter() {
  const select = el("select", { "aria-label": t("filter.plan"), on: { change: () => change({ plan: /** @type {HTMLSelectElement} */ (select).value }) } },
    el("option", { value: "", text: t("filter.every_plan") }),
    ...data.plans.map((plan) => el("option", { value: plan.id, text: t("filter.named_in", { plan: plan.short || nameOf(plan, "title") }), selected: plan.id === state.plan })));
  return el("div", { class: "plan-filter" }, select);
}
