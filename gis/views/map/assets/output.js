/**
 * Offer the present map for handing over, in one dialog: a preview, the size, and the words of the sheet.
 */

import { byId, el, fill } from "./dom.js";
import { productTitle } from "./products.js";
import { atlasSheet, PAPER } from "./sheet.js";
import { data } from "./model.js";
import { state } from "./state.js";
import { printSheet, savePng, saveSvg } from "./takeaway.js";
import { t } from "./words.js";

/** What of a sheet the reader may write. */
const FIELDS = ["title", "figure", "author", "date"];

/** @param {string} name @returns {string} what stands there where nothing else is written */
function usual(name) {
  return { title: productTitle(), date: data.as_of }[name] || "";
}

/** @param {any} map @param {any} firms */
export function openOutput(map, firms) {
  const box = /** @type {HTMLDialogElement} */ (byId("output")), preview = el("div", { class: "preview", role: "img", "aria-label": t("output.preview") });
  const show = () => fill(preview, atlasSheet(map, firms, state.sheet.size));
  const field = (name) => {
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "text", maxlength: 60, value: state.sheet[name] || usual(name), on: { change: () => {
      state.sheet[name] = input.value.trim() === usual(name) ? "" : input.value.trim();
      show();
    } } }));
    return el("label", {}, el("span", { text: t("output." + name) }), input);
  };
  const size = (name) => {
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "radio", name: "output-size", value: name, on: { change: () => {
      state.sheet.size = name;
      show();
    } } }));
    input.checked = state.sheet.size === name;
    return el("label", { class: "chip" }, input, t("output.size." + name));
  };
  const button = (text, act) => el("button", { type: "button", class: "tool", text, on: { click: act } });
  fill(box, el("form", { class: "output", method: "dialog" },
    el("h2", { id: "output-title", text: t("output") }),
    el("fieldset", {}, el("legend", { class: "sr", text: t("output.size") }), ...Object.keys(PAPER).map(size)),
    el("div", { class: "output-fields" }, ...FIELDS.map(field)),
    preview,
    el("div", { class: "output-tools" },
      button(t("save.png"), () => savePng(map, firms, state.sheet.size)),
      button(t("save.svg"), () => saveSvg(map, firms, state.sheet.size)),
      button(t("output.print"), () => { box.close(); printSheet(state.sheet.size); }),
      el("button", { type: "submit", class: "tool", text: t("output.close") }))));
  show();
  box.showModal();
}
