/**
 * Write names so that each is read as its own: inside its shape, or on a leader line in nobody's shape, else a number.
 */

import { el, fill, svgEl } from "./dom.js";
import { groundNames } from "./ground-names.js";
import { data, placeOf, pointNames, points } from "./model.js";
import { ink, isSketch, memberInk, roadClass, systemInk } from "./paint.js";
import { picture } from "./picture.js";
import { anchorOf, arrowOf, holdsNow, loosePlaces } from "./shapes.js";
import { state } from "./state.js";
import { cut, lang, nameOf, t } from "./words.js";

/** @typedef {{x0: number, y0: number, x1: number, y1: number}} Box in layer pixels */
/**
 * @typedef {Object} Label what was written; x and y are its middle
 * @property {string} [id]
 * @property {string} text
 * @property {string[]} lines
 * @property {string} kind
 * @property {"inside"|"leader"|"number"|"beside"} how
 * @property {number} x
 * @property {number} y
 * @property {string|null} color
 * @property {number} width
 * @property {number} lastWidth of the last line without the mark
 * @property {number} size
 * @property {string} mark what stands after the name: that the place is sketched
 * @property {Array<{x: number, y: number}>} [leader] from the name to its place
 */

/** @type {Label[]} what was last written, for those who draw the map again elsewhere */
export let written = [];
/** @type {Array<{n: number, text: string, id: string, sketch: boolean, color: string|null}>} names a number stands for */
export let numbered = [];

const measure = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
/** Side of a cell of the grid on which room is looked for, pixels. */
const CELL = 5;
/** The longest leader line, pixels; less on a narrow map. */
const LEADER = 130;
/** From this zoom on, firms carry their names. */
const FIRM_ZOOM = 12;
const SIZES = { zone: 13, district: 15, context: 12, road: 11, firm: 11, town: 12, station: 10 };
const WEIGHTS = { zone: 600, district: 600, context: 400, road: 400, firm: 400, town: 400, station: 400 };
const SPACED = { district: 2, context: 2 };
const MARK = 10;

/** @type {Map<string, HTMLElement>} */
let shownLabels = new Map();
/** @type {Map<string, number>} */
const widths = new Map();

