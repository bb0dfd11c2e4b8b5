/**
 * Tell all that is known of one thing, with the clause that says so.
 */

import { byId, el, fill } from "./dom.js";
import { allowedFacets, data, find, isFiltered, isByPlace, placeOf, pointCards, pointNames, points, positionOf, rolesOf, segmentOf } from "./model.js";
import { isSketch } from "./paint.js";
import { reachShare, rowValues } from "./table.js";
import { change, state } from "./state.js";
import { segmentMark } from "./tree.js";
import { area, distance, nameOf, num, percent, t, term } from "./words.js";

const LIST = 60;

/** @param {any} citation @returns {HTMLElement} */
function cite(citation) {
  const plan = find("plans", citation.plan);
  return el("p", { class: "cite" },
    el("bdi", { text: t("cite.plan", { plan: plan ? nameOf(plan, "title") : citation.plan }) }), " ",
    el("span", { text: citation.section || "" }), " ",
    el("span", { class: "where", text: t("cite.line", { line: citation.line, file: citation.file }) }));
}

/** @param {Array<[string, any]>} pairs @returns {HTMLElement|null} */
function facts(pairs) {
  const kept = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== "–");
  return kept.length ? el("dl", { class: "facts" }, ...kept.flatMap(([key, value]) => [el("dt", { text: key }), el("dd", {}, value)])) : null;
}

/** @param {any} thing @returns {HTMLElement} how the geometry came to be, and how exact it is */
function basisOf(thing) {
  if (thing.unplaced_reason && !thing.geometry && !thing.basis) return el("section", {}, el("h3", { text: t("card.basis") }), el("p", { class: "unplaced", text: t("card.unplaced") + thing.unplaced_reason }));
  return el("section", {}, el("h3", { text: t("card.basis") }),
    facts([
      [t("card.basis.kind"), thing.basis ? el("span", {}, el("span", { class: "tag" + (isSketch(thing.basis) ? " warn" : ""), text: term("basis", thing.basis) }), " ", t("basis." + thing.basis + ".why")) : t("card.unplaced")],
      [t("card.accuracy"), thing.accuracy_m ? t("card.accuracy.value", { m: distance(thing.accuracy_m) }) : null],
      [t("card.source"), thing.source],
    ]));
}

/** @param {any} thing @returns {any[]} */
function head(thing) {
  const other = thing.name_en && nameOf(thing) !== thing.name_en ? thing.name_en : thing.name !== nameOf(thing) ? thing.name : null;
  return [
    el("h2", { id: "card-title", tabindex: -1 }, el("bdi", { text: nameOf(thing) })),
    other ? el("p", { class: "other-name" }, el("bdi", { text: other })) : null,
    thing.aliases?.length ? el("p", { class: "aliases" }, t("card.aliases"), el("bdi", { text: thing.aliases.join("、") })) : null,
  ];
}

/** @param {any} member @returns {HTMLElement} */
function roleItem(member) {
  const plan = find("plans", member.system.plan);
  return el("li", {},
    el("p", {}, el("span", { class: "role", text: member.role }), el("strong", { text: nameOf(member.system) }), el("span", { class: "muted", text: " · " + (plan?.short || plan?.title || member.system.plan) })),
    member.name_as_written && member.name_as_written !== placeOf(member.place_id)?.name ? el("p", { class: "muted" }, t("card.as_written"), el("bdi", { text: "“" + member.name_as_written + "”" })) : null,
    member.functions?.length ? el("p", { class: "functions" }, ...member.functions.map((f) => el("span", { class: "tag", text: f }))) : null,
    facts([[t("card.text_area"), member.area_km2 ? area(member.area_km2) + " km²" : null], [t("card.status"), term("status", member.status)], [t("card.parent"), member.parent ? placeLink(member.parent) : null]]),
    ...(member.citations || []).map(cite));
}

/** @param {string} id @returns {HTMLElement} */
function placeLink(id) {
  const place = placeOf(id);
  return el("button", { class: "link", type: "button", on: { click: () => change({ selected: { type: "places", id } }) } }, el("bdi", { text: place ? nameOf(place) : id }));
}

