/**
 * Draw very many points fast: each is a small disc written straight into the pixels.
 */

/**
 * The pixels of a disc, and of a light rim around it.
 * @param {number} radius device pixels
 * @param {number} width of the picture in pixels
 * @returns {{core: Int32Array, rim: Int32Array, reach: number}} offsets from the middle pixel
 */
export function disc(radius, width) {
  const core = [], rim = [];
  const outer = radius >= 4 ? radius + 1 : radius;
  const reach = Math.ceil(outer);
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const d = Math.hypot(dx, dy);
      if (d <= radius + 0.35) core.push(dy * width + dx);
      else if (d <= outer + 0.35) rim.push(dy * width + dx);
    }
  }
  return { core: Int32Array.from(core), rim: Int32Array.from(rim), reach };
}

/**
 * @typedef {Object} View where a point falls in the picture: pixel = step count * scale + offset
 * @property {number} width
 * @property {number} height
 * @property {number} scale
 * @property {number} left
 * @property {number} top
 */

/**
 * Call `act` with each run of points whose cell meets a box.
 * @param {any} points
 * @param {number} x0 steps
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {function(number, number): void} act first and one past the last
 * @param {function(number): number} spread
 */
export function runsIn(points, x0, y0, x1, y1, act, spread) {
  const size = 2 ** (points.bits - points.cellBits), last = 2 ** points.cellBits - 1;
  const cx0 = Math.max(0, Math.floor(x0 / size)), cx1 = Math.min(last, Math.floor(x1 / size));
  const cy0 = Math.max(0, Math.floor(y0 / size)), cy1 = Math.min(last, Math.floor(y1 / size));
  if (cx0 === 0 && cy0 === 0 && cx1 === last && cy1 === last) {
    act(0, points.placed);
    return;
  }
  for (let cy = cy0; cy <= cy1; cy++) {
    const row = spread(cy) * 2;
    for (let cx = cx0; cx <= cx1; cx++) {
      const cell = row | spread(cx);
      if (points.start[cell] < points.start[cell + 1]) act(points.start[cell], points.start[cell + 1]);
    }
  }
}

/**
 * Stamp points into a picture.
 * @param {Uint32Array} pixels
 * @param {View} view
 * @param {any} points
 * @param {Uint8Array} allowed by facet
 * @param {Uint32Array} colors by facet
 * @param {number} rimColor
 * @param {number} radius
 * @param {function(number): number} spread
 * @returns {number} how many were in the picture
 */
export function stampPoints(pixels, view, points, allowed, colors, rimColor, radius, spread) {
  const { core, rim, reach } = disc(radius, view.width);
  const { x, y, facet } = points;
  const { scale, left, top, width } = view;
  const right = width - reach, bottom = view.height - reach;
  const nCore = core.length, nRim = rim.length;
  let drawn = 0;
  const act = (from, to) => {
    for (let i = from; i < to; i++) {
      const f = facet[i];
      if (!allowed[f]) continue;
      const px = (x[i] * scale + left) | 0, py = (y[i] * scale + top) | 0;
      if (px < reach || py < reach || px >= right || py >= bottom) continue;
      drawn++;
      const at = py * width + px, color = colors[f];
      // Ink of this colour is already here: another disc would not be seen.
      if (pixels[at] === color) continue;
      for (let k = 0; k < nRim; k++) pixels[at + rim[k]] = rimColor;
      for (let k = 0; k < nCore; k++) pixels[at + core[k]] = color;
    }
  };
  runsIn(points, (reach - left) / scale, (reach - top) / scale, (right - left) / scale, (bottom - top) / scale, act, spread);
  return drawn;
}