/** @param {string} text @param {string} font @returns {number} pixels */
function widthOf(text, font) {
  const key = font + text;
  let width = widths.get(key);
  if (width === undefined) {
    measure.font = font;
    width = measure.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/** @param {Box} a @param {Box} b @returns {boolean} */
function meets(a, b) {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}

/** @param {any} p @param {any} q @param {any} r @param {any} s @returns {boolean} whether two stretches cross */
function crosses(p, q, r, s) {
  const side = (a, b, c) => Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
  return side(p, q, r) !== side(p, q, s) && side(r, s, p) !== side(r, s, q);
}

/** @param {any} p @param {any} q @param {Box} box @returns {boolean} whether a stretch runs through a box */
function runsThrough(p, q, box) {
  const { x0, y0, x1, y1 } = box, within = (a) => a.x > x0 && a.x < x1 && a.y > y0 && a.y < y1;
  return within(p) || within(q) || crosses(p, q, { x: x0, y: y0 }, { x: x1, y: y1 }) || crosses(p, q, { x: x0, y: y1 }, { x: x1, y: y0 });
}

/** The grid of one pass: where the view begins, and how many cells it has. */
class Grid {
  /** @param {{x: number, y: number}} min @param {{x: number, y: number}} size */
  constructor(min, size) {
    this.min = min;
    this.columns = Math.ceil(size.x / CELL);
    this.rows = Math.ceil(size.y / CELL);
  }

  /** @param {Box} box @returns {[number, number, number, number]|null} its cells; null where it sticks out of the view */
  cells({ x0, y0, x1, y1 }) {
    const a = Math.floor((x0 - this.min.x) / CELL), b = Math.floor((y0 - this.min.y) / CELL);
    const c = Math.ceil((x1 - this.min.x) / CELL), d = Math.ceil((y1 - this.min.y) / CELL);
    return a < 1 || b < 1 || c > this.columns - 1 || d > this.rows - 1 ? null : [a, b, c, d];
  }

  /** @param {number} column @param {number} row @returns {{x: number, y: number}} the middle of a cell */
  middle(column, row) {
    return { x: this.min.x + (column + 0.5) * CELL, y: this.min.y + (row + 0.5) * CELL };
  }
}

/** Which cells a shape covers, with running sums, so that any box is asked in four steps. */
class Cover {
  /** @param {Grid} grid */
  constructor(grid) {
    this.grid = grid;
    this.sums = new Int32Array((grid.columns + 1) * (grid.rows + 1));
    this.count = 0;
    this.box = [Infinity, Infinity, -Infinity, -Infinity];
  }

  /** @param {Array<Array<{x: number, y: number}>>} rings @param {[number, number]} part of the width, in cells @returns {Cover} */
  fill(rings, part) {
    const { grid } = this, { columns, rows, min } = grid, cuts = Array.from({ length: rows }, () => /** @type {number[]} */ ([]));
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const a = ring[j], b = ring[i], top = Math.min(a.y, b.y), bottom = Math.max(a.y, b.y);
        const from = Math.max(0, Math.ceil((top - min.y) / CELL - 0.5)), to = Math.min(rows - 1, Math.ceil((bottom - min.y) / CELL - 0.5) - 1);
        for (let r = from; r <= to; r++) {
          const y = min.y + (r + 0.5) * CELL;
          cuts[r].push((a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x) - min.x) / CELL);
        }
      }
    }
    const bits = new Uint8Array(columns * rows);
    cuts.forEach((row, r) => {
      row.sort((a, b) => a - b);
      for (let i = 0; i + 1 < row.length; i += 2) {
        const from = Math.max(part[0], Math.ceil(row[i] - 0.5)), to = Math.min(part[1] - 1, Math.ceil(row[i + 1] - 0.5) - 1);
        for (let c = from; c <= to; c++) bits[r * columns + c] = 1;
        if (from <= to) {
          const box = this.box;
          this.box = [Math.min(box[0], from), Math.min(box[1], r), Math.max(box[2], to), Math.max(box[3], r)];
        }
      }
    });
    return this.sum(bits);
  }

  /** @param {ArrayLike<number>} values one for each cell @returns {Cover} */
  sum(values) {
    const { columns, rows } = this.grid, wide = columns + 1;
    for (let r = 0; r < rows; r++) {
      let line = 0;
      for (let c = 0; c < columns; c++) {
        line += values[r * columns + c];
        this.sums[(r + 1) * wide + c + 1] = this.sums[r * wide + c + 1] + line;
      }
    }
    this.count = this.sums[this.sums.length - 1];
    this.bits = values;
    return this;
  }

  /** @param {number[]} cells @returns {number} how many of a box's cells are covered */
  of([a, b, c, d]) {
    const wide = this.grid.columns + 1, s = this.sums;
    return s[d * wide + c] - s[b * wide + c] - s[d * wide + a] + s[b * wide + a];
  }
}

/** @typedef {{id?: string, text: string, kind: string, geometry: any, color: string|null, side?: number, sketch?: boolean, at?: any}} Item */

