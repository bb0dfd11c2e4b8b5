/**
 * Build elements. Text is only ever set as text, so nothing that comes from data can become markup.
 */

/**
 * Create an HTML element.
 * @param {string} tag
 * @param {Object<string, any>} [attrs] `class`, `text`, `on` (event -> listener), `css` (property -> value), `data`; else attributes;
 *   null, undefined and false leave an attribute out
 * @param {...(Node|string|null|undefined|false|Array<any>)} children
 * @returns {HTMLElement}
 */
export function el(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  dress(node, attrs);
  append(node, children);
  return node;
}

/**
 * Create an SVG element.
 * @param {string} tag
 * @param {Object<string, any>} [attrs]
 * @param {...(Node|string|null|undefined|false|Array<any>)} children
 * @returns {SVGElement}
 */
export function svgEl(tag, attrs = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(node, attrs);
  append(node, children);
  return node;
}

/**
 * @param {HTMLElement|SVGElement} node
 * @param {Object<string, any>} attrs
 */
function dress(node, attrs) {
  for (const [name, value] of Object.entries(attrs)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = String(value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "css") for (const [property, v] of Object.entries(value)) node.style.setProperty(property, String(v));
    else if (name === "data") for (const [key, v] of Object.entries(value)) node.dataset[key] = String(v);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * @param {Element} node
 * @param {Array<any>} children
 */
function append(node, children) {
  for (const child of children.flat(3)) if (child !== null && child !== undefined && child !== false) node.append(child);
}

/**
 * Replace what an element holds.
 * @param {Element} node
 * @param {...any} children
 */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * Offer bytes or text to the reader as a file.
 * @param {string} name
 * @param {Blob} blob
 */
export function download(name, blob) {
  const link = /** @type {HTMLAnchorElement} */ (el("a", { href: URL.createObjectURL(blob), download: name.replace(/[\\/:*?"<>|\u0000-\u001f]/g, "_").slice(0, 120) }));
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 30000);
}

/**
 * Say something to a screen reader and, for a moment, on the page.
 * @param {string} message
 */
export function announce(message) {
  const box = byId("toast");
  box.textContent = message;
  box.classList.add("shown");
  clearTimeout(Number(box.dataset.timer));
  box.dataset.timer = String(setTimeout(() => box.classList.remove("shown"), 3200));
}
