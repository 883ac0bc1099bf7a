// Which panels a workspace has, in which sections and order: from the metrics' names and what a person changed.

import { columnTitle } from "./titles.js";

/** The section of metrics without a prefix, of panels that a person made, and of pinned ones. */
export const PLAIN = "Metrics";
export const OWN = "Own panels";
export const PINNED = "Pinned";
/** Metrics that only count how far a training is: nobody wants to see these first. */
const COUNTERS = new Set(["epoch", "step", "global_step"]);

/** The prefix of a name: `train` of `train/loss`; metrics of the machine stand below `system/gpu`, by their first two. */
export function sectionOf(name) {
  const parts = name.split("/");
  if (parts.length === 1) return PLAIN;
  return parts[0] === "system" && parts.length > 2 ? parts.slice(0, 2).join("/") : parts[0];
}

/**
 * A test for names: part of the name in any case, several words that must all be there, or a regular expression.
 *
 * @returns {{test: (name: string) => boolean, error: string | null}} an expression that cannot be read matches nothing
 */
export function searcher(search, regex) {
  if (!search.trim()) return { test: () => true, error: null };
  if (regex) {
    try {
      const made = new RegExp(search, "i");
      return { test: (name) => made.test(name), error: null };
    } catch (error) {
      return { test: () => false, error: String(error.message).replace(/^Invalid regular expression: /, "") };
    }
  }
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return { test: (name) => words.every((word) => name.toLowerCase().includes(word)), error: null };
}

/**
 * @param {string[]} metrics in natural order @param {object} state of the workspace
 * @returns {{sections: {name: string, panels: object[], folded: boolean}[], error: string | null}} panels whole: id,
 *   kind, title, series and what was changed of them
 */
export function layOut(metrics, state) {
  const { test, error } = searcher(state.search, state.regex);
  const panels = [
    ...state.added.map((panel) => ({ title: titleOf(panel), section: OWN, own: true, ...panel })),
    ...metrics.map((metric) => automatic(metric, state.panels[metric])),
  ];
  const sections = new Map([[PINNED, []], [OWN, []], [PLAIN, []]]);
  for (const panel of panels) {
    if (state.hidden.includes(panel.id)) continue;
    const named = panel.series?.map((series) => series.metric ?? series.formula) ?? [];
    if (![panel.title, ...named].some(test)) continue;
    const name = state.pinned.includes(panel.id) ? PINNED : panel.section;
    if (!sections.has(name)) sections.set(name, []);
    sections.get(name).push(panel);
  }
  sections.set(PINNED, inOrder(sections.get(PINNED), state.pinned));
  const plain = sections.get(PLAIN);
  if (plain.every((panel) => COUNTERS.has(panel.id))) {
    sections.delete(PLAIN);
    sections.set(PLAIN, plain); // behind all others
  }
  const found = [];
  for (const [name, members] of sections) {
    if (members.length) found.push({ name, panels: moved(members, state.moves), folded: state.folded.includes(name) });
  }
  return { sections: found, error };
}

function automatic(metric, changed) {
  return { id: metric, kind: "line", title: metric, series: [{ metric }], section: sectionOf(metric), ...changed };
}

/** What a panel is called that was given no title. */
export function titleOf(panel) {
  if (panel.title) return panel.title;
  if (panel.series) return panel.series.map((series) => series.metric ?? series.formula).join(", ");
  if (panel.kind === "scatter") return `${columnTitle(panel.up)} over ${columnTitle(panel.across)}`;
  if (panel.kind === "parallel") return "Parallel coordinates";
  if (panel.kind === "importance") return `Importance for ${panel.metric}`;
  return columnTitle(panel.column) || panel.kind;
}

function inOrder(panels, ids) {
  return [...panels].sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id));
}

function moved(panels, moves) {
  const order = [...panels];
  for (const [id, before] of moves) {
    const from = order.findIndex((panel) => panel.id === id);
    if (from < 0) continue;
    const to = before ? order.findIndex((panel) => panel.id === before) : order.length;
    if (to < 0) continue; // the panel that it stood before is not here: another section, or hidden
    const [panel] = order.splice(from, 1);
    order.splice(before ? order.findIndex((held) => held.id === before) : order.length, 0, panel);
  }
  return order;
}