/** @returns {Item[]} the most important first */
function wanted() {
  const found = [], seen = new Set();
  const sides = state.compare ? new Set([state.compare.left, state.compare.right]) : null;
  const zone = (place, color, side = 0) => {
    seen.add(place.id);
    found.push({ id: place.id, text: nameOf(place), kind: "zone", geometry: place.geometry, color, side, sketch: isSketch(place.basis) });
  };
  for (const system of data.systems) {
    if (sides && !sides.has(system.key)) continue;
    for (const member of system.members) {
      const place = placeOf(member.place_id);
      if (!place?.geometry || (seen.has(place.id) && !sides) || !(sides || state.shown.has(member.key))) continue;
      zone(place, memberInk(member), sides ? (system.key === state.compare.left ? -1 : 1) : 0);
    }
  }
  if (state.layers.has("zones") && !sides) for (const place of loosePlaces()) if (!seen.has(place.id)) zone(place, systemInk(5));
  if (state.layers.has("parcels") && !sides) {
    for (const { place_id } of data.parcels) if (placeOf(place_id)?.geometry && !seen.has(place_id)) zone(placeOf(place_id), null);
  }
  const chosen = state.selected && placeOf(String(state.selected.id));
  if (chosen?.geometry && !seen.has(chosen.id) && data.places.includes(chosen)) zone(chosen, null);
  const districts = data.districts.filter((d) => d.geometry && !seen.has(d.id) && (d.level === "historic" ? state.date && holdsNow(d) : !state.date || holdsNow(d)));
  const rank = (d) => (d.role === "subject" ? (d.level === "town" ? 1 : 0) : 2);
  districts.sort((a, b) => rank(a) - rank(b));
  for (const district of districts) {
    const kind = district.role === "subject" && district.level !== "town" ? "district" : "context";
    found.push({ id: district.id, text: nameOf(district), kind, geometry: district.geometry, color: null });
  }
  for (const road of data.roads) {
    if (!road.geometry || !state.layers.has("roads." + roadClass(road))) continue;
    found.push({ id: road.id, text: nameOf(road), kind: "road", geometry: road.geometry, color: null, sketch: isSketch(road.basis), at: arrowOf(road) });
  }
  return found;
}

/** @type {Box[]|null} where the map's furniture stands, in pixels of the view; asking the page lays it out anew */
let furniture = null;
/** @type {Box[]|null} the same on a sheet, while one is laid out */
let onSheet = null;

/** @param {any} map @returns {Box[]} */
function furnitureBoxes(map) {
  if (onSheet) return onSheet;
  if (!furniture) {
    const origin = map.getContainer().getBoundingClientRect();
    const nodes = [...document.querySelectorAll("[data-keep-clear], .leaflet-control-zoom")];
    furniture = nodes.map((node) => node.getBoundingClientRect()).filter((box) => box.width)
      .map((box) => ({ x0: box.left - origin.left - 4, y0: box.top - origin.top - 4, x1: box.right - origin.left + 4, y1: box.bottom - origin.top + 4 }));
  }
  return furniture;
}

/** Forget where the map's furniture stands, since it may have moved. @param {Box[]|null} [sheet] where it stands on a sheet */
export function moveFurniture(sheet = null) {
  furniture = null;
  onSheet = sheet;
}

/** @param {string} text @returns {string[]} in two lines of about the same length */
function halved(text) {
  const middle = text.length / 2, spaces = [...text.matchAll(/[ ·（(]/g)].map((m) => m.index).filter((i) => i > 2 && i < text.length - 2);
  const near = spaces.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0];
  const cut = near !== undefined && Math.abs(near - middle) < middle * 0.6 ? near : /[a-z]{3}/i.test(text) ? 0 : Math.ceil(middle);
  return cut ? [text.slice(0, cut).trim(), text.slice(cut).trim()] : [text];
}

/** @type {string[]} */
let firmNames = [];
/** @type {function(): void} what writes the names again once those of the firms are read */
let again = () => {};

/** @param {string} name @returns {string} as one calls a firm, without its legal form */
export function shortName(name) {
  const short = name.replace(/[（(][^）)]*[）)]/g, "").replace(/(集团|控股)?(股份)?(有限)?(责任)?公司.*$/, "").trim();
  return short.length > 1 ? short.slice(0, 12) : name.slice(0, 12);
}

