/**
 * List what is known but not drawn, by kind and reason, so that nothing is lost.
 */

import { firmList } from "./card.js";
import { el } from "./dom.js";
import { data, isByPlace, placeOf, pointCards, points } from "./model.js";
import { change, state } from "./state.js";
import { lang, nameOf, num, t } from "./words.js";

/** @type {Set<string>} kinds whose list is folded out */
const openKinds = new Set(["places", "points"]);

/** @type {{lang: string, groups: Array<[string, HTMLElement]>}|null} the firms' lists, made when first asked for */
let firmLists = null;

/**
 * Why a point is not drawn.
 * @param {number} i
 * @param {any} card
 * @returns {string}
 */
export function whyNotDrawn(i, card) {
  const place = card?.within && placeOf(card.within);
  if (place && isByPlace(i)) return t("unplaced.wide", { place: nameOf(place) });
  return card?.unplaced_reason || t("unplaced.no_reason");
}

/** @template T @param {T[]} things @param {function(T): string} reason @returns {Map<string, T[]>} the commonest reason first */
function byReason(things, reason) {
  const groups = new Map();
  for (const thing of things) {
    const why = reason(thing);
    groups.set(why, [...(groups.get(why) || []), thing]);
  }
  return new Map([...groups].sort((a, b) => b[1].length - a[1].length));
}

/** @param {string} kind @param {any} thing @returns {HTMLElement} */
function thingLink(kind, thing) {
  return el("li", {}, el("button", { class: "link", type: "button", on: { click: () => change({ selected: { type: kind, id: thing.id } }) } }, el("bdi", { text: nameOf(thing) })));
}

/**
 * @param {string} kind
 * @param {string} title
 * @param {number} count
 * @param {Array<[string, HTMLElement]>} groups reason and list
 * @returns {HTMLElement}
 */
function folder(kind, title, count, groups) {
  const box = /** @type {HTMLDetailsElement} */ (el("details", { class: "unplaced-kind", data: { kind }, open: openKinds.has(kind), on: { toggle: () => (box.open ? openKinds.add(kind) : openKinds.delete(kind)) } },
    el("summary", {}, title + " ", el("span", { class: "count", text: num(count) })),
    ...groups.map(([reason, list]) => el("div", { class: "unplaced-group" }, el("p", { class: "muted", text: reason }), list))));
  return box;
}

/** @returns {Promise<Array<[string, HTMLElement]>>} */
async function firmGroups() {
  const cards = await pointCards();
  const missing = Array.from({ length: points.n - points.placed }, (_, k) => points.placed + k);
  return Promise.all([...byReason(missing, (i) => whyNotDrawn(i, cards[i]))].map(async ([why, members]) => /** @type {[string, HTMLElement]} */ ([why, await firmList(members, false)])));
}

/** @returns {HTMLElement|null} */
export function unplacedSection() {
  const kinds = ["places", "roads", "facilities"].map((kind) => ({ kind, things: data[kind].filter((x) => !x.geometry) })).filter(({ things }) => things.length);
  const missing = points.n - points.placed;
  if (!kinds.length && !missing) return null;
  const ofThings = ({ kind, things }) => folder(kind, t("kind." + kind), things.length,
    [...byReason(things, (x) => x.unplaced_reason || t("unplaced.no_reason"))].map(([why, group]) => [why, el("ul", { class: "firm-list" }, ...group.map((x) => thingLink(kind, x)))]));
  const ofFirms = (groups) => folder("points", t("tree.points." + data.point_noun), missing, groups);
  const ready = firmLists?.lang === lang() ? firmLists.groups : null, spot = missing ? ofFirms(ready || []) : null;
  if (missing && !ready) {
    const spoken = lang();
    firmGroups().then((groups) => {
      firmLists = { lang: spoken, groups };
      if (state.tab === "about" && spot?.isConnected) spot.replaceWith(ofFirms(groups));
    });
  }
  const [first, ...rest] = kinds.map(ofThings);
  const places = kinds[0]?.kind === "places";
  return el("section", { class: "unplaced-all" }, el("h3", { text: t("about.unplaced", { n: num(missing + kinds.reduce((sum, { things }) => sum + things.length, 0)) }) }),
    el("p", { class: "note", text: t("about.unplaced.why") }),
    ...(places ? [first, spot, ...rest] : [spot, first, ...rest]));
}
