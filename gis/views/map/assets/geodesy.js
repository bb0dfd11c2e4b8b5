/**
 * Measure on the WGS 84 ellipsoid: metres and square kilometres, never degrees.
 */

const A = 6378137, F = 1 / 298.257223563, B = A * (1 - F);
const E2 = F * (2 - F), E = Math.sqrt(E2);
const RADIAN = Math.PI / 180;

/**
 * Distance along the geodesic (Vincenty 1975, inverse); exact to below a millimetre except between nearly opposite places.
 * @param {number} lon1
 * @param {number} lat1
 * @param {number} lon2
 * @param {number} lat2
 * @returns {number} metres
 */
export function distanceM(lon1, lat1, lon2, lat2) {
  const u1 = Math.atan((1 - F) * Math.tan(lat1 * RADIAN)), u2 = Math.atan((1 - F) * Math.tan(lat2 * RADIAN));
  const s1 = Math.sin(u1), c1 = Math.cos(u1), s2 = Math.sin(u2), c2 = Math.cos(u2);
  const l = (lon2 - lon1) * RADIAN;
  let lambda = l, sinSigma = 0, cosSigma = 1, sigma = 0, cos2 = 1, cosM = 0;
  for (let i = 0; i < 100; i++) {
    const sl = Math.sin(lambda), cl = Math.cos(lambda);
    sinSigma = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
    if (sinSigma === 0) return 0;
    cosSigma = s1 * s2 + c1 * c2 * cl;
    sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (c1 * c2 * sl) / sinSigma;
    cos2 = 1 - sinAlpha * sinAlpha;
    cosM = cos2 ? cosSigma - (2 * s1 * s2) / cos2 : 0;
    const c = (F / 16) * cos2 * (4 + F * (4 - 3 * cos2));
    const before = lambda;
    lambda = l + (1 - c) * F * sinAlpha * (sigma + c * sinSigma * (cosM + c * cosSigma * (2 * cosM * cosM - 1)));
    if (Math.abs(lambda - before) < 1e-13) break;
  }
  const u = (cos2 * (A * A - B * B)) / (B * B);
  const big = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
  const small = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
  const delta = small * sinSigma * (cosM + (small / 4) * (cosSigma * (2 * cosM * cosM - 1) - (small / 6) * cosM * (4 * sinSigma * sinSigma - 3) * (4 * cosM * cosM - 3)));
  return B * big * (sigma - delta);
}

/**
 * Where a geodesic leads (Vincenty 1975, direct).
 * @param {number} lon
 * @param {number} lat
 * @param {number} azimuth degrees from north
 * @param {number} metres
 * @returns {[number, number]} longitude and latitude
 */
export function along(lon, lat, azimuth, metres) {
  const sa = Math.sin(azimuth * RADIAN), ca = Math.cos(azimuth * RADIAN);
  const tanU = (1 - F) * Math.tan(lat * RADIAN), cu = 1 / Math.sqrt(1 + tanU * tanU), su = tanU * cu;
  const sigma1 = Math.atan2(tanU, ca), sinAlpha = cu * sa, cos2 = 1 - sinAlpha * sinAlpha;
  const u = (cos2 * (A * A - B * B)) / (B * B);
  const big = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
  const small = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
  let sigma = metres / (B * big), cosM = 0, ss = 0, cs = 1;
  for (let i = 0; i < 100; i++) {
    cosM = Math.cos(2 * sigma1 + sigma);
    ss = Math.sin(sigma);
    cs = Math.cos(sigma);
    const delta = small * ss * (cosM + (small / 4) * (cs * (2 * cosM * cosM - 1) - (small / 6) * cosM * (4 * ss * ss - 3) * (4 * cosM * cosM - 3)));
    const next = metres / (B * big) + delta;
    if (Math.abs(next - sigma) < 1e-13) break;
    sigma = next;
  }
  const lat2 = Math.atan2(su * cs + cu * ss * ca, (1 - F) * Math.hypot(sinAlpha, su * ss - cu * cs * ca));
  const lambda = Math.atan2(ss * sa, cu * cs - su * ss * ca);
  const c = (F / 16) * cos2 * (4 + F * (4 - 3 * cos2));
  const l = lambda - (1 - c) * F * sinAlpha * (sigma + c * ss * (cosM + c * cs * (2 * cosM * cosM - 1)));
  return [lon + l / RADIAN, lat2 / RADIAN];
}

/** @param {number} sinLat @returns {number} the q of authalic latitude (Snyder 1987, 3-12) */
function authalicQ(sinLat) {
  const es = E * sinLat;
  return (1 - E2) * (sinLat / (1 - es * es) - Math.log((1 - es) / (1 + es)) / (2 * E));
}

const Q_POLE = authalicQ(1);

/**
 * Area of a ring of longitude-latitude pairs, on the sphere of equal area with great-circle sides; its parts per million
 * of difference from geodesic sides do not show in any digit given.
 * @param {number[][]} ring
 * @returns {number} km²
 */
export function areaKm2(ring) {
  const half = ring.map(([, lat]) => Math.tan(Math.asin(Math.max(-1, Math.min(1, authalicQ(Math.sin(lat * RADIAN)) / Q_POLE))) / 2));
  let excess = 0;
  for (let i = 0; i < ring.length; i++) {
    const j = (i + 1) % ring.length;
    excess += 2 * Math.atan2(Math.tan(((ring[j][0] - ring[i][0]) * RADIAN) / 2) * (half[i] + half[j]), 1 + half[i] * half[j]);
  }
  return (Math.abs(excess) * ((A * A * Q_POLE) / 2)) / 1e6;
}

/** @param {number[][]} line @returns {number} metres */
export function lengthM(line) {
  let sum = 0;
  for (let i = 1; i < line.length; i++) sum += distanceM(line[i - 1][0], line[i - 1][1], line[i][0], line[i][1]);
  return sum;
}

/**
 * @param {number} lon
 * @param {number} lat
 * @param {number} metres
 * @param {number} [corners]
 * @returns {number[][]} a ring of so many corners on the circle, not closed
 */
export function circleRing(lon, lat, metres, corners = 256) {
  return Array.from({ length: corners }, (_, i) => along(lon, lat, (360 * i) / corners, metres));
}

/**
 * Whether a place lies in a ring whose sides are straight in longitude and latitude, as GeoJSON's are.
 * @param {number} x
 * @param {number} y
 * @param {number[][]} ring
 * @returns {boolean}
 */
export function isIn(x, y, ring) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i], [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/**
 * Metres of lines that lie in a ring.
 * @param {number[][][]} lines
 * @param {number[][]} ring
 * @returns {number}
 */
export function lengthInM(lines, ring) {
  let sum = 0;
  for (const line of lines) {
    for (let k = 1; k < line.length; k++) {
      const [ax, ay] = line[k - 1], [bx, by] = line[k];
      const cuts = [0, 1];
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [cx, cy] = ring[j], [dx, dy] = ring[i];
        const d = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
        if (d === 0) continue;
        const s = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / d, u = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / d;
        if (s > 0 && s < 1 && u >= 0 && u <= 1) cuts.push(s);
      }
      cuts.sort((p, q) => p - q);
      for (let i = 1; i < cuts.length; i++) {
        const middle = (cuts[i - 1] + cuts[i]) / 2;
        if (!isIn(ax + middle * (bx - ax), ay + middle * (by - ay), ring)) continue;
        const at = (s) => [ax + s * (bx - ax), ay + s * (by - ay)];
        sum += lengthM([at(cuts[i - 1]), at(cuts[i])]);
      }
    }
  }
  return sum;
}