/** One pass of writing: what stands where, and what room is left. */
class Pass {
  /** @param {any} map @param {any} firms */
  constructor(map, firms) {
    this.map = map;
    this.size = map.getSize();
    this.min = map.containerPointToLayerPoint([0, 0]);
    this.grid = new Grid(this.min, this.size);
    this.family = ink("font");
    /** @type {Box[]} */
    this.taken = furnitureBoxes(map).map((b) => ({ x0: b.x0 + this.min.x, y0: b.y0 + this.min.y, x1: b.x1 + this.min.x, y1: b.y1 + this.min.y }));
    /** @type {Array<Array<{x: number, y: number}>>} */
    this.leaders = [];
    const { columns, rows } = this.grid, dots = new Int32Array(columns * rows);
    for (const m of firms.marks) {
      const n = Math.min(4, m.members.length), box = this.grid.cells({ x0: m.x - m.r, y0: m.y - m.r, x1: m.x + m.r, y1: m.y + m.r });
      if (box) for (let r = box[1]; r < box[3]; r++) for (let c = box[0]; c < box[2]; c++) dots[r * columns + c] += n;
    }
    this.marks = new Cover(this.grid).sum(dots);
  }

  /** Find the shapes that are named, which lie in which, and how often each cell is covered. @param {Item[]} items */
  lay(items) {
    const drawn = new Map();
    for (const stratum of ["ground", "zones", "zones-right"]) {
      for (const layer of picture.layersOf(stratum)) if (layer.options.about && layer._parts) drawn.set(stratum + ":" + layer.options.about.id, layer);
    }
    const { columns, rows } = this.grid, sum = new Int32Array(columns * rows);
    this.shapes = [];
    for (const item of items) {
      if (item.kind === "road") continue;
      const strata = item.kind === "zone" ? (item.side === 1 ? ["zones-right"] : ["zones", "ground"]) : ["ground"];
      const layer = strata.map((s) => drawn.get(s + ":" + item.id)).find(Boolean);
      const part = picture.parts[layer?.options.stratum] || [0, 1];
      const cover = new Cover(this.grid).fill(layer ? layer._parts : [], [Math.round(part[0] * columns), Math.round(part[1] * columns)]);
      for (let i = 0; i < sum.length; i++) sum[i] += cover.bits[i];
      this.shapes.push({ item, cover, around: [] });
    }
    this.all = new Cover(this.grid).sum(sum);
    for (const shape of this.shapes) shape.around = this.shapes.filter((other) => other !== shape && this.holds(other, shape));
  }

  /** @returns {boolean} whether one shape lies in another, all but a rim */
  holds(outer, inner) {
    const a = outer.cover, b = inner.cover;
    if (a.count < b.count || !b.count) return false;
    let both = 0;
    for (let i = 0; i < b.bits.length; i++) if (b.bits[i] && a.bits[i]) both++;
    return both >= 0.85 * b.count;
  }

  /** @returns {number} cells of a box that lie in a named shape which is neither its own nor around it */
  foreign(shape, cells) {
    let rest = this.all.of(cells) - shape.cover.of(cells);
    for (const around of shape.around) rest -= around.cover.of(cells);
    return rest;
  }

  /** @param {string[]} lines @param {string} kind @param {string} mark @returns {any} its size, and the width of the last line alone */
  extent(lines, kind, mark) {
    const px = SIZES[kind], font = `${WEIGHTS[kind]} ${px}px ${this.family}`, spaced = SPACED[kind] || 0;
    const wide = lines.map((line) => widthOf(line, font) + line.length * spaced);
    const last = wide[wide.length - 1];
    if (mark) wide[wide.length - 1] += widthOf(mark, `400 ${MARK}px ${this.family}`) + 3;
    return { last, width: Math.max(...wide) + 4, height: lines.length * px * 1.15 + 3 };
  }

  /** @param {number} x @param {number} y @param {{width: number, height: number}} extent @returns {Box} */
  boxAt(x, y, { width, height }) {
    return { x0: x - width / 2, y0: y - height / 2, x1: x + width / 2, y1: y + height / 2 };
  }

  /** @param {Box} box @returns {boolean} whether nothing is written there */
  isFree(box) {
    return !this.taken.some((other) => meets(box, other)) && !this.leaders.some(([p, q]) => runsThrough(p, q, box));
  }

