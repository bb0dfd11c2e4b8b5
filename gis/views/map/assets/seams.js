/**
 * Take the outlines of neighbours apart, so that an edge which two of them share is drawn once.
 */

/** Above so many corners outlines are drawn whole: the pixels of a shared edge would not be worth the wait. */
const MOST_CORNERS = 60000;

/** @param {any} geometry @returns {number[][][]} its rings or lines */
function ringsOf({ type, coordinates }) {
  if (type === "Polygon" || type === "MultiLineString") return coordinates;
  return type === "MultiPolygon" ? coordinates.flat() : type === "LineString" ? [coordinates] : [];
}

/** @param {number[]} point @returns {number} one number for a place, to about a metre */
function keyOf([lon, lat]) {
  return Math.round((lon + 180) * 1e5) * 18000001 + Math.round((lat + 90) * 1e5);
}

/**
 * The lines that draw a row of outlines; an edge belongs to the first that has it.
 * @param {any[]} geometries GeoJSON
 * @returns {number[][][][]} for each geometry its lines
 */
export function linesOnce(geometries) {
  const all = geometries.map(ringsOf);
  if (all.flat().reduce((sum, ring) => sum + ring.length, 0) > MOST_CORNERS) return all;
  /** @type {Map<number, Set<number>>} from the lower end of each edge that is drawn to its upper ends */
  const known = new Map();
  const isNew = (a, b) => {
    const low = Math.min(a, b), high = Math.max(a, b), ends = known.get(low);
    if (!ends) known.set(low, new Set([high]));
    else if (ends.has(high)) return false;
    else ends.add(high);
    return true;
  };
  return all.map((rings) => rings.flatMap((ring) => {
    const lines = [];
    let line = null, before = keyOf(ring[0]);
    for (let i = 1; i < ring.length; i++) {
      const key = keyOf(ring[i]);
      if (isNew(before, key)) {
        if (!line) lines.push((line = [ring[i - 1]]));
        line.push(ring[i]);
      } else line = null;
      before = key;
    }
    // A ring that is cut only where it began is one line.
    if (lines.length > 1 && lines[0][0] === ring[0] && line) lines[0] = [...lines.pop().slice(0, -1), ...lines[0]];
    return lines;
  }));
}
