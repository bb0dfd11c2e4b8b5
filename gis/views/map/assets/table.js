/**
 * Show the coverage table; its counts follow the filter.
 */

import { announce, el, fill } from "./dom.js";
import { allowedFacets, countRow, data, isFiltered, placeOf, points, reachOf, shownSystems } from "./model.js";
import { isSketch } from "./paint.js";
import { change, state } from "./state.js";
import { area, nameOf, num, percent, t } from "./words.js";

/**
 * The share of a row's area within the present radius.
 * @param {string} row
 * @param {any} figures
 * @param {"area_share"|"enterprise_share"} [what]
 * @returns {number|null|undefined}
 */
export function reachShare(row, figures, what = "area_share") {
  const curve = reachOf(state.reachTarget || "roads", row);
  if (curve?.[what]?.length) return curve[what][Math.round(state.radius / curve.step_m) - 1];
  if (state.radius === figures?.reach_m && (state.reachTarget || "roads") === "roads") return what === "area_share" ? figures?.reach_area_share : figures?.reach_enterprise_share;
  return undefined;
}

/** Of each tail of the 95 % interval. */
const TAIL = 0.025;

/** The normal law's distribution function, by Abramowitz and Stegun 7.1.26: to 10⁻⁷. @param {number} x @returns {number} */
function normal(x) {
  const z = Math.abs(x) / Math.SQRT2, k = 1 / (1 + 0.3275911 * z);
  const tail = 0.5 * k * (0.254829592 + k * (-0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429)))) * Math.exp(-z * z);
  return x < 0 ? tail : 1 - tail;
}

/**
 * The estimated count of a row under a filter with its 95 % interval, from the sums that Python gave for each facet, by
 * the refined normal law: docs/statistics.md says how, and how near it comes.
 * @param {string} row
 * @param {Uint8Array} allowed
 * @returns {{estimate: number, low: number, high: number}|null} null where nothing can be estimated of the row
 */
export function estimateRow(row, allowed) {
  const e = points.rows[row]?.e;
  if (!e) return null;
  const sums = { s: 0, n: 0, p: 0, v: 0, t: 0 };
  for (let k = 0; k < e.f.length; k++) if (allowed[e.f[k]]) for (const key in sums) sums[key] += e[key][k];
  for (const shared of e.d || []) sums.v += shared.reduce((sum, [k, part]) => sum + (allowed[e.f[k]] ? part : 0), 0) ** 2;
  const { s: sure, n: undecided, p: mean, t: third } = sums, deviation = Math.sqrt(Math.max(sums.v, 1e-12)), skewness = third / deviation ** 3;
  const reached = (count) => {
    const x = (count + 0.5 - mean) / deviation;
    return normal(x) + (skewness * (1 - x * x) * Math.exp((-x * x) / 2)) / (6 * Math.sqrt(2 * Math.PI));
  };
  // Markov's bound is exact where the normal law is not: of so small a mean none is here with more than 97.5 %.
  if (mean < TAIL) return { estimate: sure + mean, low: sure, high: sure + (Math.round((sure + mean) * 100) > sure * 100 ? 1 : 0) };
  const start = Math.max(0, Math.floor(mean - 6 * deviation));
  let low = start;
  while (low < undecided && reached(low) < TAIL) low++;
  let high = low;
  while (high < undecided && reached(high) < 1 - TAIL) high++;
  const estimate = sure + mean, shown = Math.round(estimate * 100) / 100;
  return { estimate, low: Math.min(sure + low, Math.floor(shown)), high: Math.max(sure + high, Math.ceil(shown)) };
}

/**
 * The table's values of one row; null is unknown. Under a filter the rules are those of the whole: what documents list
 * nobody for stays unlisted, and where no chosen firm may be, a list that is not complete tells nothing.
 * @param {string} row
 * @param {any} figures
 * @param {Uint8Array} allowed
 * @returns {any}
 */
export function rowValues(row, figures, allowed) {
  const filtered = isFiltered(), fixed = { area: figures?.area_km2, road: figures?.test_road_km, reach: reachShare(row, figures) };
  const listed = data.kind !== "city" || (figures?.documented ?? null) !== null;
  const counted = {
    documented: listed ? countRow(row, "d", allowed) ?? (filtered ? null : figures?.documented) : null,
    located: countRow(row, "l", allowed) ?? (filtered ? null : figures?.located),
    possible: countRow(row, "m", allowed) ?? (filtered ? null : figures?.possible),
    inside: countRow(row, "i", allowed) ?? (filtered ? null : figures?.inside),
  };
  if (!filtered) return { ...fixed, ...counted, estimate: figures?.estimate, low: figures?.low, high: figures?.high };
  const chosen = estimateRow(row, allowed) ?? { estimate: null, low: null, high: null };
  const unknown = data.kind === "city" && !data.firms_complete && !counted.documented && !chosen.high;
  if (unknown) return { ...fixed, ...counted, located: null, possible: null, estimate: null, low: null, high: null };
  return { ...fixed, ...counted, ...chosen };
}

