// What stands in the cells of the table: elements that are made by hand, for there are thousands of them.

import {ago, duration, exact, now, number, valueText, when} from "../format.js";
import {iconElement} from "../icons.js";
import {colourOf, dashOf} from "../palette.js";
import {isVisible, selected} from "../selection.js";
import {runPath} from "../url.js";
import {columnOf, isNumeric} from "./columns.js";

/** Makes an element: make("span", {class: "x", title: "y"}, "text", child…); null attributes are left out. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The formatter of a column, as SlickGrid wants it. */
export function formatterOf(key) {
  return (_row, _cell, _value, _definition, item) => {
    if (!item) return "";
    if (item.group) return groupCell(key, item);
    if (item.key === null) return make("span", {class: "cell-waits"});
    return cellOf(key, item);
  };
}

/** The box that ticks a run. */
export function pickCell(_row, _cell, _value, _definition, item) {
  if (item?.group) return toggleCell(item);
  if (!item?.key) return "";
  const box = make("input", {type: "checkbox", tabindex: "-1", "aria-label": `Select ${item.at("name")}`, "data-do": "pick"});
  box.checked = selected.peek().has(item.key);
  return box;
}

/** The dot in the run's colour: full where charts show the run, an outline where they do not. */
export function eyeCell(_row, _cell, _value, _definition, item) {
  if (!item?.key) return "";
  const on = isVisible(item.key);
  const button = make("button", {
    type: "button", class: `eye ${on ? "is-on" : ""} is-${dashOf(item.key)}`, tabindex: "-1", "data-do": "eye",
    "aria-pressed": String(on), "aria-label": `Show ${item.at("name")} in charts`, title: on ? "Hide in charts" : "Show in charts",
  }, make("span", {class: "eye-dot"}));
  button.style.setProperty("--run", colourOf(item.key));
  return button;
}

function cellOf(key, item) {
  const value = item.at(key);
  if (key === "name") return nameCell(item);
  if (value === null || value === undefined || value === "") return make("span", {class: "none"}, "–");
  if (key === "state") return stateCell(value, item.at("reason"));
  const {kind} = columnOf(key);
  if (kind === "time") return make("time", {class: "ago", title: when(value), "data-time": value}, ago(value));
  if (key === "duration" && item.at("state") === "running" && item.at("started")) {
    return make("span", {class: "is-moving", "data-since": item.at("started")}, sinceText(item.at("started")));
  }
  if (kind === "duration") return {text: duration(value), toolTip: `${number(value)} s`};
  if (Array.isArray(value)) return key === "tags" ? tagsCell(value) : {text: value.map(valueText).join(", "), toolTip: value.map(valueText).join("\n")};
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return make("span", {class: "not-finite"}, number(value));
  if (typeof value === "number") return {text: number(value), toolTip: exact(value)};
  const text = valueText(value);
  return {text, toolTip: text};
}

/** How long something has been running by now. */
function sinceText(started) {
  return duration(Math.max(0, now.peek() - started));
}

/** Moves on what tells of the time that passes, in cells that are there already. */
export function moveTimes(place) {
  for (const cell of place.querySelectorAll("[data-time]")) cell.textContent = ago(Number(cell.dataset.time));
  for (const cell of place.querySelectorAll("[data-since]")) cell.textContent = sinceText(Number(cell.dataset.since));
}

function nameCell(item) {
  const name = item.at("name") || item.key.split("/")[1];
  const notes = item.at("notes");
  const link = make("a", {class: "run-name", href: runPath(item.key), tabindex: "-1", title: name}, name);
  const note = notes ? make("span", {class: "run-note", title: notes}, iconElement("note", 13)) : null;
  return make("span", {class: "name-cell"}, link, note,
    make("button", {type: "button", class: "row-more", tabindex: "-1", "data-do": "menu", "aria-label": `More for ${name}`, title: "More (right click)"}, iconElement("more")));
}

function stateCell(state, reason) {
  return make("span", {class: `state is-${state}`, title: reason ?? null}, make("span", {class: "state-dot"}), state);
}

function tagsCell(tags) {
  return make("span", {class: "cell-tags", title: tags.join(", ")}, ...tags.map((tag) => make("span", {class: "tag"}, tag)));
}

function groupCell(key, {group, isOpen}) {
  if (key === "name") {
    const text = groupText(group);
    return make("span", {class: "group-text", title: text}, make("span", {class: "group-values"}, text),
      make("span", {class: "group-count"}, `${number(group.count)} ${group.count === 1 ? "run" : "runs"}`));
  }
  if (key === "state") return statesCell(group);
  const stats = group.stats?.[key];
  if (!stats || !stats.n || !isNumeric(key)) return "";
  const shown = (value, digits) => (key === "duration" ? duration(value, {short: digits < 4}) : number(value, {digits}));
  const spread = stats.std === null || stats.std === undefined ? "" : ` ± ${shown(stats.std, 2)}`;
  const title = `mean ${exact(stats.mean)}${spread && `\nstandard deviation ${exact(stats.std)}`}\nsmallest ${exact(stats.min)}\nlargest ${exact(stats.max)}\n${stats.n} of ${group.count} runs have a value`;
  return make("span", {class: "group-stats", title}, make("span", {}, shown(stats.mean, 4), make("span", {class: "spread"}, spread)),
    make("span", {class: "group-range"}, stats.min === stats.max ? "all alike" : `${shown(stats.min, 3)} … ${shown(stats.max, 3)}`));
}

function groupText({values}) {
  return values.map((value) => (value === null ? "none" : valueText(value))).join("  ·  ");
}

function toggleCell({group, isOpen}) {
  const label = `${isOpen ? "Close" : "Open"} the group ${groupText(group)}`;
  return make("button", {type: "button", class: "group-toggle", tabindex: "-1", "aria-expanded": String(isOpen), "aria-label": label}, iconElement(isOpen ? "down" : "right"));
}

function statesCell({states, count}) {
  const parts = Object.entries(states ?? {}).sort((a, b) => b[1] - a[1]);
  const text = parts.map(([state, n]) => `${n} ${state}`).join(", ");
  const bar = make("span", {class: "states-bar"}, ...parts.map(([state, n]) => {
    const part = make("span", {class: `state is-${state}`});
    part.style.flexGrow = String(n / count);
    return part;
  }));
  return make("span", {class: "group-stats is-states", title: text}, bar, make("span", {class: "group-range"}, text));
}