  /** @param {any} shape @returns {{x: number, y: number}|null} a spot of the shape near its middle, in no smaller one where it can be */
  anchor(shape) {
    if (shape.anchor !== undefined) return shape.anchor;
    const { bits, box, count } = shape.cover, { columns } = this.grid;
    if (!count) {
      const known = anchorOf(shape.item.geometry), at = this.map.latLngToLayerPoint(known);
      const seen = at.x > this.min.x + 8 && at.y > this.min.y + 8 && at.x < this.min.x + this.size.x - 8 && at.y < this.min.y + this.size.y - 8;
      return (shape.anchor = seen ? at : null);
    }
    let sx = 0, sy = 0;
    for (let r = box[1]; r <= box[3]; r++) for (let c = box[0]; c <= box[2]; c++) if (bits[r * columns + c]) { sx += c; sy += r; }
    const mx = sx / count, my = sy / count;
    let best = null, least = Infinity;
    for (let r = box[1]; r <= box[3]; r++) {
      for (let c = box[0]; c <= box[2]; c++) {
        if (!bits[r * columns + c]) continue;
        const d = (c - mx) ** 2 + (r - my) ** 2 + (this.foreign(shape, [c, r, c + 1, r + 1]) ? 1e6 : 0) + this.marks.of([c, r, c + 1, r + 1]) * 400;
        if (d < least) {
          least = d;
          best = this.grid.middle(c, r);
        }
      }
    }
    return (shape.anchor = best);
  }

  /** @param {any} geometry @returns {boolean} whether more than the rim of a shape is in the view */
  isMiddleSeen(geometry) {
    const { x, y } = this.map.latLngToLayerPoint(anchorOf(geometry));
    return x > this.min.x && y > this.min.y && x < this.min.x + this.size.x && y < this.min.y + this.size.y;
  }

  /** @param {any} shape @param {{width: number, height: number}} extent @param {number} [most] firms it may cover @returns {any} */
  inside(shape, extent, most = Infinity) {
    const { box, count } = shape.cover, anchor = this.anchor(shape), { height, width } = extent;
    if (!count || !anchor || (box[2] - box[0] + 1) * CELL < width) return null;
    const found = [];
    for (let r = box[1]; r <= box[3]; r += 2) {
      for (let c = box[0]; c <= box[2]; c += 2) {
        const { x, y } = this.grid.middle(c, r), area = this.boxAt(x, y, { width, height: height * 0.8 }), cells = this.grid.cells(area);
        if (!cells || shape.cover.of(cells) < (cells[2] - cells[0]) * (cells[3] - cells[1]) || this.foreign(shape, cells)) continue;
        const covers = this.marks.of(cells);
        if (covers <= most) found.push({ x, y, cost: Math.hypot(x - anchor.x, y - anchor.y) + covers * 15 });
      }
    }
    found.sort((a, b) => a.cost - b.cost);
    return found.find(({ x, y }) => this.isFree(this.boxAt(x, y, extent))) || null;
  }

  /** @param {any} shape @param {{width: number, height: number}} extent @param {number} reach @returns {any} */
  outside(shape, extent, reach) {
    const anchor = this.anchor(shape);
    if (!anchor) return null;
    const found = [], step = CELL * 2;
    for (let y = anchor.y - reach; y <= anchor.y + reach; y += step) {
      for (let x = anchor.x - reach - extent.width / 2; x <= anchor.x + reach + extent.width / 2; x += step) {
        const area = this.boxAt(x, y, extent), cells = this.grid.cells(area);
        if (!cells || shape.cover.of(cells) || this.foreign(shape, cells)) continue;
        const end = { x: Math.max(area.x0, Math.min(area.x1, anchor.x)), y: Math.max(area.y0, Math.min(area.y1, anchor.y)) };
        const long = Math.hypot(end.x - anchor.x, end.y - anchor.y);
        if (long > reach || long < 8) continue;
        found.push({ x, y, area, end, cost: long + this.marks.of(cells) * 4 });
      }
    }
    found.sort((a, b) => a.cost - b.cost);
    const clear = ({ area, end }) => this.isFree(area) && !this.taken.some((box) => runsThrough(anchor, end, box)) &&
      !this.leaders.some(([p, q]) => crosses(p, q, anchor, end));
    const best = found.slice(0, 400).find(clear);
    return best ? { ...best, leader: [best.end, anchor] } : null;
  }

