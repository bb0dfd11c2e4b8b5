/**
 * Draw all shapes and firms on one canvas, stratum upon stratum: a browser puts one layer on the screen much faster than eight.
 */

import { map } from "./stage.js";

/** From the ground up. */
const STRATA = ["ground", "underlay", "underlay-lines", "ground-lines", "reach", "zones", "zones-lines", "zones-right", "zones-right-lines", "shared", "roads", "facilities", "firms"];

/** How much wider than the view a picture is drawn on each side, in parts of the view; one that is being moved, more. */
const NEW = 0.1, MOVED = 0.4;
/** The largest canvas that every browser takes, in device pixels. */
const MOST_PIXELS = 16e6;

/**
 * A Leaflet renderer. Each path that it draws has the option `stratum`, and `about` ({kind, id}) where it can be asked.
 * The drawing is wider than the view, and is kept while the map is only moved within it.
 */
const Picture = L.Canvas.extend({
  options: { padding: NEW, pane: "picture", tolerance: 2 },

  /** Device pixels a pixel. */
  ratio: 1,
  /** @type {Object<string, [number, number]>} strata of which only a part is drawn: from and to, in parts of the view's width */
  parts: {},

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._ctx = this._container.getContext("2d");
  },

  _initPath(layer) {
    this._updateDashArray(layer);
    this._layers[L.stamp(layer)] = layer;
  },

  _removePath(layer) {
    delete this._layers[L.stamp(layer)];
    this._requestRedraw(layer);
  },

  // Paths are projected where they are drawn, and the whole picture is drawn at once.
  _onZoomEnd() {},
  _onViewPreReset() {},
  _extendRedrawBounds() {},

  _reset() {
    this._update();
  },

  _update() {
    if ((map._animatingZoom && this._bounds) || this._covers()) return;
    this.options.padding = this._isSameScene() ? MOVED : NEW;
    L.Renderer.prototype._update.call(this);
    this._drawnFrom = { zoom: map.getZoom(), origin: map.getPixelOrigin().clone() };
    const canvas = this._container, { min } = this._bounds, size = this._bounds.getSize();
    this.ratio = Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(MOST_PIXELS / (size.x * size.y)));
    const width = Math.round(size.x * this.ratio), height = Math.round(size.y * this.ratio);
    L.DomUtil.setPosition(canvas, min);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = size.x + "px";
      canvas.style.height = size.y + "px";
    }
    this._ctx.setTransform(this.ratio, 0, 0, this.ratio, -min.x * this.ratio, -min.y * this.ratio);
    for (const layer of Object.values(this._layers)) layer._reset();
    this._redraw();
  },

  /** @returns {boolean} whether the map has at most been moved since it was drawn */
  _isSameScene() {
    const kept = this._drawnFrom;
    return Boolean(kept) && kept.zoom === map.getZoom() && kept.origin.equals(map.getPixelOrigin());
  },

  /** @returns {boolean} whether what was drawn still covers the whole view */
  _covers() {
    if (!this._isSameScene()) return false;
    const least = map.containerPointToLayerPoint([0, 0]);
    return this._bounds.contains(L.bounds(least, least.add(map.getSize())));
  },

  _draw() {
    const context = this._ctx, left = map.containerPointToLayerPoint([0, 0]).x, width = map.getSize().x;
    this._drawing = true;
    for (const stratum of STRATA) {
      const part = this.parts[stratum];
      context.save();
      if (part) {
        context.beginPath();
        context.rect(left + part[0] * width, this._bounds.min.y, (part[1] - part[0]) * width, this._bounds.getSize().y);
        context.clip();
      }
      for (const layer of this.layersOf(stratum)) layer._updatePath();
      context.restore();
    }
    this._drawing = false;
  },

  /** @param {string} stratum @returns {any[]} its paths, the lowest first */
  layersOf(stratum) {
    return Object.values(this._layers).filter((layer) => layer.options.stratum === stratum);
  },

  /** @returns {any[]} all paths, the lowest first */
  inOrder() {
    return STRATA.flatMap((stratum) => this.layersOf(stratum));
  },

  /** Draw again before the next frame. */
  redraw() {
    this._requestRedraw();
  },

  /** @param {{x: number, y: number}} at layer pixels @returns {{kind: string, id: string}|null} the uppermost shape there that can be asked */
  shapeAt(at) {
    return this.shapesAt(at)[0] || null;
  },

  /** @param {{x: number, y: number}} at layer pixels @returns {Array<{kind: string, id: string}>} all shapes there that can be asked, the uppermost first */
  shapesAt(at) {
    const point = L.point(at.x, at.y), view = map.layerPointToContainerPoint(point).x / map.getSize().x, found = new Map();
    for (const layer of this.inOrder().reverse()) {
      const { about, stratum } = layer.options, part = this.parts[stratum];
      if (!about || (part && (view < part[0] || part[1] < view)) || !layer._containsPoint(point)) continue;
      if (!found.has(about.kind + about.id)) found.set(about.kind + about.id, about);
    }
    return [...found.values()];
  },
});

/** @type {any} the one picture of the page */
export const picture = new Picture();
