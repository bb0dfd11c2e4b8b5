/**
 * Make of each theme a map that can be handed over: its title, its extent, its list, and a sentence where it has nothing.
 */

import { announce, el } from "./dom.js";
import { data, find, placeOf, pointCards, pointNames, points, positionOf, segmentOf } from "./model.js";
import { fitContent } from "./paper.js";
import { isSketch } from "./paint.js";
import { partsOf } from "./shapes.js";
import { map } from "./stage.js";
import { change, state } from "./state.js";
import { demonstrationSystems, firstSystem, PRODUCTS, showTheme, themeIsEmpty } from "./themes.js";
import { area, nameOf, num, t, term } from "./words.js";

/** @returns {string} the title of the present map */
export function productTitle() {
  const place = nameOf(data, "place_name");
  if (!data.place_name || !PRODUCTS.includes(state.theme)) return nameOf(data, "title");
  return t("product." + state.theme, { place });
}

/** @returns {string} what is said where the city's documents hold nothing that this product could draw; else empty */
export function emptySentence() {
  if (!themeIsEmpty()) return "";
  return t(PRODUCTS.includes(state.theme) && data.plans.length ? "product.none." + state.theme : "theme.nothing");
}

/** @param {any} box @param {any} thing */
function take(box, thing) {
  if (thing?.geometry) for (const part of partsOf(thing.geometry)) for (const [lon, lat] of part) box.extend([lat, lon]);
}

/** @param {any[]} systems @param {any} box the places of systems, without those that are whole districts */
function takeMembers(systems, box) {
  for (const system of systems) for (const { place_id } of system.members) take(box, find("places", place_id));
}

/** @param {any} box @returns {void} firms within the district, and not far from what is in the box already */
function takeFirms(box) {
  const [west, south, east, north] = data.bounds, near = box.pad(0.5);
  for (let i = 0; i < Math.min(points.placed, 2000); i++) {
    const { lon, lat } = positionOf(i);
    if (lon >= west && lon <= east && lat >= south && lat <= north && near.contains([lat, lon])) box.extend([lat, lon]);
  }
}

/** @returns {any} the box of what the present product shows; null where that is the whole district */
export function productBounds() {
  const system = firstSystem(), box = L.latLngBounds([]);
  if (data.kind !== "city") return null;
  if (state.theme === "land") for (const { place_id } of data.parcels) take(box, placeOf(place_id));
  else if (state.theme === "roads") {
    takeMembers(demonstrationSystems(), box);
    for (const road of data.roads) if (road.is_test_road) take(box, road);
    for (const facility of data.facilities) if (facility.type === "test_site") take(box, facility);
  } else if (system) takeMembers([system], box);
  if (!box.isValid() && system) takeMembers([system], box);
  if (!box.isValid()) return null;
  if (state.theme !== "land" && state.theme !== "roads") {
    for (const road of data.roads) if (road.is_test_road) take(box, road);
    takeFirms(box);
  }
  return box;
}

/** Show a product, and go where it is. @param {string} theme */
export function showProduct(theme) {
  showTheme(theme);
  if (emptySentence()) announce(emptySentence());
  const [west, south, east, north] = data.bounds;
  fitContent(map, productBounds() || L.latLngBounds([[south, west], [north, east]]));
}

/** @typedef {{columns: string[], rows: Array<{cells: string[], open?: any}>}} List */

/** @param {any} place @returns {string} how well a place is known */
function positionWords(place) {
  return !place?.geometry ? t("tree.unplaced") : isSketch(place.basis) ? t("label.sketch") : t("legend.true");
}

/** @returns {List} the zones of the layout with what they are for */
function layoutList() {
  const members = data.systems.flatMap((system) => system.members.filter((m) => state.shown.has(m.key)));
  return {
    columns: ["name", "role", "function", "area", "known"],
    rows: members.map((m) => {
      const place = placeOf(m.place_id), figures = m.figures || place?.figures;
      return { open: { type: "places", id: m.place_id, fly: true }, cells: [place ? nameOf(place) : m.name_as_written, m.role, (m.functions || []).join("、"), figures?.area_km2 ? area(figures.area_km2) + " km²" : t("list.none"), positionWords(place)] };
    }),
  };
}

