// What all panels of one workspace share: its state, its runs, and the place that the pointer is at.

import { computed, signal } from "../html.js";

/**
 * @param {object} state of the workspace, as state.js has it
 * @param {object} runs [{key, name, colour, dash?, group?}]
 * @param {{system?: boolean, project?: string, query?: object, brushed?: object}} context `query`: a signal with what
 *   the table asks for ({project, where, search, filters}), `brushed`: a signal for the keys that a person has brushed,
 *   `hovered`: a signal for the key of the run that the pointer is on elsewhere
 */
export function makeStore(state, runs, context = {}) {
  const piece = (key) => computed(() => state.value[key]);
  const byKey = computed(() => new Map(runs.value.map((run) => [run.key, run])));
  return {
    state,
    runs,
    context,
    byKey,
    // a list that compares by its text: a run that is renamed makes no panel load anew
    keysText: computed(() => runs.value.map((run) => run.key).join("\n")),
    smoothing: piece("smoothing"),
    search: piece("search"),
    regex: piece("regex"),
    x: piece("x"),
    logx: piece("logx"),
    logy: piece("logy"),
    clip: piece("clip"),
    ghosts: piece("ghosts"),
    group: piece("group"),
    columns: piece("columns"),
    height: piece("height"),
    /** The names of all metrics that the shown runs have, and the axes that can be chosen: [{value, label}]. */
    metrics: signal([]),
    axes: signal([]),
    metricsStatus: signal({ state: "loading" }),
    retryMetrics: () => {},
    /** {source, axis, x, step, key, series, y}: where the pointer is, in the values of the panel under it. */
    hover: signal(null),
    /** The same, where a click has left it. */
    held: signal(null),
    /** The key of the run that is drawn strongly, or null. */
    highlighted: context.hovered ?? signal(null),
    brushed: context.brushed ?? signal(null),
    /** The id of the panel that fills the page, or "". */
    full: piece("full"),
    /** Grows when a panel has got its view: exports and notes come from there. */
    views: signal(0),
    /** What a screen reader says next. */
    said: signal(""),
    change(update) {
      state.value = { ...state.value, ...(typeof update === "function" ? update(state.value) : update) };
    },
  };
}
