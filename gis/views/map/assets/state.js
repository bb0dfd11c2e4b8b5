/**
 * Hold what the reader has chosen, and tell those who draw it.
 */

/**
 * @typedef {Object} State
 * @property {string} scheme auto, light or dark
 * @property {Set<string>} shown keys of memberships, plan/system/place
 * @property {Set<string>} layers names of the other layers that are shown
 * @property {Set<number>} segmentsOff positions of segments that are filtered away
 * @property {Set<number>} standingsOff
 * @property {string} plan id of the plan whose firms are shown; empty: all
 * @property {boolean} onlyHeadquarters
 * @property {string} theme
 * @property {string} tab
 * @property {{type: string, id: string|number}|null} selected
 * @property {number} radius metres
 * @property {string} reachTarget
 * @property {string} date
 * @property {{left: string, right: string, at: number}|null} compare
 * @property {boolean} onPaper whether the map is laid out for a sheet just now
 * @property {any} drawn what was drawn: a circle or a polygon
 */

/** @type {State} */
export const state = {
  scheme: "auto",
  shown: new Set(),
  layers: new Set(),
  segmentsOff: new Set(),
  standingsOff: new Set(),
  plan: "",
  onlyHeadquarters: false,
  theme: "",
  tab: "layers",
  selected: null,
  radius: 500,
  reachTarget: "",
  date: "",
  compare: null,
  onPaper: false,
  drawn: null,
};

/** @type {Array<{keys: string[], act: function(): void}>} */
const listeners = [];

/**
 * Call `act` after a change of one of `keys`.
 * @param {string[]} keys
 * @param {function(): void} act
 */
export function when(keys, act) {
  listeners.push({ keys, act });
}

/**
 * Change some of the state, then tell each listener once.
 * @param {Object<string, any>} patch
 */
export function change(patch) {
  Object.assign(state, patch);
  const changed = Object.keys(patch);
  for (const { keys, act } of listeners) if (keys.some((key) => changed.includes(key))) act();
}

/**
 * A copy of a set with one value put in or taken out.
 * @template T
 * @param {Set<T>} set
 * @param {T} value
 * @param {boolean} [on] toggles where it is not given
 * @returns {Set<T>}
 */
export function toggled(set, value, on) {
  const copy = new Set(set);
  if (on === undefined ? !copy.has(value) : on) copy.add(value);
  else copy.delete(value);
  return copy;
}
