/**
 * Keep what is drawn while the map is only moved: a drawing is wider than the view, and goes along with it.
 */

import { map } from "./stage.js";

/**
 * Whether a renderer's drawing, made at the present zoom, still covers the whole view.
 * @param {any} renderer
 * @returns {boolean} if not, the renderer is about to draw, and the drawing is taken as made now
 */
export function stillCovers(renderer) {
  const origin = map.getPixelOrigin(), kept = renderer._drawnFrom;
  if (renderer._bounds && kept && kept.zoom === map.getZoom() && kept.origin.equals(origin)) {
    const least = map.containerPointToLayerPoint([0, 0]);
    if (renderer._bounds.contains(L.bounds(least, least.add(map.getSize())))) return true;
  }
  renderer._drawnFrom = { zoom: map.getZoom(), origin: origin.clone() };
  return false;
}

/** An SVG renderer that does nothing where the map is moved within what it has drawn. */
export const StillSvg = L.SVG.extend({
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    if (!stillCovers(this)) L.SVG.prototype._update.call(this);
  },
});