/** @param {string} row @returns {Promise<HTMLElement|null>} */
async function firmsOf(row) {
  const counts = points.rows[row];
  if (!counts?.list_d && !counts?.list_i) return null;
  const members = [...new Set([...(counts.list_d || []), ...(counts.list_l || []), ...(counts.list_m || []), ...(counts.list_i || [])])];
  if (!members.length) return null;
  return el("section", {}, el("h3", { text: t("card.firms", { n: num(members.length) }) }), await firmList(members));
}

/**
 * @param {number[]} members
 * @param {boolean} [mixed] whether those that are not drawn stand among others, and are to be told from them
 * @returns {Promise<HTMLElement>}
 */
export async function firmList(members, mixed = true) {
  const names = await pointNames();
  const row = (i) => el("li", {}, el("button", { class: "link", type: "button", on: { click: () => selectPoint(i, true) } }, segmentMark(segmentOf(i)), el("bdi", { text: names[i] }), mixed && i >= points.placed ? el("span", { class: "tag", text: t(isByPlace(i) ? "search.by_place" : "search.unplaced") }) : null));
  const list = el("ul", { class: "firm-list" }, ...members.slice(0, LIST).map(row));
  if (members.length > LIST) {
    const more = el("button", { class: "small", type: "button", text: t("card.more", { n: num(members.length - LIST) }), on: { click: () => { fill(list, ...members.slice(0, 2000).map(row)); } } });
    list.append(el("li", {}, more));
  }
  return list;
}

/** @param {any} place @param {string} kind @returns {Promise<any[]>} */
async function placeCard(place, kind) {
  const figures = place.figures || {}, values = rowValues(place.id, figures, allowedFacets());
  const roles = rolesOf(place.id), filtered = isFiltered();
  const within = reachShare(place.id, figures), firms = reachShare(place.id, figures, "enterprise_share");
  // A figure that cannot be had is said to be unknown; of other files nothing is expected.
  const known = (value, text) => (value !== undefined && value !== null ? text(value) : data.kind === "city" && place.figures ? t("unknown") : null);
  return [
    ...head(place),
    el("p", { class: "kind", text: kind === "districts" && !place.category ? term("level", place.level) : term("category", place.category) }),
    facts([
      [t("figure.area"), area(values.area) === "–" ? null : area(values.area) + " km²"],
      [t("figure.inside"), data.kind === "city" ? null : num(values.inside)],
      [t("figure.documented"), data.kind === "city" ? (values.documented === null || values.documented === undefined ? t("figure.documented.none") : num(values.documented)) : null],
      [t("figure.located"), data.kind === "city" ? known(values.located, num) : null],
      [t("figure.possible"), data.kind === "city" ? known(values.possible, num) : null],
      [t("figure.estimate"), data.kind === "city" ? known(values.estimate, (n) => num(n, 1) + t("figure.interval", { low: num(values.low), high: num(values.high) })) : null],
      [t("figure.density"), figures.density_per_km2 === undefined || filtered ? null : num(figures.density_per_km2, 2) + " /km²"],
      [t("figure.road"), known(figures.test_road_km, (km) => num(km, 2) + " km")],
      [t("figure.road_density"), figures.test_road_density ? num(figures.test_road_density, 2) + " km/km²" : null],
      [t("figure.reach", { r: num(state.radius) }), known(within, percent)],
      [t("figure.reach_firms", { r: num(state.radius) }), filtered ? null : known(firms, percent)],
    ]),
    filtered ? el("p", { class: "note", text: t("table.filtered") }) : null,
    figures.sentence && !filtered ? el("p", { class: "sentence", text: nameOf(figures, "sentence") }) : null,
    figures.disagreement && !filtered ? el("p", { class: "unplaced", text: t("figure.disagrees") + nameOf(figures, "disagreement") }) : null,
    roles.length ? el("section", {}, el("h3", { text: t("card.roles") }), el("ul", { class: "roles" }, ...roles.map(roleItem))) : null,
    await firmsOf(place.id),
    basisOf(place),
    place.note ? el("p", { class: "note", text: place.note }) : null,
  ];
}