  /** @param {any} shape @param {{width: number, height: number}} extent @returns {any} room for a number in the shape, else by it */
  forNumber(shape, extent) {
    const { bits, box, count } = shape.cover, anchor = this.anchor(shape), { columns } = this.grid;
    if (!anchor) return null;
    const found = [];
    for (let r = box[1]; r <= box[3] && count; r++) {
      for (let c = box[0]; c <= box[2]; c++) {
        if (!bits[r * columns + c]) continue;
        const at = this.grid.middle(c, r), cells = this.grid.cells(this.boxAt(at.x, at.y, extent));
        if (cells) found.push({ ...at, cost: Math.hypot(at.x - anchor.x, at.y - anchor.y) + (this.foreign(shape, cells) ? 60 : 0) + this.marks.of(cells) * 6 });
      }
    }
    found.sort((a, b) => a.cost - b.cost);
    return found.find(({ x, y }) => this.isFree(this.boxAt(x, y, extent))) || this.outside(shape, extent, 60) || anchor;
  }

  /** @param {Item} item @param {any} spot @param {string[]} lines @param {any} extent @param {any} how @param {string} mark */
  write(item, spot, lines, extent, how, mark) {
    const box = this.boxAt(spot.x, spot.y, extent);
    this.taken.push(box);
    if (spot.leader) this.leaders.push(spot.leader);
    const x = Math.round(spot.x), y = Math.round(spot.y);
    written.push({ id: item.id, text: item.text, lines, kind: item.kind, how, x, y, color: item.color, width: extent.width, lastWidth: extent.last, size: SIZES[item.kind], mark, leader: spot.leader });
  }

  /** The names of zones: inside; else on a leader; else a number. */
  zones() {
    const shapes = this.shapes.filter(({ item }) => item.kind === "zone").filter((shape) => this.anchor(shape));
    // The larger ones first where names stand inside, the smaller ones first where they need room outside.
    shapes.sort((a, b) => b.cover.count - a.cover.count);
    const left = [];
    for (const shape of shapes) {
      const { item } = shape, mark = item.sketch ? t("label.sketch") : "", text = cut(item.text, 40);
      const spot = [[text], halved(text)].map((lines) => ({ lines, extent: this.extent(lines, "zone", mark) }))
        .map((way) => ({ ...way, spot: this.inside(shape, way.extent) })).find((way) => way.spot);
      if (spot) this.write(item, spot.spot, spot.lines, spot.extent, "inside", mark);
      else if (this.isMiddleSeen(item.geometry)) left.push({ shape, mark, text });
    }
    const numbers = [], reach = Math.min(LEADER, this.size.x / 5), narrow = this.size.x < 500;
    for (const { shape, mark, text } of left.reverse()) {
      const ways = text.length > 9 || narrow ? [halved(text), [text]] : [[text], halved(text)];
      const spot = ways.map((lines) => ({ lines, extent: this.extent(lines, "zone", mark) }))
        .map((way) => ({ ...way, spot: this.outside(shape, way.extent, reach) })).find((way) => way.spot);
      if (spot) this.write(shape.item, spot.spot, spot.lines, spot.extent, "leader", mark);
      else numbers.push(shape);
    }
    numbers.reverse().forEach((shape, i) => {
      const { item } = shape, extent = { width: 18, height: 18 }, spot = this.forNumber(shape, extent);
      numbered.push({ n: i + 1, text: item.text, id: String(item.id), sketch: Boolean(item.sketch), color: item.color });
      this.write({ ...item, text: String(i + 1) }, spot, [String(i + 1)], extent, "number", "");
    });
  }

