/**
 * Draw the firms in the picture, and say which one is under the pointer.
 */

import { spread } from "./codec.js";
import { ink, inkOn } from "./paint.js";
import { allowedFacets, data, isByPlace, points, segmentOf } from "./model.js";
import { picture } from "./picture.js";
import { runsIn, stampPoints } from "./stamps.js";
import { map } from "./stage.js";
import { state } from "./state.js";

/** Above this many points they are stamped into pixels; below, each is drawn with its letter. */
const LETTERED = 2000;
/** Above this many points a pixel a picture of single points says nothing: they are drawn summed up by squares. */
const CROWDED = 0.08;
/** Side of such a square, pixels. */
const SQUARE = 16;
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/**
 * @typedef {Object} Mark one thing drawn for a hand-drawn point or a bundle of points; x and y in layer pixels
 * @property {number} x
 * @property {number} y
 * @property {number} r
 * @property {number[]} members
 */

/** The firms as one path of the picture; `marks` is what it draws, where points are few enough to be drawn one by one. */
export const FirmsLayer = L.Path.extend({
  options: { stratum: "firms", interactive: false },

  initialize() {
    L.setOptions(this, { renderer: picture });
    this.marks = [];
  },

  _project() {},

  _containsPoint() {
    return false;
  },

  _update() {
    this._allowed = state.layers.has("firms") ? allowedFacets() : new Uint8Array(points.facets.length);
    this._known = false;
    this.sums = null;
    if (points.placed <= LETTERED) this.marks = this._arrange();
    else if (this._crowding() > CROWDED) this._sum();
    else this.radius = this._radius();
  },

  _updatePath() {
    if (!this._renderer._drawing) return;
    const context = this._renderer._ctx;
    context.globalAlpha = 1;
    if (points.placed <= LETTERED) this._draw(context);
    else if (this.sums) this._discs(context);
    else {
      if (!this._known) this._stamp();
      this._known = true;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.drawImage(this.stamped, 0, 0);
    }
  },

  /** Points a pixel, in that part of the view where there are points at all. */
  _crowding() {
    const { scale, left, top } = this._transform(), { min, max } = this._renderer._bounds, across = 2 ** points.bits * scale;
    let count = 0;
    runsIn(points, (min.x - left) / scale, (min.y - top) / scale, (max.x - left) / scale, (max.y - top) / scale, (from, to) => (count += to - from), spread);
    const wide = Math.min(max.x, left + across) - Math.max(min.x, left), tall = Math.min(max.y, top + across) - Math.max(min.y, top);
    return count / Math.max(1, wide * tall);
  },

  /** Count, for each square of the map, its points, and find their commonest link. */
  _sum() {
    const { scale, left, top } = this._transform(), { min, max } = this._renderer._bounds, kinds = data.segments.length;
    const x0 = Math.floor(min.x / SQUARE), y0 = Math.floor(min.y / SQUARE);
    const across = Math.ceil(max.x / SQUARE) - x0 + 1, down = Math.ceil(max.y / SQUARE) - y0 + 1;
    const counts = new Uint32Array(across * down * kinds);
    const kind = Uint8Array.from(points.facets.map(([segment]) => segment));
    const a = scale / SQUARE, b = left / SQUARE - x0, c = top / SQUARE - y0;
    const { x, y, facet } = points, allowed = this._allowed;
    runsIn(points, (min.x - left) / scale, (min.y - top) / scale, (max.x - left) / scale, (max.y - top) / scale, (from, to) => {
      for (let i = from; i < to; i++) {
        const f = facet[i];
        if (!allowed[f]) continue;
        const column = (x[i] * a + b) | 0, row = (y[i] * a + c) | 0;
        if (column >= 0 && row >= 0 && column < across && row < down) counts[(row * across + column) * kinds + kind[f]]++;
      }
    }, spread);
    const sums = [];
    let most = 1;
    for (let cell = 0; cell < across * down; cell++) {
      let n = 0, best = 0;
      for (let k = 0; k < kinds; k++) {
        const v = counts[cell * kinds + k];
        n += v;
        if (v > counts[cell * kinds + best]) best = k;
      }
      if (n) sums.push({ n, best, x: (x0 + (cell % across) + 0.5) * SQUARE, y: (y0 + Math.floor(cell / across) + 0.5) * SQUARE });
      most = Math.max(most, n);
    }
    this.sums = sums;
    this.most = most;
  },

  /** @param {{n: number}} sum @returns {number} the radius of a square's disc */
  radiusOf(sum) {
    return Math.max(1.2, (SQUARE / 2 - 0.5) * Math.sqrt(sum.n / this.most));
  },

  /** @param {CanvasRenderingContext2D} context */
  _discs(context) {
    for (const sum of this.sums) {
      context.beginPath();
      context.arc(sum.x, sum.y, this.radiusOf(sum), 0, 2 * Math.PI);
      context.fillStyle = data.segments[sum.best].color;
      context.fill();
    }
  },

  /** @param {{x: number, y: number}} at @returns {{n: number, best: number}|null} the square there, while points are summed up */
  sumAt(at) {
    return (state.layers.has("firms") && this.sums?.find((s) => Math.abs(s.x - at.x) <= SQUARE / 2 && Math.abs(s.y - at.y) <= SQUARE / 2)) || null;
  },

  /** @returns {{scale: number, left: number, top: number}} steps -> layer pixels */
  _transform() {
    const world = map.options.crs.scale(map.getZoom()), origin = map.getPixelOrigin();
    return { scale: points.step * world, left: points.x0 * world - origin.x, top: points.y0 * world - origin.y };
  },

  /** Write every point into the pixels of a canvas as large as the picture. */
  _stamp() {
    const { width, height } = this._renderer._container;
    if (!this.stamped) this.stamped = document.createElement("canvas");
    if (!this._image || this._image.width !== width || this._image.height !== height) {
      this.stamped.width = width;
      this.stamped.height = height;
      this._image = new ImageData(width, height);
      this._pixels = new Uint32Array(this._image.data.buffer);
    } else this._pixels.fill(0);
    const { scale, left, top } = this._transform(), ratio = this._renderer.ratio, min = this._renderer._bounds.min;
    const view = { width, height, scale: scale * ratio, left: (left - min.x) * ratio, top: (top - min.y) * ratio };
    const colors = Uint32Array.from(points.facets.map(([segment]) => abgr(data.segments[segment].color)));
    stampPoints(this._pixels, view, points, this._allowed, colors, abgr(ink("paper")), this.radius * ratio, spread);
    this.stamped.getContext("2d").putImageData(this._image, 0, 0);
  },

  /** A disc's radius in pixels: it grows as the map is zoomed in and points thin out. */
  _radius() {
    return Math.max(1, Math.min(6, 0.34 / Math.sqrt(Math.max(this._crowding(), 1e-6))));
  },

  /** @param {CanvasRenderingContext2D} context */
  _draw(context) {
    const rim = ink("paper"), text = ink("text"), ratio = this._renderer.ratio;
    for (const mark of this.marks) {
      if (mark.members.length > 1) drawBundle(context, mark, rim, text);
      else drawFirm(context, mark, rim, ratio);
    }
  },

  /** Place the marks: firms at one spot stand around it, or become a bundle where there is no room. */
  _arrange() {
    const { scale, left, top } = this._transform();
    const zoom = map.getZoom(), spots = new Map(), box = this._renderer._bounds;
    for (let i = 0; i < points.placed; i++) {
      if (!this._allowed[points.facet[i]]) continue;
      const key = points.x[i] * 16777216 + points.y[i];
      const spot = spots.get(key);
      if (spot) spot.push(i);
      else spots.set(key, [i]);
    }
    const radius = Math.round(2 * (points.placed > 800 ? Math.max(3, Math.min(8, (zoom - 8) * 1.4)) : Math.max(4.5, Math.min(9, (zoom - 7.5) * 1.6)))) / 2;
    const marks = [];
    for (const members of spots.values()) {
      const x = points.x[members[0]] * scale + left, y = points.y[members[0]] * scale + top;
      if (x < box.min.x - 60 || y < box.min.y - 60 || x > box.max.x + 60 || y > box.max.y + 60) continue;
      const spacing = radius * 1.28;
      const around = spacing * Math.sqrt(members.length);
      const roomy = members.length === 1 || around < 4.5 * 2 ** Math.max(0, zoom - 9.5);
      if (members.length > 1 && !roomy) marks.push({ x, y, r: Math.min(22, 9 + 2.2 * Math.sqrt(members.length)), members });
      else members.forEach((member, k) => {
        const d = members.length === 1 ? 0 : spacing * Math.sqrt(k + 0.6), angle = k * GOLDEN;
        marks.push({ x: x + d * Math.cos(angle), y: y + d * Math.sin(angle), r: radius, members: [member] });
      });
    }
    // Bundles above, so that their numbers can be read.
    return marks.sort((a, b) => a.members.length - b.members.length);
  },

  /**
   * The points at a place on the map.
   * @param {{x: number, y: number}} at layer pixels
   * @returns {number[]} none, one, or the members of a bundle
   */
  hit(at) {
    if (!state.layers.has("firms") || !this._allowed || this.sums) return [];
    if (points.placed <= LETTERED) {
      for (let m = this.marks.length - 1; m >= 0; m--) {
        const mark = this.marks[m];
        if (Math.hypot(mark.x - at.x, mark.y - at.y) <= mark.r + 3) return mark.members;
      }
      return [];
    }
    const { scale, left, top } = this._transform();
    const x = (at.x - left) / scale, y = (at.y - top) / scale, near = (this.radius + 3) / scale;
    let best = -1, least = near * near;
    runsIn(points, x - near, y - near, x + near, y + near, (from, to) => {
      for (let i = from; i < to; i++) {
        const dx = points.x[i] - x, dy = points.y[i] - y, d = dx * dx + dy * dy;
        if (d <= least && this._allowed[points.facet[i]]) {
          least = d;
          best = i;
        }
      }
    }, spread);
    return best < 0 ? [] : [best];
  },
});

