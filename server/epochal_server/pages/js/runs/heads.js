// The heads of the table's columns: their names, the order by them, and their menus.

import {openMenu, openPopover} from "../menu.js";
import {html} from "../html.js";
import {iconElement} from "../icons.js";
import {filters, group, sort} from "./asked.js";
import {make} from "./cells.js";
import {columnOf, isNumeric, labelOf, moveColumn, pinColumn, pinned, showColumn} from "./columns.js";
import {FilterForm} from "./filters.js";

/** The head of a column; a click sorts, with Shift it adds to the order. */
export function headOf(key, {fit}) {
  const {source} = columnOf(key);
  const place = sort.peek().findIndex(([column]) => column === key);
  const way = place < 0 ? null : sort.peek()[place][1];
  const several = sort.peek().length > 1;
  const from = source === "field" ? null : make("span", {class: "head-from"}, source);
  const arrow = way && make("span", {class: "head-order", "aria-hidden": "true"}, way === "asc" ? "↑" : "↓", several ? make("sub", {}, String(place + 1)) : null);
  const name = make("button", {type: "button", class: "head-name", tabindex: "-1", title: `${key}\nClick to sort, Shift-click to sort by it as well`, "data-head": key},
    make("span", {class: "head-text"}, from, make("span", {class: "head-label"}, labelOf(key))), arrow);
  name.addEventListener("click", (event) => sortBy(key, event.shiftKey));
  const isFiltered = filters.peek().some(({column}) => column === key);
  const more = make("button", {type: "button", class: `head-more ${isFiltered ? "is-on" : ""}`, "aria-label": `Column ${labelOf(key)}`, tabindex: "-1", "aria-haspopup": "menu", "aria-expanded": "false"}, iconElement(isFiltered ? "filter" : "down", 14));
  more.addEventListener("click", (event) => {
    event.stopPropagation();
    openMenu(more, headMenu(key, more, fit), {label: `Column ${labelOf(key)}`});
  });
  const head = make("span", {class: `head ${isNumeric(key) ? "is-number" : ""}`}, name, more);
  head.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    openMenu({x: event.clientX, y: event.clientY}, headMenu(key, more, fit), {label: `Column ${labelOf(key)}`});
  });
  return head;
}

/** Lets one of all heads be reached with Tab: the arrows lead on from there, and ArrowDown opens the menu. */
export function rove(place) {
  const all = [...place.querySelectorAll(".head-name")];
  if (!all.some((head) => head.tabIndex === 0) && all.length) all[0].tabIndex = 0;
}

/** What the arrows do in the heads. */
export function walkHeads(event) {
  const here = event.target.closest(".head-name, .head-more")?.closest(".head")?.querySelector(".head-name");
  if (!here) return;
  const all = [...event.currentTarget.querySelectorAll(".head-name")];
  const at = all.indexOf(here);
  const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1}[event.key];
  if (event.key === "ArrowDown") here.parentElement.querySelector(".head-more").click();
  else if (to === undefined || !all[to]) return;
  else {
    for (const head of all) head.tabIndex = head === all[to] ? 0 : -1;
    all[to].focus();
    all[to].scrollIntoView({block: "nearest", inline: "nearest"});
  }
  event.preventDefault();
}

/** Sorts by a column, the other way round where it is sorted by already; `more` keeps the order before it. */
export function sortBy(key, more = false) {
  const now = sort.peek();
  const before = now.find(([column]) => column === key)?.[1];
  const first = ["time", "number", "duration"].includes(columnOf(key).kind) ? "desc" : "asc";
  const way = before ? (before === "asc" ? "desc" : "asc") : first;
  if (!more) sort.value = [[key, way]];
  else if (before) sort.value = now.map((one) => (one[0] === key ? [key, way] : one));
  else sort.value = [...now, [key, way]];
}

function headMenu(key, anchor, fit) {
  const order = sort.peek();
  const at = order.find(([column]) => column === key)?.[1];
  const others = order.filter(([column]) => column !== key);
  const isPinned = pinned.peek().includes(key);
  const groups = group.peek();
  return [
    {label: "Sort ascending", icon: "↑", checked: at === "asc" && !others.length, run: () => (sort.value = [[key, "asc"]])},
    {label: "Sort descending", icon: "↓", checked: at === "desc" && !others.length, run: () => (sort.value = [[key, "desc"]])},
    others.length > 0 && !at && {label: "Sort by this as well", hint: "Shift+click", run: () => sortBy(key, true)},
    at && {label: "Do not sort by this", run: () => (sort.value = others)},
    {line: true},
    {label: "Filter…", run: () => openFilter(key, anchor)},
    {label: groups.includes(key) ? "Do not group by this" : "Group by this", run: () => (group.value = groups.includes(key) ? groups.filter((one) => one !== key) : [...groups, key])},
    {line: true},
    {label: isPinned ? "Unpin" : "Pin to the left", run: () => pinColumn(key, !isPinned)},
    {label: "Move left", run: () => moveColumn(key, -1)},
    {label: "Move right", run: () => moveColumn(key, 1)},
    {label: "Fit the width", run: () => fit(key)},
    key !== "name" && {label: "Hide", run: () => showColumn(key, false)},
  ];
}

/** Opens the form for filters on a column. */
export function openFilter(key, anchor) {
  openPopover(anchor, (close) => html`<${FilterForm} column=${key} close=${close} />`, {label: `Filter by ${labelOf(key)}`});
}
