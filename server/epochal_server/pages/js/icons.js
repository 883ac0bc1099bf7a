// Small line icons, drawn in the colour of the text around them: html`<${Icon} name="search" />`.

import {html} from "./html.js";

const PATHS = {
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.4 10.4l3.1 3.1",
  eye: "M1.5 8s2.4-4.5 6.5-4.5S14.5 8 14.5 8 12.1 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  eyeOff: "M2 2l12 12M6.1 3.8A6.6 6.6 0 0 1 8 3.5c4.1 0 6.5 4.5 6.5 4.5a12 12 0 0 1-2 2.5M4 5.3A11.5 11.5 0 0 0 1.5 8S3.9 12.5 8 12.5a6.6 6.6 0 0 0 2.6-.5",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  filter: "M2 3.5h12M4.5 8h7M6.5 12.5h3",
  group: "M2.5 3.5h11M5.5 8h8M5.5 12.5h8M2.5 8h.01M2.5 12.5h.01",
  more: "M3 8a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M7.4 8a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M11.8 8a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0",
  download: "M8 2.5v7M5 7l3 3 3-3M2.5 13h11",
  print: "M4.5 6v-3.5h7v3.5M4.5 11.5h-2v-5.5h11v5.5h-2M4.5 9.5h7v4h-7z",
  trash: "M2.5 4.5h11M6.5 4.5v-2h3v2M4 4.5l.7 9h6.6l.7-9",
  tag: "M2.5 2.5h5.2l5.8 5.8-5.2 5.2-5.8-5.8zM5.5 5.5h.01",
  pencil: "M3 13l.6-2.8 7.3-7.3 2.2 2.2-7.3 7.3z",
  note: "M3.5 2.5h9v11h-9zM5.8 5.5h4.4M5.8 8h4.4M5.8 10.5h2.4",
  pin: "M6 2.5h4l-.5 4 2 2.5h-7l2-2.5zM8 9v4.5",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7z",
  system: "M2 3h12v8H2zM6 13.5h4M8 11v2.5",
  keyboard: "M1.5 4h13v8h-13zM4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M4.5 9.5h7",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4l-4 4 4 4",
  up: "M4 10l4-4 4 4",
  plus: "M8 3v10M3 8h10",
  cross: "M4 4l8 8M12 4l-8 8",
  check: "M3.5 8.5l3 3 6-7",
  table: "M2 3h12v10H2zM2 6.3h12M2 9.7h12M6 3v10",
  chart: "M2.5 2.5v11h11M5 10l2.5-3.5 2.5 2L13.5 4",
  split: "M2 3h12v10H2zM7.5 3v10",
  link: "M6.5 9.5l3-3M7.5 4.5l1.2-1.2a2.8 2.8 0 0 1 4 4L11.5 8.5M8.5 11.5l-1.2 1.2a2.8 2.8 0 0 1-4-4L4.5 7.5",
  compare: "M5.5 2.5v11M10.5 2.5v11M2.5 5h3M10.5 5h3M2.5 11h3M10.5 11h3",
  external: "M9 2.5h4.5V7M13.5 2.5L7.5 8.5M11.5 9.5v4h-9v-9h4",
  full: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  warning: "M8 2.5l6 11H2zM8 6.5v3.2M8 11.7h.01",
};

/** An icon of 16 by 16; it says nothing to a screen reader: what it stands on does. */
export function Icon({name, size = 16}) {
  return html`<svg class="icon" viewBox="0 0 16 16" width=${size} height=${size} aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}

/** The same as an element, for tables that are not drawn by preact. */
export function iconElement(name, size = 16) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({class: "icon", viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": "true"})) made.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  made.append(path);
  return made;
}
