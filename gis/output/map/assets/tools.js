/**
 * Fill the row of tools at the top.
 */

import { byId, el, fill } from "./dom.js";
import { isDark } from "./paint.js";
import { change, when } from "./state.js";
import { lang, switchLang, t } from "./words.js";

/** @param {string} scheme light or dark */
function setScheme(scheme) {
  document.documentElement.dataset.scheme = scheme;
  change({ scheme });
}

/**
 * @param {any} map
 * @param {any} firms
 */
export function drawTools(map, firms) {
  const draw = () => fill(byId("tools"),
    el("button", { type: "button", class: "tool", text: lang() === "zh" ? "EN" : "中文", "aria-label": t("tool.lang"), on: { click: () => { switchLang(lang() === "zh" ? "en" : "zh"); change({ lang: lang() }); } } }),
    el("button", { type: "button", class: "tool", text: isDark() ? "☀" : "☾", "aria-label": t(isDark() ? "tool.light" : "tool.dark"), title: t(isDark() ? "tool.light" : "tool.dark"), on: { click: () => setScheme(isDark() ? "light" : "dark") } }));
  draw();
  when(["lang", "scheme"], draw);
}