/** @param {string} color #rrggbb @returns {number} as a little-endian pixel */
function abgr(color) {
  const v = parseInt(color.slice(1, 7), 16);
  return (0xff000000 | ((v & 255) << 16) | (v & 0xff00) | (v >> 16)) >>> 0;
}

/** @type {Map<string, HTMLCanvasElement>} each look of a firm, drawn once and stamped often */
const stamps = new Map();

/**
 * @param {any} segment
 * @param {boolean} hollow
 * @param {number} r
 * @param {number} ratio device pixels a pixel
 * @param {string} rim
 * @returns {HTMLCanvasElement}
 */
function stampOf(segment, hollow, r, ratio, rim) {
  const key = [segment.id, hollow, r, ratio, rim].join();
  const known = stamps.get(key);
  if (known) return known;
  const stamp = document.createElement("canvas"), middle = Math.ceil((r + 2) * ratio) / ratio;
  stamp.width = stamp.height = Math.round(2 * middle * ratio);
  const context = /** @type {CanvasRenderingContext2D} */ (stamp.getContext("2d"));
  context.scale(ratio, ratio);
  context.beginPath();
  context.arc(middle, middle, r, 0, 2 * Math.PI);
  context.fillStyle = hollow ? rim : segment.color;
  context.fill();
  context.lineWidth = hollow ? Math.max(1.5, r * 0.24) : 1.2;
  context.strokeStyle = hollow ? segment.color : rim;
  context.stroke();
  if (r >= 7) {
    context.font = "600 " + Math.round(r * 1.25) + "px " + ink("font");
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = hollow ? ink("text") : inkOn(segment.color);
    context.fillText(segment.glyph, middle, middle + 0.5);
  }
  stamps.set(key, stamp);
  return stamp;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {string} rim
 * @param {number} ratio
 */
function drawFirm(context, mark, rim, ratio) {
  const i = mark.members[0], stamp = stampOf(segmentOf(i), isByPlace(i), mark.r, ratio, rim), side = stamp.width / ratio;
  context.drawImage(stamp, mark.x - side / 2, mark.y - side / 2, side, side);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {string} rim
 * @param {string} text
 */
function drawBundle(context, mark, rim, text) {
  const counts = new Map();
  for (const i of mark.members) counts.set(segmentOf(i), (counts.get(segmentOf(i)) || 0) + 1);
  context.beginPath();
  context.arc(mark.x, mark.y, mark.r + 1, 0, 2 * Math.PI);
  context.fillStyle = rim;
  context.fill();
  let from = -Math.PI / 2;
  for (const segment of data.segments) {
    if (!counts.has(segment)) continue;
    const to = from + (counts.get(segment) / mark.members.length) * 2 * Math.PI;
    context.beginPath();
    context.arc(mark.x, mark.y, mark.r - 1.5, from, to);
    context.lineWidth = 4;
    context.strokeStyle = segment.color;
    context.stroke();
    from = to;
  }
  context.font = "600 11px " + ink("font");
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = text;
  context.fillText(String(mark.members.length), mark.x, mark.y + 0.5);
}