/** @param {any} mention @returns {HTMLElement} */
function mentionItem(mention) {
  const segment = data.segments.find((s) => s.id === mention.segment);
  return el("li", {},
    el("p", {}, el("bdi", { text: "“" + mention.name_as_written + "”" }), mention.label && mention.label !== mention.name_as_written ? el("span", { class: "muted", text: " " + mention.label }) : null),
    facts([
      [t("card.mention.place"), mention.place ? placeLink(mention.place) : null],
      [t("card.mention.segment"), segment ? nameOf(segment, "label") : null],
      [t("card.mention.standing"), term("standing", mention.standing)],
      [t("card.mention.activity"), mention.activity],
      [t("card.status"), term("status", mention.status)],
      [t("card.year"), mention.year],
      [t("card.length"), mention.length_km ? num(mention.length_km, 1) + " km" : null],
      [t("card.count"), mention.count === undefined ? null : num(mention.count) + " " + (mention.unit || "")],
    ]),
    cite(mention.citation));
}

/** @param {any[]|undefined} mentions @returns {HTMLElement|null} */
function mentionsOf(mentions) {
  return mentions?.length ? el("section", {}, el("h3", { text: t("card.mentions", { n: mentions.length }) }), el("ul", { class: "roles" }, ...mentions.map(mentionItem))) : null;
}

/** @param {number} i @returns {Promise<any[]>} */
async function firmCard(i) {
  const [names, cards] = await Promise.all([pointNames(), pointCards()]);
  const card = cards[i] || {}, segment = segmentOf(i), at = positionOf(i);
  return [
    ...head({ ...card, name: names[i] }),
    el("p", { class: "kind" }, segmentMark(segment), " ", nameOf(segment, "label"), card.kind ? " · " + term("kind", card.kind) : "", " ", el("span", { class: "tag", text: term("standing", points.standings[points.facets[points.facet[i]][1]]) })),
    facts([[t("card.address"), card.address], [t("card.within"), card.within ? placeLink(card.within) : null],
      [t("card.position"), at ? at.lon.toFixed(5) + ", " + at.lat.toFixed(5) : null]]),
    isByPlace(i) ? el("p", { class: "unplaced", text: at ? t("card.by_line") : t("card.by_place", { place: nameOf(placeOf(card.within) || { name: card.within }) }) }) : null,
    mentionsOf(card.mentions),
    points.has_cards ? basisOf({ ...card, geometry: at }) : null,
    card.note ? el("p", { class: "note", text: card.note }) : null,
  ];
}

/** @param {any} thing @param {string} prefix @returns {any[]} */
function thingCard(thing, prefix) {
  return [
    ...head(thing),
    el("p", { class: "kind", text: term(prefix + ".type", thing.type) }),
    facts([[t("card.length"), thing.length_km ? num(thing.length_km, 2) + " km" : null], [t("card.status"), term("status", thing.status)], [t("card.year"), thing.year], [t("card.within"), thing.within ? placeLink(thing.within) : null]]),
    mentionsOf(thing.mentions),
    basisOf(thing),
    thing.note ? el("p", { class: "note", text: thing.note }) : null,
  ];
}

/** @param {any} chip @returns {Promise<any[]>} what is known only to lie in a place */
async function chipCard({ place, members, facilities, text }) {
  const link = (f) => el("li", {}, el("button", { class: "link", type: "button", on: { click: () => change({ selected: { type: "facilities", id: f.id } }) } }, el("bdi", { text: nameOf(f) }), el("span", { class: "tag", text: term("facility.type", f.type) })));
  return [
    el("h2", { id: "card-title", tabindex: -1 }, el("bdi", { text: nameOf(place) })),
    el("p", { class: "kind", text: t("chip.only") }),
    el("p", {}, placeLink(place.id)),
    members.length ? el("section", {}, el("h3", { text }), await firmList(members, false)) : null,
    facilities.length ? el("section", {}, el("h3", { text: t("here.facilities", { n: num(facilities.length) }) }), el("ul", { class: "firm-list" }, ...facilities.map(link))) : null,
  ];
}

/**
 * Select a point; its position goes along so that the map can mark it.
 * @param {number} i
 * @param {boolean} [fly]
 * @param {any} [here] what else lies there
 */
