// What the table is asked for: every choice of the runs page, in the URL, and the request that follows from them.
//
// Columns, their widths and pins, and the split are also remembered in the browser: they hold where a link says nothing.

import {computed} from "../html.js";
import {remembered} from "../memory.js";
import {brushed} from "../selection.js";
import {json, list, oneOf, param} from "../url.js";

const NARROW = 900; // CSS pixels
const MOST_KEYS = 10_000; // that one request may name

export const project = param("project");
export const search = param("q");
/** A filter in the language of the Python API, as it was last understood by the server. */
export const where = param("where");

const pairs = {
  read: (written) => list.read(written).map((one) => (one.startsWith("-") ? [one.slice(1), "desc"] : [one, "asc"])),
  write: (sort) => list.write(sort.map(([column, way]) => (way === "desc" ? `-${column}` : column))),
};
/** [[column, "asc" | "desc"], …], the first the most important. */
export const sort = param("sort", {initial: [["started", "desc"]], ...pairs});

const OPS = ["=", "!=", "<", "<=", ">", ">=", "contains", "empty", "set"];
/** [{column, op, value?}, …]; all of them must hold. */
export const filters = param("filters", {
  initial: [],
  read: (written) => {
    const found = json.read(written);
    if (!Array.isArray(found)) return undefined;
    return found.filter((one) => Array.isArray(one) && OPS.includes(one[1])).map(([column, op, value]) => (value === undefined ? {column, op} : {column, op, value}));
  },
  write: (some) => (some.length ? json.write(some.map(({column, op, value}) => (value === undefined ? [column, op] : [column, op, value]))) : ""),
});

/** Columns that the runs are grouped by. */
export const group = param("group", {initial: [], ...list});
/** The groups that are open, each as the JSON of its values. */
export const opened = param("open", {initial: [], ...list});

function settled(name, codec) {
  const here = param(name, {
    initial: null, read: codec.read, write: (value) => (value === null ? "" : codec.write(value)),
  });
  const kept = remembered(`runs.${name}`, null);
  return {
    signal: computed(() => here.value ?? kept.value),
    set: (value) => {
      here.value = value;
      kept.value = value;
    },
  };
}

/** Keys of the columns in their order; null where nobody chose. */
export const columnKeys = settled("columns", list);
/** Keys of the columns that stay where they are when the table is moved sideways. */
export const pins = settled("pins", list);
/** Widths in pixels, by key, of the columns that somebody has resized. */
export const widths = settled("widths", {
  read: (written) => {
    const found = json.read(written);
    return found && typeof found === "object" && !Array.isArray(found) ? found : undefined;
  },
  write: json.write,
});
/** What is shown: the table, the charts or both; null leaves it to the width of the page. */
export const view = settled("view", oneOf("table", "both", "charts"));

/** Whether the page has room for the table or the charts alone. */
export function isNarrowPage() {
  return innerWidth < NARROW;
}

/** What is shown: as somebody chose it, or as much as there is room for. */
export function viewOf(isNarrow = isNarrowPage()) {
  const wanted = view.signal.value ?? (isNarrow ? "table" : "both");
  return isNarrow && wanted === "both" ? "table" : wanted;
}

/** The part of the page that the table takes when both are shown. */
export const split = settled("split", {
  read: (written) => (Number(written) >= 0.15 && Number(written) <= 0.85 ? Number(written) : undefined),
  write: (value) => value.toFixed(3),
});

/** Which runs are meant, but for a brush: what charts over all runs draw, the brushed ones among them. */
export const unbrushed = computed(() => {
  const body = {};
  if (project.value) body.project = project.value;
  if (search.value.trim()) body.search = search.value.trim();
  if (where.value.trim()) body.where = where.value.trim();
  if (filters.value.length) body.filters = filters.value;
  return body;
});

/** Which runs are meant: the members of a request that choose runs, without their order. */
export const chosen = computed(() => (brushed.value ? {...unbrushed.value, keys: [...brushed.value].slice(0, MOST_KEYS)} : unbrushed.value));

/** The whole question of the table, but for columns and the part of it. */
export const asked = computed(() => {
  const body = {...chosen.value};
  const isPlain = sort.value.length === 1 && sort.value[0][0] === "started" && sort.value[0][1] === "desc";
  // runs are the newest first anyway, and groups then stand in the order of their values
  if (sort.value.length && !(isPlain && group.value.length)) body.sort = sort.value;
  if (group.value.length) body.group = group.value;
  return body;
});

/** Whether anything narrows down what is shown. */
export const isNarrowed = computed(() => Object.keys(chosen.value).some((key) => key !== "project"));

/** Takes away all that narrows down. */
export function widen() {
  search.value = "";
  where.value = "";
  filters.value = [];
  brushed.value = null;
}
