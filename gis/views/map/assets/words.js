/**
 * Say things in the reader's language.
 */

/** @type {{table: Object<string, Object<string, string>>, lang: string}} */
const speech = { table: {}, lang: "zh" };

/**
 * @param {Object<string, Object<string, string>>} table
 * @param {string} lang
 */
export function speak(table, lang) {
  speech.table = table;
  speech.lang = lang;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
}

/** @param {string} lang */
export function switchLang(lang) {
  speak(speech.table, lang);
}

/** @returns {string} */
export function lang() {
  return speech.lang;
}

/**
 * One of the page's own phrases; {name} in it is replaced by a value.
 * @param {string} key
 * @param {Object<string, any>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const entry = speech.table[key];
  const text = entry ? entry[speech.lang] || entry.zh : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * A phrase for a value of a closed list; the value itself where the page has no phrase for it.
 * @param {string} prefix
 * @param {string|null|undefined} value
 * @returns {string}
 */
export function term(prefix, value) {
  if (!value) return "";
  const entry = speech.table[prefix + "." + value];
  return entry ? entry[speech.lang] || entry.zh : value;
}

/**
 * The name of a thing from data, in the reader's language where it has one.
 * @param {any} thing
 * @param {string} [key]
 * @returns {string}
 */
export function nameOf(thing, key = "name") {
  return (speech.lang === "en" && thing[key + "_en"]) || thing[key] || thing.id || "";
}

/**
 * A number with a comma every three digits, as both languages write it; Intl would need longer to start than the whole page.
 * @param {number|null|undefined} value
 * @param {number} [digits]
 * @returns {string}
 */
export function num(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  const [whole, part] = value.toFixed(digits).split("."), grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? grouped : grouped + "." + part;
}

/** @param {string} text @param {number} most @returns {string} its first letters, with a sign where any are left out */
export function cut(text, most) {
  const letters = [...text];
  return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : text;
}

/**
 * An area in km², with digits that its size deserves.
 * @param {number|null|undefined} value
 * @returns {string}
 */
export function area(value) {
  if (value === null || value === undefined) return "–";
  return num(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

/**
 * @param {number|null|undefined} value 0 to 1
 * @returns {string}
 */
export function percent(value) {
  return value === null || value === undefined ? "–" : num(value * 100, 1) + "%";
}

/**
 * A length, in metres or kilometres.
 * @param {number|null|undefined} metres
 * @returns {string}
 */
export function distance(metres) {
  if (metres === null || metres === undefined) return "–";
  return metres < 1000 ? num(metres) + " m" : num(metres / 1000, metres < 10000 ? 2 : 1) + " km";
}
