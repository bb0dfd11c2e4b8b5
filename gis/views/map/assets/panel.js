/**
 * Keep the side panel (on a phone: the bottom sheet) with its tabs.
 */

import { refreshCard } from "./card.js";
import { byId, el, fill } from "./dom.js";
import { data, find, points } from "./model.js";
import { drawLegendPage } from "./key.js";
import { isSketch } from "./paint.js";
import { change, state, when } from "./state.js";
import { drawTable } from "./table.js";
import { drawTree, refreshSegments } from "./tree.js";
import { unplacedSection } from "./unplaced.js";
import { nameOf, num, t } from "./words.js";

/** @type {Object<string, function(HTMLElement): void>} */
const PAGES = { layers: drawTree, legend: drawLegendPage, table: drawTable, indicators: drawIndicators, about: drawAbout };

/** A window in which the legend has no room beside the map. */
const narrow = matchMedia("(max-width: 760px)");

/** @returns {string[]} */
function pages() {
  return Object.keys(PAGES).filter((page) => (page !== "indicators" || data.indicators.length) && (page !== "table" || data.places.length) && (page !== "legend" || narrow.matches));
}

/** @param {HTMLElement} panel */
function drawIndicators(panel) {
  fill(panel, el("ul", { class: "indicators" }, ...data.indicators.map((i) => el("li", {},
    el("strong", { text: nameOf(i, "label") }),
    el("div", {}, t(i.kind === "target" ? "indicator.target" : "indicator.value", { target: i.target }), i.year ? t("indicator.year", { year: i.year }) : null, " ",
      i.kind === "target" && i.status_label ? el("span", { class: "tag" + (i.status.startsWith("due") || i.status === "unproven" ? " warn" : ""), text: nameOf(i, "status_label") }) : null),
    i.now === undefined ? null : el("div", { text: t("indicator.now", { now: i.now }) + (i.gap === undefined || i.kind !== "target" ? "" : t("indicator.gap", { gap: i.gap + (i.unit || "") })) }),
    i.reason ? el("div", { class: "muted", text: nameOf(i, "reason") }) : null,
    el("div", { class: "cite" }, el("bdi", { text: find("plans", i.plan)?.short || i.plan }), " ", t("cite.line", { line: i.citation.line, file: i.citation.file }))))));
}

/** @param {HTMLElement} panel */
function drawAbout(panel) {
  fill(panel,
    el("section", {}, el("h3", { text: t("about.plans") }), el("ul", { class: "sources" }, ...data.plans.map((p) => el("li", {}, el("strong", { text: nameOf(p, "title") }), el("div", { class: "muted", text: [p.issuer, p.number, p.published, p.file].filter(Boolean).join(" · ") }))))),
    data.sources.length ? el("section", {}, el("h3", { text: t("about.sources") }), el("ul", { class: "sources" }, ...data.sources.map((s) => el("li", { text: s })))) : null,
    el("section", {}, el("h3", { text: t("about.exact") }), data.kind === "city" ? el("p", { text: exactness() }) : null, el("p", { class: "note", text: t("about.error", { m: points.error_m }) })),
    unplacedSection());
}

/** @returns {any[]} the places, and the districts that a plan gives a role: only those have figures */
function zones() {
  return [...data.places, ...data.districts.filter((d) => d.figures)];
}

/** @returns {string} */
function exactness() {
  const drawn = zones().filter((p) => p.geometry), sketched = drawn.filter((p) => isSketch(p.basis)).length;
  return t("about.exact.places", { exact: drawn.length - sketched, sketch: sketched, none: zones().length - drawn.length }) + (data.kind === "city" ? t("about.exact.firms", { own: num(points.placed - byPlace(0, points.placed)), stand: num(byPlace(0, points.placed)), wide: num(byPlace(points.placed, points.n)), none: num(points.n - points.placed - byPlace(points.placed, points.n)) }) : "");
}

/**
 * Count the firms known only by their place; the drawn ones come first, then those whose place is too wide to draw.
 * @param {number} from
 * @param {number} to
 * @returns {number}
 */
function byPlace(from, to) {
  let sum = 0;
  for (let i = from; i < to; i++) sum += points.facets[points.facet[i]][3];
  return sum;
}

