/**
 * Hand things over as files: the firms as GeoJSON or CSV, the view as SVG or PNG, the page on paper.
 */

import { announce, byId, download, el, fill } from "./dom.js";
import { allowedFacets, data, placeOf, pointCards, pointNames, points, positionOf, segmentOf, shownSystems } from "./model.js";
import { isSketch } from "./paint.js";
import { loosePlaces } from "./shapes.js";
import { atlasSheet, sheetText } from "./sheet.js";
import { state } from "./state.js";
import { plainCell } from "./table.js";
import { nameOf, num, t } from "./words.js";

/** @param {string} ending @returns {string} */
function fileName(ending) {
  return (nameOf(data, "title").slice(0, 60) || "map") + "-" + data.as_of + "." + ending;
}

/** @returns {number[]} all points that the filter lets through */
export function filteredPoints() {
  const allowed = allowedFacets(), found = [];
  for (let i = 0; i < points.n; i++) if (allowed[points.facet[i]]) found.push(i);
  return found;
}

/**
 * @param {number[]} members
 * @returns {Promise<Array<Object<string, any>>>} one record a point
 */
async function records(members) {
  const [names, cards] = await Promise.all([pointNames(), pointCards()]);
  return members.map((i) => {
    const card = cards[i] || {}, at = positionOf(i);
    return {
      ...(card.id ? { id: card.id } : {}), name: names[i], segment: segmentOf(i).label, ...(points.has_cards ? {
        kind: card.kind || null, standing: points.standings[points.facets[points.facet[i]][1]], within: card.within || null, geometry_basis: card.basis || null, accuracy_m: card.accuracy_m ?? null, address: card.address || null } : {}),
      lon: at ? Number(at.lon.toFixed(6)) : null, lat: at ? Number(at.lat.toFixed(6)) : null,
    };
  });
}

/** @param {any[]} rows @returns {string} */
export function csvOf(rows) {
  const columns = rows.length ? Object.keys(rows[0]) : ["name"];
  const cell = (value) => {
    const text = typeof value === "number" ? String(value) : plainCell(value === null || value === undefined ? "" : String(value));
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  };
  return "\ufeff" + [columns, ...rows.map((row) => columns.map((c) => row[c]))].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** @param {any[]} rows @returns {string} RFC 7946, with the datum said, as the command line says it */
export function geojsonOf(rows) {
  return JSON.stringify({ type: "FeatureCollection", datum: "wgs84", features: rows.map(({ lon, lat, ...properties }) => ({ type: "Feature", properties, geometry: lon === null ? null : { type: "Point", coordinates: [lon, lat] } })) });
}

/**
 * @param {"geojson"|"csv"} kind
 * @param {number[]} members
 * @param {any} [drawn]
 */
export async function saveFirms(kind, members, drawn) {
  const rows = await records(members), name = fileName((drawn ? t("save.selection") + "." : "") + kind);
  if (kind === "csv") download(name, new Blob([csvOf(rows)], { type: "text/csv" }));
  else download(name, new Blob([geojsonOf(rows)], { type: "application/geo+json" }));
  announce(t("save.done", { name }));
}

/** @param {any} map @param {any} firms */
export function saveSvg(map, firms) {
  download(fileName("svg"), new Blob([sheetText(atlasSheet(map, firms, ...PAPER.A4))], { type: "image/svg+xml" }));
  announce(t("save.done", { name: fileName("svg") }));
}

/** @param {any} map @param {any} firms */
export async function savePng(map, firms) {
  const [width, height] = PAPER.A4, scale = 2.5;
  const address = URL.createObjectURL(new Blob([sheetText(atlasSheet(map, firms, width, height))], { type: "image/svg+xml" }));
  const image = new Image(width, height);
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  download(fileName("png"), /** @type {Blob} */ (blob));
  announce(t("save.done", { name: fileName("png") }));
}

/** Pixels of a sheet; letters are about 8 points high on paper. @type {Object<string, [number, number]>} */
const PAPER = { A4: [1270, 898], A3: [1796, 1270] };

/** The paper that is asked for by the menu; A4 where the browser's own command prints. */
let paper = "A4";
/** @type {number} position of the rule that sets the paper, -1 before there is one */
let pageRule = -1;

/** @param {string[]} names of all points @returns {HTMLElement} what is drawn, as a list */
function paperList(names) {
  const zones = shownSystems().map((system) => ({ title: nameOf(system), members: system.members.filter((m) => state.shown.has(m.key)) }));
  const line = (m) => {
    const place = placeOf(m.place_id), how = !place?.geometry ? t("tree.unplaced") : isSketch(place.basis) ? t("label.sketch") : "";
    return el("li", {}, m.role + " · ", el("bdi", { text: place ? nameOf(place) : m.name_as_written }), how ? el("small", { text: " " + how }) : null);
  };
  const loose = state.layers.has("zones") ? loosePlaces().slice(0, 400) : [];
  const members = state.layers.has("firms") && points.n <= 2000 ? filteredPoints() : [];
  const links = data.segments.map((segment) => ({ segment, own: members.filter((i) => segmentOf(i) === segment) })).filter(({ own }) => own.length);
  return el("div", { class: "print-list" },
    ...zones.map(({ title, members: rows }) => el("section", {}, el("h3", { text: title }), el("ul", {}, ...rows.map(line)))),
    loose.length ? el("section", {}, el("h3", { text: t("kind.places") }), el("ul", {}, ...loose.map((p) => el("li", {}, el("bdi", { text: nameOf(p) }))))) : null,
    ...links.map(({ segment, own }) => el("section", {}, el("h3", { text: nameOf(segment, "label") + " " + num(own.length) }),
      el("ul", {}, ...own.map((i) => el("li", {}, el("bdi", { text: names[i] || "" }), i >= points.placed ? el("small", { text: " " + t("tree.unplaced") }) : null))))));
}

/**
 * Whatever prints the page prints the sheet, and what is drawn as a list.
 * @param {any} map
 * @param {any} firms
 */
export function setUpPrinting(map, firms) {
  /** @type {string[]} */
  let names = [];
  if (points.n <= 2000) setTimeout(() => pointNames().then((read) => (names = read)), 0);
  window.addEventListener("beforeprint", () => {
    const [width, height] = PAPER[paper], rules = /** @type {CSSStyleSheet} */ (document.styleSheets[0]);
    if (pageRule >= 0) rules.deleteRule(pageRule);
    pageRule = rules.insertRule(`@page { size: ${paper} landscape; margin: 8mm; }`, rules.cssRules.length);
    const list = paperList(names);
    fill(byId("print"), el("div", { class: "print-sheet" }, atlasSheet(map, firms, width, height)), list.children.length ? list : null);
  });
  window.addEventListener("afterprint", () => {
    paper = "A4";
    fill(byId("print"));
  });
}

/** @param {string} size A4 or A3 */
export function printSheet(size) {
  paper = size;
  window.print();
}
