/**
 * Fill the row of tools at the top.
 */

import { byId, el, fill } from "./dom.js";
import { startDrawing } from "./draw.js";
import { data, points } from "./model.js";
import { isDark } from "./paint.js";
import { change, when } from "./state.js";
import { filteredPoints, printSheet, saveFirms, savePng, saveSvg } from "./takeaway.js";
import { lang, switchLang, t } from "./words.js";

/** @param {string} scheme light or dark */
function setScheme(scheme) {
  document.documentElement.dataset.scheme = scheme;
  change({ scheme });
}

/**
 * A button that opens a list of things to do.
 * @param {string} label
 * @param {Array<Array<any>|null>} items each a label and what it does; null draws a line
 * @returns {HTMLElement}
 */
function menu(label, items) {
  const list = el("div", { class: "menu-list", role: "menu", hidden: true });
  const button = el("button", { type: "button", class: "tool", "aria-haspopup": "menu", "aria-expanded": "false", text: label + " ▾" });
  const show = (on) => {
    list.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    if (on) /** @type {HTMLElement} */ (list.querySelector("button")).focus();
  };
  fill(list, ...items.map((item) => item ? el("button", { type: "button", role: "menuitem", text: item[0], on: { click: () => { show(false); button.focus(); item[1](); } } }) : el("hr")));
  button.addEventListener("click", () => show(list.hidden));
  const box = el("div", { class: "menu" }, button, list);
  box.addEventListener("keydown", (event) => {
    const all = [...list.querySelectorAll("button")], at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    if (event.key === "Escape") { show(false); button.focus(); }
    else if (event.key === "ArrowDown") all[(at + 1) % all.length].focus();
    else if (event.key === "ArrowUp") all[(at - 1 + all.length) % all.length].focus();
    else return;
    event.preventDefault();
  });
  box.addEventListener("focusout", (event) => { if (!box.contains(/** @type {Node} */ (event.relatedTarget))) show(false); });
  return box;
}

/**
 * @param {any} map
 * @param {any} firms
 */
export function drawTools(map, firms) {
  const draw = () => fill(byId("tools"),
    menu(t("tool.measure"), [[t("tool.circle"), () => startDrawing("circle")], [t("tool.polygon"), () => startDrawing("polygon")], null, [t("tool.distance"), () => startDrawing("distance")], [t("tool.area"), () => startDrawing("area")]]),
    menu(t("tool.save"), [[t("save.png"), () => savePng(map, firms)], [t("save.svg"), () => saveSvg(map, firms)], [t("save.print", { paper: "A4" }), () => printSheet("A4")], [t("save.print", { paper: "A3" }), () => printSheet("A3")],
      ...(points.n ? [null, [t("save.firms." + data.point_noun, { kind: "CSV" }), () => saveFirms("csv", filteredPoints())], [t("save.firms." + data.point_noun, { kind: "GeoJSON" }), () => saveFirms("geojson", filteredPoints())]] : [])]),
    el("button", { type: "button", class: "tool", text: lang() === "zh" ? "EN" : "中文", "aria-label": t("tool.lang"), on: { click: () => { switchLang(lang() === "zh" ? "en" : "zh"); change({ lang: lang() }); } } }),
    el("button", { type: "button", class: "tool", text: isDark() ? "☀" : "☾", "aria-label": t(isDark() ? "tool.light" : "tool.dark"), title: t(isDark() ? "tool.light" : "tool.dark"), on: { click: () => setScheme(isDark() ? "light" : "dark") } }));
  draw();
  when(["lang", "scheme"], draw);
}