/** @param {number|null|undefined} n @returns {string} */
function known(n) {
  return n === null || n === undefined ? "–" : num(n);
}

/** @param {any} v @returns {string} */
function estimateText(v) {
  if (v.estimate === null || v.estimate === undefined) return "–";
  return num(v.estimate, 1) + (v.low === undefined || v.low === null ? "" : " [" + num(v.low) + "–" + num(v.high) + "]");
}

/** @returns {Array<{key: string, text: function(any): string, title: string}>} */
function columns() {
  const simple = data.kind !== "city";
  const all = [
    { key: "area", text: (v) => area(v.area) },
    { key: "documented", text: (v) => known(v.documented), skip: simple },
    { key: "located", text: (v) => known(v.located), skip: simple },
    { key: "possible", text: (v) => known(v.possible), skip: simple },
    { key: "inside", text: (v) => num(v.inside), skip: !simple },
    { key: "estimate", text: estimateText, skip: simple },
    { key: simple ? "road" : "road.least", text: (v) => (v.road === undefined || v.road === null ? "–" : num(v.road, 1)), skip: !data.test_roads },
    { key: "reach", text: (v) => percent(v.reach), skip: !data.reach.length && !data.places.some((p) => p.figures?.reach_area_share !== undefined) },
  ];
  return all.filter((c) => !c.skip).map((c) => ({ ...c, title: t("col." + c.key, { r: num(state.radius) }) }));
}

/** @returns {Array<{row: string, name: string, figures: any, kind: string, place: any, role?: string}>} */
export function tableRows() {
  const found = [];
  const systems = shownSystems();
  for (const system of systems) {
    found.push({ row: system.row, name: nameOf(system), figures: system.figures, kind: "system", place: null });
    for (const member of system.members) {
      const place = placeOf(member.place_id);
      if (place && state.shown.has(member.key)) found.push({ row: place.id, name: nameOf(place), figures: member.figures || place.figures, kind: "zone", place, role: member.role });
    }
  }
  if (!data.systems.length) for (const place of data.places) found.push({ row: place.id, name: nameOf(place), figures: place.figures, kind: "zone", place });
  if (data.total) found.push({ row: "total", name: t("table.total"), figures: data.total, kind: "total", place: null });
  if (data.unzoned || points.rows.unzoned) found.push({ row: "unzoned", name: t("table.unzoned"), figures: data.unzoned, kind: "total", place: null });
  return found;
}

/** @param {HTMLElement} panel */
export function drawTable(panel) {
  const allowed = allowedFacets(), cols = columns();
  const body = tableRows().map(({ row, name, figures, kind, place, role }) => {
    const values = rowValues(row, figures, allowed);
    const label = place
      ? el("button", { class: "link", type: "button", on: { click: () => change({ selected: { type: "places", id: place.id } }) } }, role ? el("span", { class: "role", text: role }) : null, el("bdi", { text: name }), isSketch(place.basis) ? el("abbr", { class: "sketch", title: t("basis." + place.basis), text: "◌" }) : null,
        figures?.disagreement && !isFiltered() ? el("abbr", { class: "sketch", title: nameOf(figures, "disagreement"), text: "≠" }) : null)
      : el("bdi", { text: name });
    const chosen = place && state.selected?.type === "places" && state.selected.id === place.id;
    return el("tr", { class: "row-" + kind + (chosen ? " chosen" : "") }, el("th", { scope: "row" }, label), ...cols.map((c) => el("td", { text: c.text(values) })));
  });
  const table = el("table", { class: "coverage" }, el("caption", { class: "sr", text: t("table.caption") }),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", text: t("col.name") }), ...cols.map((c) => el("th", { scope: "col", text: c.title })))), el("tbody", {}, ...body));
  fill(panel,
    el("div", { class: "table-tools" },
      el("button", { type: "button", class: "small", text: t("table.copy"), on: { click: () => copyTable(table) } }),
      isFiltered() ? el("span", { class: "hint", text: t("table.filtered") }) : null),
    el("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": t("table.caption") }, table),
    el("p", { class: "note", text: t(data.kind === "city" ? "table.note" : "table.note.points") }));
}

/** @param {HTMLElement} table */
async function copyTable(table) {
  const text = [...table.querySelectorAll("tr")].map((tr) => [...tr.children].map((cell) => plainCell(cell.textContent || "")).join("\t")).join("\r\n");
  try {
    await navigator.clipboard.writeText(text);
    announce(t("table.copied"));
  } catch {
    announce(t("table.copy_failed"));
  }
}

/** A cell that a spreadsheet will not take for a formula. @param {string} text @returns {string} */
export function plainCell(text) {
  const flat = text.replace(/[\t\r\n\u2028\u2029]+/g, " ");
  return /^[=+\-@]/.test(flat) && !/^[-+]?[\d.,%]+$/.test(flat) ? "'" + flat : flat;
}
