/**
 * Read the page's data blocks: base64 of deflated bytes.
 */

/**
 * @param {string} name
 * @returns {Promise<Uint8Array>} empty where the page has no such block
 */
export async function readBlock(name) {
  const node = document.getElementById("block-" + name);
  if (!node) return new Uint8Array(0);
  const bytes = fromBase64(node.textContent || "");
  node.textContent = "";
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
function fromBase64(text) {
  const native = /** @type {any} */ (Uint8Array).fromBase64;
  if (native) return native.call(Uint8Array, text);
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/**
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function readText(name) {
  return new TextDecoder().decode(await readBlock(name));
}

/**
 * @param {string} name
 * @returns {Promise<any>}
 */
export async function readJson(name) {
  return JSON.parse((await readText(name)) || "null");
}

/**
 * Put planes of bytes, lowest first, together to whole numbers.
 * @param {Uint8Array} bytes
 * @param {number} n
 * @param {number} planes 1 or 2
 * @returns {Uint8Array|Uint16Array}
 */
export function joinPlanes(bytes, n, planes) {
  if (planes === 1) return bytes;
  const found = new Uint16Array(n);
  for (let i = 0; i < n; i++) found[i] = bytes[i] | (bytes[n + i] << 8);
  return found;
}

/**
 * Keep every second bit of a 24-bit number: 12 bits.
 * @param {number} v
 * @returns {number}
 */
function gather(v) {
  v &= 0x555555;
  v = (v | (v >> 1)) & 0x333333;
  v = (v | (v >> 2)) & 0x0f0f0f;
  v = (v | (v >> 4)) & 0xff00ff;
  return (v | (v >> 8)) & 0xfff;
}

/**
 * Put a zero before each of the lowest 12 bits: 24 bits.
 * @param {number} v
 * @returns {number}
 */
export function spread(v) {
  v = (v | (v << 8)) & 0xff00ff;
  v = (v | (v << 4)) & 0x0f0f0f;
  v = (v | (v << 2)) & 0x333333;
  return (v | (v << 1)) & 0x555555;
}

/**
 * Undo the differences of Morton codes, and count the points of each cell of a grid of 2^cellBits squares a side.
 * @param {Uint8Array} bytes planes of n bytes
 * @param {number} n
 * @param {number} planes
 * @param {number} bits a coordinate's bits, at most 24
 * @param {number} cellBits at most 12 and at most bits
 * @returns {{x: Uint32Array, y: Uint32Array, start: Uint32Array}} steps from the corner; points of cell c are start[c] .. start[c + 1]
 */
export function readPositions(bytes, n, planes, bits, cellBits) {
  const x = new Uint32Array(n), y = new Uint32Array(n);
  const start = new Uint32Array(4 ** cellBits + 1);
  const shift = 2 ** (2 * (bits - cellBits));
  let low = 0, high = 0, cell = 0;
  for (let i = 0; i < n; i++) {
    // A code has up to 48 bits: two halves of 24.
    low += bytes[i];
    if (planes > 1) low += bytes[n + i] << 8;
    if (planes > 2) low += bytes[2 * n + i] << 16;
    if (planes > 3) high += bytes[3 * n + i];
    if (planes > 4) high += bytes[4 * n + i] << 8;
    if (planes > 5) high += bytes[5 * n + i] << 16;
    if (low > 0xffffff) { low -= 0x1000000; high += 1; }
    x[i] = (gather(high) << 12) | gather(low);
    y[i] = (gather(high >> 1) << 12) | gather(low >> 1);
    const at = Math.floor((high * 0x1000000 + low) / shift);
    while (cell < at) start[++cell] = i;
  }
  while (cell < 4 ** cellBits) start[++cell] = n;
  return { x, y, start };
}

/**
 * Undo the steps of a line of the ground.
 * @param {number[]} steps of 0.00001 degree, longitude before latitude
 * @returns {Array<[number, number]>} latitude, longitude
 */
export function unpackPart(steps) {
  const found = [];
  for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) {
    x += steps[i];
    y += steps[i + 1];
    found.push(/** @type {[number, number]} */ ([y / 1e5, x / 1e5]));
  }
  return found;
}
