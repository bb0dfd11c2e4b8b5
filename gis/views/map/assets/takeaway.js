/**
 * Hand things over as files: the firms as GeoJSON or CSV, the view as SVG or PNG, the page on paper.
 */

import { announce, byId, download, fill } from "./dom.js";
import { allowedFacets, data, pointCards, pointNames, points, positionOf, segmentOf } from "./model.js";
import { isDark } from "./paint.js";
import { atlasSheet, sheetText } from "./sheet.js";
import { change } from "./state.js";
import { plainCell } from "./table.js";
import { nameOf, t } from "./words.js";

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
  download(fileName("svg"), new Blob([sheetText(atlasSheet(map, firms, 1600, 1131))], { type: "image/svg+xml" }));
  announce(t("save.done", { name: fileName("svg") }));
}

/** @param {any} map @param {any} firms */
export async function savePng(map, firms) {
  const width = 1600, height = 1131, scale = 2;
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

/** @type {number} position of the rule that sets the paper, -1 before there is one */
let pageRule = -1;

/**
 * @param {any} map
 * @param {any} firms
 * @param {string} paper A4 or A3
 */
export function printSheet(map, firms, paper) {
  const [width, height] = paper === "A3" ? [2000, 1414] : [1414, 1000];
  // Paper is light, whatever the screen is.
  const scheme = document.documentElement.dataset.scheme;
  if (isDark()) {
    document.documentElement.dataset.scheme = "light";
    change({ scheme: "light" });
  }
  fill(byId("print"), atlasSheet(map, firms, width, height));
  if (document.documentElement.dataset.scheme !== scheme) {
    if (scheme) document.documentElement.dataset.scheme = scheme;
    else delete document.documentElement.dataset.scheme;
    change({ scheme: scheme || "auto" });
  }
  const rules = /** @type {CSSStyleSheet} */ (document.styleSheets[0]);
  if (pageRule >= 0) rules.deleteRule(pageRule);
  pageRule = rules.insertRule(`@page { size: ${paper} landscape; margin: 8mm; }`, rules.cssRules.length);
  window.addEventListener("afterprint", () => fill(byId("print")), { once: true });
  window.print();
}
