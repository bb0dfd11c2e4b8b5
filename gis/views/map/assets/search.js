/**
 * Find things by name, other name, chain link or pinyin initials, and go there.
 */

import { selectPoint } from "./card.js";
import { byId, el, fill } from "./dom.js";
import { data, placeOf, pointCards, pointInitials, pointNames, points, segmentOf } from "./model.js";
import { change } from "./state.js";
import { segmentMark } from "./tree.js";
import { nameOf, t } from "./words.js";

const MOST = 40;

/** @param {string} text @returns {string} */
function plainForm(text) {
  return text.normalize("NFKC").toLowerCase();
}

/**
 * @param {string} query
 * @returns {Promise<Array<{kind: string, id: any, name: string, rank: number}>>} best first
 */
export async function lookUp(query) {
  const q = plainForm(query.trim());
  if (!q) return [];
  const found = [];
  const rank = (name, others, initials) => {
    const own = plainForm(name);
    if (own === q) return 0;
    if (own.startsWith(q)) return 1;
    if (own.includes(q)) return 2;
    if (others.some((o) => plainForm(o).includes(q))) return 3;
    return initials && initials.split(" ").some((i) => i.startsWith(q)) ? 4 : initials && /^[a-z0-9]{2,}$/.test(q) && initials.includes(q) ? 5 : -1;
  };
  for (const kind of ["places", "districts", "roads", "facilities"]) {
    for (const thing of data[kind]) {
      const r = rank(thing.name, [thing.name_en || "", ...(thing.aliases || [])], data.search[thing.id] || "");
      if (r >= 0) found.push({ kind, id: thing.id, name: nameOf(thing), rank: r });
    }
  }
  const [names, initials, cards] = await Promise.all([pointNames(), pointInitials(), pointCards()]);
  const segments = data.segments.map((s) => plainForm(s.label).includes(q) || plainForm(s.label_en || "").includes(q));
  for (let i = 0; i < points.n && found.length < 5000; i++) {
    const card = cards[i];
    const r = rank(names[i], card ? [card.name_en || "", ...(card.aliases || [])] : [], initials[i] || "");
    if (r >= 0) found.push({ kind: "point", id: i, name: names[i], rank: r + 0.5 });
    else if (segments[points.facets[points.facet[i]][0]]) found.push({ kind: "point", id: i, name: names[i], rank: 6 });
  }
  return found.sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
}

/** @param {{kind: string, id: any}} hit @returns {boolean} whether it has a mark or an outline on the map */
function isDrawn(hit) {
  return hit.kind === "point" ? hit.id < points.placed : Boolean((placeOf(hit.id) || data[hit.kind].find((x) => x.id === hit.id))?.geometry);
}

let turn = 0;
let active = -1;

/** @param {{kind: string, id: any}} hit */
function go(hit) {
  close();
  if (hit.kind === "point") selectPoint(hit.id, true);
  else change({ selected: { type: hit.kind, id: hit.id, fly: true } });
}

/** Fold the list of results away. */
function close() {
  byId("results").hidden = true;
  byId("search").setAttribute("aria-expanded", "false");
  byId("search").removeAttribute("aria-activedescendant");
  active = -1;
}

/** @param {string} query */
async function show(query) {
  const mine = ++turn;
  const hits = await lookUp(query);
  if (mine !== turn) return;
  const list = byId("results");
  if (!query.trim()) {
    close();
    return;
  }
  fill(list, ...(hits.length ? hits.slice(0, MOST).map((hit, n) => el("li", { id: "result-" + n, role: "option", "aria-selected": "false", on: { mousedown: (e) => e.preventDefault(), click: () => go(hit) } },
    hit.kind === "point" ? segmentMark(segmentOf(hit.id)) : el("span", { class: "kind-tag", text: t("kind." + hit.kind) }), el("bdi", { text: hit.name }),
    isDrawn(hit) ? null : el("span", { class: "tag", text: t("search.unplaced") })))
    : [el("li", { class: "none", role: "option", "aria-selected": "false", text: t("search.none") })]),
    hits.length > MOST ? el("li", { class: "none", role: "option", "aria-selected": "false", text: t("search.more", { n: hits.length - MOST }) }) : null);
  list.hidden = false;
  byId("search").setAttribute("aria-expanded", "true");
  active = -1;
}

/** @param {number} step */
function move(step) {
  const options = [...byId("results").querySelectorAll("li[id]")];
  if (!options.length) return;
  options[active]?.setAttribute("aria-selected", "false");
  active = (active + step + options.length) % options.length;
  options[active].setAttribute("aria-selected", "true");
  options[active].scrollIntoView({ block: "nearest" });
  byId("search").setAttribute("aria-activedescendant", options[active].id);
}

/** Make the search box work. */
export function setUpSearch() {
  const box = /** @type {HTMLInputElement} */ (byId("search"));
  let timer = 0;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => show(box.value), points.n > 50000 ? 250 : 60);
  });
  box.addEventListener("blur", () => setTimeout(close, 150));
  box.addEventListener("keydown", async (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter") {
      clearTimeout(timer);
      const hits = await lookUp(box.value);
      if (hits.length) go(hits[Math.max(0, active)]);
    } else return;
    if (event.key !== "Escape") event.preventDefault();
  });
}