  /** The names of districts, each in itself or not at all. */
  districts() {
    for (const shape of this.shapes) {
      if (shape.item.kind === "zone") continue;
      const lines = [cut(shape.item.text, 40)], extent = this.extent(lines, shape.item.kind, ""), spot = this.inside(shape, extent, 1);
      if (spot) this.write(shape.item, spot, lines, extent, "inside", "");
    }
  }

  /** The names of roads, each along its line. @param {Item[]} items */
  roads(items) {
    const zones = this.shapes.filter(({ item }) => item.kind === "zone");
    for (const item of items) {
      if (item.kind !== "road") continue;
      const mark = item.sketch && !item.at ? t("label.sketch") : "", text = cut(item.text, 24), extent = this.extent([text], "road", mark), dy = extent.height / 2 + 5;
      const lines = item.geometry.type === "LineString" ? [item.geometry.coordinates] : item.geometry.coordinates;
      const line = lines.reduce((a, b) => (b.length > a.length ? b : a));
      const at = (item.at ? [[item.at.lon, item.at.lat]] : line.slice(1, -1).concat(line.slice(0, 1), line.slice(-1)));
      const middle = this.map.latLngToLayerPoint(anchorOf(item.geometry));
      const spots = at.map(([lon, lat]) => this.map.latLngToLayerPoint([lat, lon])).flatMap(({ x, y }) => (item.at
        ? [[0, 26], [0, -26], [extent.width / 2 + 24, 0], [-extent.width / 2 - 24, 0]] : [[0, -dy], [0, dy]]).map(([p, q]) => ({ x: x + p, y: y + q })));
      const best = spots.map((s) => ({ ...s, area: this.boxAt(s.x, s.y, extent), cost: Math.hypot(s.x - middle.x, s.y - middle.y) }))
        .map((s) => ({ ...s, cells: this.grid.cells(s.area) }))
        .filter((s) => s.cells && !zones.some(({ cover }) => cover.of(s.cells)) && this.marks.of(s.cells) < 4 && this.isFree(s.area))
        .sort((a, b) => a.cost - b.cost)[0];
      if (best) this.write(item, best, [text], extent, "beside", mark);
    }
  }

  /** The names of towns or stations of the ground, never in a zone that is not named there itself. @param {"town"|"station"} kind */
  ground(kind) {
    const named = new Set(written.map((label) => label.text)), told = new Set(written.filter(({ how }) => how === "inside").map(({ id }) => id));
    const silent = this.shapes.filter(({ item }) => item.kind === "zone" && !told.has(item.id));
    for (const { text, x, y } of groundNames(kind)) {
      if (named.has(text)) continue;
      const extent = this.extent([text], kind, ""), away = extent.width / 2 + 4;
      const spot = (kind === "town" ? [[0, 0]] : [[away, 0], [-away, 0], [0, -10], [0, 10]]).map(([dx, dy]) => ({ x: x + dx, y: y + dy })).find((s) => {
        const area = this.boxAt(s.x, s.y, extent), cells = this.grid.cells(area);
        return cells && !silent.some(({ cover }) => cover.of(cells)) && this.marks.of(cells) < 2 && this.isFree(area);
      });
      if (spot) this.write({ text, kind, geometry: null, color: null }, spot, [text], extent, "beside", "");
    }
  }

  /** The short names of firms, each by its mark. @param {any} firms */
  firms(firms) {
    if (this.map.getZoom() < FIRM_ZOOM || !points.n || points.placed > 2000) return;
    if (!firmNames.length) {
      pointNames().then((names) => {
        firmNames = names;
        again();
      });
      return;
    }
    for (const { x, y, r, members } of firms.marks) {
      if (members.length > 1) continue;
      const text = shortName(firmNames[members[0]]), extent = this.extent([text], "firm", ""), away = r + 3 + extent.width / 2;
      const spot = [[away, 0], [-away, 0], [0, r + 9], [0, -r - 9]].map(([dx, dy]) => ({ x: x + dx, y: y + dy })).find((s) => {
        const area = this.boxAt(s.x, s.y, extent), cells = this.grid.cells(area);
        return cells && !this.marks.of(cells.map((v, i) => (i === 0 && s.x > x ? v + 1 : i === 2 && s.x < x ? v - 1 : v))) && this.isFree(area);
      });
      if (spot) this.write({ id: undefined, text, kind: "firm", geometry: null, color: null }, spot, [text], extent, "beside", "");
    }
  }
}

