// Which runs the charts show and which are selected: what the table, the charts and the comparison share.
//
// Shown by default are the latest ten of the runs that the table matches; from the first use of an eye on it is
// exactly what was chosen, and stands in the URL as `show`.

import {batch, computed, effect, signal} from "./html.js";
import {colourOf, dashOf, tellApart} from "./palette.js";
import {list, param} from "./url.js";

/** How many runs are shown before anybody chose. */
export const DEFAULT_SHOWN = 10;
/** How many can be shown at once: what one request for curves takes. */
export const MOST_SHOWN = 1000;

/** null: the latest ten; "all": every run that matches (up to MOST_SHOWN); a list of keys: just these. */
export const shown = param("show", {
  initial: null,
  read: (written) => (written === "latest" ? null : written === "all" ? "all" : list.read(written)),
  write: (value) => (value === null ? "latest" : value === "all" ? "all" : list.write(value)),
});

/** What is known of runs: key -> {key, name, state, …}; the table fills it, others may add. */
export const runsByKey = signal(new Map());
/** Keys of the latest runs that the table matches; set by the table's page. */
export const latestKeys = signal([]);
/** Keys of all runs that match, up to MOST_SHOWN; asked for only while all are shown. */
export const matchedKeys = signal([]);
/** Keys that are ticked in the table: what menus act upon. */
export const selected = signal(new Set());
/** Only these runs of the visible ones, as a brush in a chart asks: a set of keys, or null for no brush. */
export const brushed = signal(null);
/** The run that the pointer is on, in the table or a chart. */
export const hovered = signal(null);

/** Keys of the runs that charts show, in order. */
export const visible = computed(() => {
  if (shown.value === null) return latestKeys.value.slice(0, DEFAULT_SHOWN);
  if (shown.value === "all") return matchedKeys.value;
  return shown.value;
});

const visibleSet = computed(() => new Set(visible.value));

/** The runs that charts show, as they take them: [{key, name, state, colour, dash}]. */
export const visibleRuns = computed(() => visible.value.map((key) => {
  const known = runsByKey.value.get(key);
  return {key, name: known?.name ?? key.split("/").pop(), state: known?.state ?? null, colour: colourOf(key), dash: dashOf(key)};
}));

effect(() => tellApart(visible.value));

/** Whether charts show this run. */
export function isVisible(key) {
  return visibleSet.value.has(key);
}

/** Shows or hides runs. */
export function show(keys, on = true) {
  const others = visible.peek().filter((key) => !keys.includes(key));
  shown.value = on ? [...others, ...keys].slice(-MOST_SHOWN) : others;
}

/** Shows a hidden run, hides a shown one. */
export function toggle(key) {
  show([key], !visibleSet.peek().has(key));
}

/** Shows these runs and no other. */
export function showOnly(keys) {
  shown.value = keys.slice(0, MOST_SHOWN);
}

/** Goes back to the latest ten. */
export function showLatest() {
  shown.value = null;
}

/** Ticks or unticks runs. */
export function select(keys, on = true) {
  const next = new Set(selected.peek());
  for (const key of keys) if (on) next.add(key); else next.delete(key);
  selected.value = next;
}

/** Unticks all. */
export function selectNone() {
  if (selected.peek().size) selected.value = new Set();
}

/** Remembers what is known of some runs. */
export function know(runs) {
  const next = new Map(runsByKey.peek());
  let differs = false;
  for (const run of runs) {
    const before = next.get(run.key);
    if (before && Object.keys(run).every((name) => Object.is(before[name], run[name]))) continue;
    next.set(run.key, {...before, ...run});
    differs = true;
  }
  if (differs) runsByKey.value = next; // the same again would redraw every chart
}

/** Forgets runs that are gone. */
export function forget(keys) {
  if (!keys.length) return;
  const gone = new Set(keys);
  batch(() => {
    select(keys, false);
    if (Array.isArray(shown.peek()) && shown.peek().some((key) => gone.has(key))) {
      shown.value = shown.peek().filter((key) => !gone.has(key));
    }
    runsByKey.value = new Map([...runsByKey.peek()].filter(([key]) => !gone.has(key)));
  });
}
