// Brushing by keyboard: of the chart that has the focus one axis is chosen, and arrow keys move the ends of its range.

import { signal } from "../html.js";
import { exact } from "./axes.js";

// a page key passes so many shares of an axis' values
const PAGES = 10;

/** What the `?` sheet says of these keys. */
export const BRUSH_KEYS = [
  ["ArrowLeft ArrowRight", "To another axis"],
  ["ArrowUp ArrowDown", "Move the upper end of its range (with Shift the lower one)"],
  ["PageUp PageDown", "The same, by a tenth of the values"],
  ["Escape", "Show all"],
];

export class BrushKeys {
  /** @param {object} view a ColumnsView whose kind has `axes(drawn)` and `brush(view, ends)` */
  constructor(view) {
    this.view = view;
    this.at = 0;
    /** Of each axis with a range the least and the greatest value within, by column. */
    this.ends = new Map();
    /** What stands in the chart, and is read out. */
    this.said = signal("");
  }

  keys = {
    ArrowLeft: () => this.turn(-1),
    ArrowRight: () => this.turn(1),
    ArrowUp: (event) => this.move(event.shiftKey, 1),
    ArrowDown: (event) => this.move(event.shiftKey, -1),
    PageUp: (event) => this.move(event.shiftKey, this.page()),
    PageDown: (event) => this.move(event.shiftKey, -this.page()),
    Escape: () => this.clear(),
  };

  press(event) {
    if (!this.view.drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    this.forgetOthers();
    const handled = this.keys[event.key];
    // a chart that shows all leaves Escape to what it stands in
    if (!handled || (event.key === "Escape" && this.view.store.brushed.peek() === null)) return;
    event.preventDefault();
    event.stopPropagation();
    handled(event);
  }

  /** The focus has come: say where it is. */
  enter() {
    if (!this.view.drawn) return;
    this.forgetOthers();
    this.say("Up and down move the upper end of its range, with Shift the lower one; left and right choose another axis.");
  }

  /** A brush drawn by the pointer, or taken away by a button, ends these ranges. */
  forgetOthers() {
    const brushed = this.view.store.brushed.peek();
    if (brushed === null || brushed !== this.view.ownBrush) this.ends.clear();
  }

  axes() {
    return this.view.kind.axes(this.view.drawn).filter(({ values }) => values.length);
  }

  axis() {
    const axes = this.axes();
    return axes[Math.min(this.at, axes.length - 1)];
  }

  page() {
    return Math.max(1, Math.round((this.axis()?.values.length ?? 0) / PAGES));
  }

  turn(by) {
    const { length } = this.axes();
    this.at = (Math.min(this.at, length - 1) + by + length) % length;
    this.say();
  }

  /** Where the ends of the axis stand among its values. */
  places({ column, values }) {
    const last = values.length - 1;
    const ends = this.ends.get(column);
    if (!ends) return [0, last];
    const [low, high] = ends.map((end) => values.indexOf(end));
    return [Math.max(0, low), high < 0 ? last : high];
  }

  move(lower, by) {
    const axis = this.axis();
    if (!axis) return;
    const last = axis.values.length - 1;
    const [low, high] = this.places(axis);
    const places = lower ? [Math.min(high, Math.max(0, low + by)), high] : [low, Math.max(low, Math.min(last, high + by))];
    if (places[0] === 0 && places[1] === last) this.ends.delete(axis.column);
    else this.ends.set(axis.column, places.map((place) => axis.values[place]));
    this.view.kind.brush(this.view, this.ends, axis);
    this.say();
  }

  clear() {
    this.ends.clear();
    this.view.store.brushed.value = null;
    this.view.clearBrush?.();
    this.say();
  }

  say(more = "") {
    const axis = this.axis();
    if (!axis) return;
    const [low, high] = this.places(axis).map((place) => shown(axis.values[place]));
    const range = this.ends.has(axis.column) ? `from ${low} to ${high}` : `all, ${low} to ${high}`;
    const { brushed } = this.view.store;
    const all = this.view.status.peek().lines ?? 0;
    const count = brushed.peek() === null ? "" : `, ${brushed.peek().size} of ${all} runs`;
    this.said.value = `${axis.title}: ${range}${count}. ${more}`.trim();
  }
}

/** The keys of the runs whose values lie within all ranges. */
export function keysWithin(axes, ends, rows) {
  const bounds = axes
    .map(({ column, values }, at) => ({ at, ends: ends.get(column), place: new Map(values.map((value, place) => [value, place])) }))
    .filter((axis) => axis.ends)
    .map(({ at, ends: [low, high], place }) => ({ at, place, low: place.get(low) ?? 0, high: place.get(high) ?? Infinity }));
  const within = (value) => bounds.every(({ at, place, low, high }) => place.get(value[at]) >= low && place.get(value[at]) <= high);
  return new Set(rows.filter(({ value }) => within(value)).map(({ key }) => key));
}

/** The different values of an axis from its lower to its upper end: numbers by size, words in the order that is given. */
export function axisValues(values) {
  const different = [...new Set(values)];
  return different.every((value) => typeof value === "number") ? different.sort((one, other) => one - other) : different;
}

function shown(value) {
  return typeof value === "number" ? exact(value) : value;
}