/**
 * @param {any} map
 * @param {any} firms the layer of firms; names keep clear of its marks
 */
export function writeLabels(map, firms) {
  const pane = map.getPane("labels"), before = numbered;
  written = [];
  numbered = [];
  again = () => writeLabels(map, firms);
  if (state.layers.has("labels")) {
    const items = wanted(), pass = new Pass(map, firms);
    pass.lay(items);
    pass.zones();
    pass.districts();
    pass.roads(items);
    pass.ground("town");
    pass.firms(firms);
    pass.ground("station");
  }
  showLabels(pane);
  const told = (list) => list.map(({ n, id }) => n + id).join();
  if (!state.onPaper && told(before) !== told(numbered)) for (const act of numberListeners) act();
}

/** @type {Array<function(): void>} */
const numberListeners = [];

/** Call `act` after other numbers stand on the map. @param {function(): void} act */
export function whenNumbered(act) {
  numberListeners.push(act);
}

/** @param {Label} label @returns {HTMLElement} */
function labelNode(label) {
  const css = { left: label.x + "px", top: label.y + "px", ...(label.color ? { color: label.color } : {}) };
  if (label.how === "number") {
    const number = svgEl("svg", { width: 20, height: 20, viewBox: "-10 -10 20 20" }, svgEl("circle", { r: 8.5, fill: label.color || ink("label"), stroke: ink("halo") }),
      svgEl("text", { "text-anchor": "middle", y: 3.8, "font-size": 10.5, "font-weight": 700, fill: ink("halo"), text: label.text }));
    return el("span", { class: "label label-number", css, data: { how: "number", id: label.id || "" } }, number);
  }
  const text = label.lines.join("\n"), mark = label.mark ? el("small", { text: label.mark }) : null;
  return el("span", { class: "label label-" + label.kind, dir: "auto", css, data: { how: label.how, id: label.id || "" } }, text, mark);
}

/** @param {HTMLElement} pane */
function showLabels(pane) {
  // What stays where it was is not built again.
  const before = shownLabels;
  shownLabels = new Map();
  const lines = written.filter((label) => label.leader).flatMap((label) => leaderShapes(label));
  const old = pane.querySelector("svg");
  if (old) old.remove();
  if (!pane.children.length) before.clear();
  if (lines.length) pane.prepend(svgEl("svg", { class: "leaders", width: 1, height: 1, "aria-hidden": "true" }, ...lines));
  for (const label of written) {
    const key = [label.kind, label.how, label.x, label.y, label.color, label.lines.join("\n"), label.mark, label.id, lang()].join("|");
    const node = before.get(key) || labelNode(label);
    if (!before.has(key)) pane.append(node);
    before.delete(key);
    shownLabels.set(key, node);
  }
  for (const node of before.values()) node.remove();
  if (!written.length) fill(pane);
}

/** @param {Label} label @returns {SVGElement[]} its line, and a dot where it ends */
export function leaderShapes({ leader, color }) {
  const [from, to] = leader, line = { x1: from.x, y1: from.y, x2: to.x, y2: to.y }, paint = color || ink("label");
  return [svgEl("line", { ...line, stroke: ink("halo"), "stroke-width": 3 }), svgEl("line", { ...line, stroke: paint, "stroke-width": 1.1 }),
    svgEl("circle", { cx: to.x, cy: to.y, r: 2.4, fill: paint, stroke: ink("halo"), "stroke-width": 1 })];
}
