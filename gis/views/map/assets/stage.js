/**
 * Name the Leaflet map that folium has made in the page.
 */

/** @type {any} */
export const map = window.map_atlas;