/** @returns {List} roads and test sites: what is published beside what is drawn */
function roadList() {
  const roads = data.roads.map((road) => {
    const said = (road.mentions || []).filter((m) => m.length_km), years = [...new Set((road.mentions || []).map((m) => m.year).filter(Boolean))];
    return { open: { type: "roads", id: road.id, fly: true }, cells: [nameOf(road), term("road.type", road.type), said.map((m) => num(m.length_km, m.length_km % 1 ? 1 : 0) + " km").join(" / ") || t("list.none"),
      road.geometry && road.length_km ? num(road.length_km, 1) + " km" : t("list.undrawn"), (road.year || years.join("/") || t("list.none")) + (road.status === "planned" ? " " + term("status", "planned") : "")] };
  });
  const drawn = (i) => (data.roads[i].geometry ? 0 : 1), order = roads.map((_, i) => i).sort((a, b) => drawn(a) - drawn(b));
  return { columns: ["name", "kind", "published", "drawn", "year"], rows: order.map((i) => roads[i]) };
}

/** @returns {List} land: area, use, term and where it is, as far as the documents say */
function landList() {
  return {
    columns: ["name", "use", "area", "known", "clause"],
    rows: data.parcels.map((parcel) => {
      const place = placeOf(parcel.place_id), inside = placeOf(parcel.within || "");
      const name = place ? nameOf(place) : parcel.name_as_written, size = place?.figures?.area_km2;
      return { open: place ? { type: "places", id: place.id, fly: true } : null, cells: [name, [t("parcel." + parcel.kind), parcel.note].filter(Boolean).join("："),
        size ? (isSketch(place.basis) ? "≈ " : "") + area(size) + " km²" : t("list.none"), !place && inside ? t("list.within", { place: nameOf(inside) }) : positionWords(place), t("list.line", { line: parcel.citation.line })] };
    }),
  };
}

/** @param {string[]} names @param {any[]} cards @returns {List} firms with headquarters, targets among them, and where they sit */
function headquartersList(names, cards) {
  const rows = [];
  for (let i = 0; i < points.n; i++) {
    if (points.facets[points.facet[i]][4] !== 1) continue;
    const card = cards[i] || {}, mentions = card.mentions || [], standing = mentions.find((m) => m.standing)?.standing;
    const place = card.within ? nameOf(placeOf(card.within) || { id: card.within }) : positionOf(i) ? t("list.point", { m: num(card.accuracy_m || 0) }) : t("tree.unplaced");
    rows.push({ open: { type: "point", id: i }, cells: [names[i], nameOf(segmentOf(i), "label"), term("standing", standing || ""), place, mentions.map((m) => m.activity).filter(Boolean)[0] || ""] });
  }
  return { columns: ["name", "link", "standing", "where", "activity"], rows };
}

/** @type {{names: string[], cards: any[]}} */
const firmsRead = { names: [], cards: [] };

/** Read what the lists of firms need, so that a sheet can be made at once. @returns {Promise<void>} */
export async function readFirms() {
  if (points.n > 2000) return;
  [firmsRead.names, firmsRead.cards] = await Promise.all([pointNames(), pointCards()]);
}

/** @returns {List|null} the list that belongs to the present product */
export function productList() {
  const lists = { layout: layoutList, roads: roadList, land: landList, headquarters: () => headquartersList(firmsRead.names, firmsRead.cards) };
  const list = state.theme in lists && data.plans.length ? lists[state.theme]() : null;
  return list && list.rows.length ? list : null;
}

/** @returns {HTMLElement|null} the list as a table, for paper */
export function productTable() {
  const list = productList();
  if (!list) return null;
  return el("table", { class: "coverage product" },
    el("thead", {}, el("tr", {}, ...list.columns.map((c) => el("th", { scope: "col", text: t("list." + c) })))),
    el("tbody", {}, ...list.rows.map(({ cells }) => el("tr", {}, el("th", { scope: "row" }, el("bdi", { text: cells[0] })),
      ...cells.slice(1).map((cell) => el("td", { text: cell }))))));
}

/** @returns {HTMLElement|null} the list for the panel, whose rows lead to the map */
export function productRows() {
  const list = productList();
  if (!list) return null;
  const head = ({ cells, open }) => open
    ? el("button", { class: "link", type: "button", on: { click: () => change({ selected: open }) } }, el("bdi", { text: cells[0] }))
    : el("bdi", { text: cells[0] });
  const said = ({ cells }) => cells.slice(1).map((cell, i) => cell && t("list." + list.columns[i + 1]) + t("list.colon") + cell);
  return el("ul", { class: "indicators" }, ...list.rows.map((row) => el("li", {}, head(row),
    el("div", { class: "muted", text: said(row).filter(Boolean).join(" · ") }))));
}