/** Draw the tabs and the page that is open. */
export function drawPanel() {
  const names = pages();
  if (!names.includes(state.tab)) state.tab = names[0];
  fill(byId("tabs"), ...names.map((page) => el("button", {
    type: "button", role: "tab", id: "tab-" + page, "aria-selected": String(page === state.tab), "aria-controls": "panel-body", tabindex: page === state.tab ? 0 : -1, text: t("tab." + page),
    on: { click: () => { lift(); change({ tab: page }); } },
  })));
  document.body.dataset.tab = state.tab;
  byId("tabs").setAttribute("aria-label", t("panel.label"));
  byId("panel-body").setAttribute("aria-labelledby", "tab-" + state.tab);
  drawPage();
  fill(byId("foot"), el("div", { text: [t("as_of", { date: data.as_of }), t(data.kind === "city" ? "foot.counts" : "foot.points", { n: num(points.n), z: num(zones().length), p: num(data.plans.length) }), data.kind === "city" ? exactness() : ""].filter(Boolean).join(" · ") }),
    data.footer ? el("div", { text: data.footer }) : null, data.approval_number ? el("div", { text: t("approval") + data.approval_number }) : null);
}

/** Other numbers stand on the map: say what they mean. */
export function redrawLegend() {
  if (state.tab === "layers" || state.tab === "legend") drawPage();
}

/** Draw the open page again, keeping place and focus. */
function drawPage() {
  const body = byId("panel-body"), top = body.scrollTop;
  const focus = [...body.querySelectorAll("input, button, select")].indexOf(/** @type {Element} */ (document.activeElement));
  PAGES[state.tab](body);
  // Setting it lays the page out, so not for nothing.
  if (top) body.scrollTop = top;
  if (focus >= 0) /** @type {HTMLElement} */ (body.querySelectorAll("input, button, select")[focus])?.focus({ preventScroll: true });
}

/** On a phone, raise the sheet so that its page can be read. */
function lift() {
  const panel = byId("panel");
  if (!panel.classList.contains("half") && !panel.classList.contains("full")) setSheet("half");
}

/** @param {string} height peek, half or full */
function setSheet(height) {
  const panel = byId("panel");
  panel.classList.toggle("half", height === "half");
  panel.classList.toggle("full", height === "full");
  byId("sheet-handle").setAttribute("aria-expanded", String(height !== "peek"));
}

/** Make tabs and sheet work. @param {any} map */
export function setUpPanel(map) {
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = pages();
    change({ tab: names[(names.indexOf(state.tab) + step + names.length) % names.length] });
    byId("tab-" + state.tab).focus();
  });
  const handle = byId("sheet-handle");
  let from = null;
  handle.addEventListener("pointerdown", (event) => { from = event.clientY; handle.setPointerCapture(event.pointerId); });
  handle.addEventListener("pointerup", (event) => {
    const panel = byId("panel"), now = panel.classList.contains("full") ? 2 : panel.classList.contains("half") ? 1 : 0;
    const moved = from === null ? 0 : event.clientY - from;
    from = null;
    const next = Math.abs(moved) < 8 ? (now + 1) % 3 : Math.max(0, Math.min(2, now + (moved < 0 ? 1 : -1)));
    setSheet(["peek", "half", "full"][next]);
  });
  handle.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    setSheet(byId("panel").classList.contains("half") ? "full" : byId("panel").classList.contains("full") ? "peek" : "half");
  });
  map.on("click", () => { if (matchMedia("(max-width: 760px)").matches) setSheet("peek"); });
  narrow.addEventListener("change", drawPanel);
  when(["tab", "lang"], drawPanel);
  when(["segmentsOff"], () => (state.tab === "layers" ? refreshSegments(byId("panel-body")) : drawPage()));
  when(["segmentsOff", "standingsOff", "plan", "onlyHeadquarters", "radius", "reachTarget"], refreshCard);
  when(["shown", "layers", "standingsOff", "plan", "selected", "radius", "reachTarget", "date", "scheme", "theme", "compare", "onlyHeadquarters"], drawPage);
}

