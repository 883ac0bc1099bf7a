// The state of a workspace: one JSON-able object, and what of it differs from the default.

/**
 * What a workspace is until somebody changes it. Panels stand under their id; an automatic panel has its metric's name.
 *
 * `panels` holds what was changed of a panel: {w, h, logx, logy, clip, x, range, series, title, …}; `added` whole
 * panels that a person made: {id, kind: "line"|"scatter"|"parallel"|"bars"|"importance", …}; `moves` pairs [id, id of
 * the panel before which it stands, or ""]; `group` {by: [columns], band}.
 */
export const DEFAULTS = Object.freeze({
  smoothing: 0,
  x: "step",
  logx: false,
  logy: false,
  clip: false,
  ghosts: true,
  group: null,
  search: "",
  regex: false,
  columns: 0,
  height: 260,
  full: "",
  folded: Object.freeze([]),
  pinned: Object.freeze([]),
  hidden: Object.freeze([]),
  moves: Object.freeze([]),
  added: Object.freeze([]),
  panels: Object.freeze({}),
});

export const KINDS = ["line", "scatter", "parallel", "bars", "importance"];
export const BANDS = ["std", "sem", "minmax", "none"];
const MOST_TEXT = 2000;

/** What differs from the default; `null` where nothing does. */
export function differences(state) {
  const found = {};
  for (const [key, standard] of Object.entries(DEFAULTS)) {
    const held = key === "panels" ? withoutEmpty(state.panels) : state[key];
    if (JSON.stringify(held) !== JSON.stringify(standard)) found[key] = held;
  }
  return Object.keys(found).length ? found : null;
}

function withoutEmpty(panels) {
  return Object.fromEntries(Object.entries(panels).filter(([, changed]) => Object.keys(changed).length));
}

/** The whole state from what differs; what cannot be one (addresses are typed by people) counts as the default. */
export function whole(found) {
  const state = { ...DEFAULTS };
  if (!isObject(found)) return state;
  for (const [key, readable] of Object.entries(READABLE)) {
    if (found[key] !== undefined && readable(found[key])) state[key] = found[key];
  }
  return state;
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value) => typeof value === "string" && value.length <= MOST_TEXT;
const isTexts = (value) => Array.isArray(value) && value.length <= 5000 && value.every(isText);
const isFlag = (value) => typeof value === "boolean";
const between = (low, high) => (value) => typeof value === "number" && value >= low && value <= high;

export function isAxis(value) {
  return value === "step" || value === "relative" || value === "time" || (isText(value) && /^metric:./.test(value));
}

function isSeries(value) {
  const one = (series) => isObject(series) && (isText(series.metric) || isText(series.formula));
  return Array.isArray(value) && value.length > 0 && value.length <= 20 && value.every(one);
}

const PANEL = {
  w: between(1, 12),
  h: between(120, 2000),
  x: isAxis,
  logx: isFlag,
  logy: isFlag,
  clip: isFlag,
  title: isText,
  series: isSeries,
  section: isText,
  range: (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] < value[1],
  columns: isTexts,
  column: isText,
  metric: isText,
  across: isText,
  up: isText,
  colour: isText,
};

export function isPanel(value) {
  return isObject(value) && Object.entries(value).every(([key, held]) => key === "id" || key === "kind" || PANEL[key]?.(held));
}

function isAdded(value) {
  return isPanel(value) && isText(value.id) && KINDS.includes(value.kind);
}

const READABLE = {
  smoothing: between(0, 0.999),
  x: isAxis,
  logx: isFlag,
  logy: isFlag,
  clip: isFlag,
  ghosts: isFlag,
  group: (value) => value === null || (isObject(value) && isTexts(value.by) && value.by.length > 0 && BANDS.includes(value.band)),
  search: isText,
  regex: isFlag,
  columns: between(0, 8),
  height: between(120, 1200),
  full: isText,
  folded: isTexts,
  pinned: isTexts,
  hidden: isTexts,
  moves: (value) => Array.isArray(value) && value.every((pair) => isTexts(pair) && pair.length === 2),
  added: (value) => Array.isArray(value) && value.length <= 200 && value.every(isAdded),
  panels: (value) => isObject(value) && Object.values(value).every(isPanel),
};

/** A state with something of one panel changed; `undefined` takes a change back. */
export function withPanel(state, id, changes) {
  const at = state.added.findIndex((panel) => panel.id === id);
  const cleaned = (before) => {
    const after = { ...before, ...changes };
    for (const key of Object.keys(after)) if (after[key] === undefined) delete after[key];
    return after;
  };
  if (at >= 0) {
    const added = state.added.map((panel, index) => (index === at ? cleaned(panel) : panel));
    return { ...state, added };
  }
  return { ...state, panels: { ...state.panels, [id]: cleaned(state.panels[id] ?? {}) } };
}

/** A state in which a panel stands before another one, or last ("") in its section. */
export function withMove(state, id, before) {
  return { ...state, moves: [...state.moves.filter(([moved]) => moved !== id), [id, before]] };
}

/** A list with an item more, or without it where it had it. */
export function differing(list, item) {
  return list.includes(item) ? list.filter((held) => held !== item) : [...list, item];
}