export async function selectPoint(i, fly = false, here = undefined) {
  const at = positionOf(i), cards = await pointCards();
  change({ selected: { type: "point", id: i, fly, here, within: at ? "" : cards[i]?.within || "", at: at && { ...at, accuracy_m: isByPlace(i) ? 0 : cards[i]?.accuracy_m || 0 } } });
}

/**
 * Select what lies at a place: of several things one card, to leaf through.
 * @param {number[]} members points
 * @param {Array<{kind: string, id: string}>} shapes
 * @param {any} [chip] what is known only by its place, whose number lies there
 */
export function selectHere(members, shapes, chip = null) {
  const here = chip ? [{ type: "chip", id: chip.place.id, chip }] : members.length > 1 ? [{ type: "bundle", id: members[0], members }] : members.map((i) => ({ type: "point", id: i }));
  const all = [...here, ...shapes.map(({ kind, id }) => ({ type: kind, id }))];
  if (!all.length) change({ selected: null });
  else selectOf(all, 0, { points: members.length, shapes });
}

/** @param {any[]} all @param {number} k @param {any} what */
async function selectOf(all, k, what) {
  const chosen = all.length > 1 ? { ...all[k], here: { all, k, what } } : all[k];
  if (chosen.type !== "point") change({ selected: chosen });
  else await selectPoint(chosen.id, false, chosen.here);
}

/** @param {any} here @returns {HTMLElement} what else lies at the place, and the way to it */
function leaves({ all, k, what }) {
  const kinds = new Map();
  for (const { kind } of what.shapes) kinds.set(kind, (kinds.get(kind) || 0) + 1);
  const parts = [...kinds].map(([kind, n]) => t("here." + kind, { n: num(n) }));
  if (what.points) parts.push(t("here.points." + data.point_noun, { n: num(what.points) }));
  const turn = (step) => () => selectOf(all, (k + step + all.length) % all.length, what);
  return el("div", { class: "leaves" }, el("span", { text: t("here", { what: parts.join(" · ") }) }),
    el("span", { class: "leaf-turn" },
      el("button", { type: "button", class: "small", text: "‹", "aria-label": t("here.before"), on: { click: turn(-1) } }),
      el("span", { class: "count", text: (k + 1) + "/" + all.length }),
      el("button", { type: "button", class: "small", text: "›", "aria-label": t("here.next"), on: { click: turn(1) } })));
}

/** Show the card of what is selected, or none. */
export async function drawCard() {
  const box = byId("card"), body = byId("card-body"), chosen = /** @type {any} */ (state.selected);
  if (!chosen) {
    box.hidden = true;
    document.body.classList.remove("has-card");
    return;
  }
  let content = null;
  if (chosen.type === "point") content = await firmCard(Number(chosen.id));
  else if (chosen.type === "bundle") content = [el("h2", { id: "card-title", tabindex: -1, text: t("card.bundle", { n: num(chosen.members.length) }) }), el("p", { class: "kind", text: t("card.bundle.why") }), await firmList(chosen.members)];
  else if (chosen.type === "chip") content = await chipCard(chosen.chip);
  else if (chosen.type === "custom") content = await chosen.content();
  else if (chosen.type === "roads" || chosen.type === "facilities") content = find(chosen.type, chosen.id) && thingCard(find(chosen.type, chosen.id), chosen.type === "roads" ? "road" : "facility");
  else if (placeOf(chosen.id)) content = await placeCard(placeOf(chosen.id), chosen.type);
  if (state.selected !== chosen) return;
  if (!content) {
    change({ selected: null });
    return;
  }
  fill(body, chosen.here ? leaves(chosen.here) : null, ...content);
  body.scrollTop = 0;
  box.hidden = false;
  document.body.classList.add("has-card");
}

/** Draw the card of a zone again, whose figures follow filter and radius, where the reader was in it. */
export async function refreshCard() {
  const body = byId("card-body"), top = body.scrollTop;
  if (!state.selected || !["places", "districts"].includes(state.selected.type)) return;
  await drawCard();
  body.scrollTop = top;
}
