// The charts beside the table: sections of panels for the runs that are shown.

import { computed, html, signal, useEffect, useMemo, useRef } from "../html.js";
import { mention } from "../keys.js";
import { param } from "../url.js";
import { Empty, Failed, Loading } from "../states.js";
import { Grid } from "./grid.js";
import { watchMetrics } from "./metrics.js";
import { layOut } from "./sections.js";
import { DEFAULTS, differences, differing, whole } from "./state.js";
import { makeStore } from "./store.js";
import { Toolbar } from "./toolbar.js";
import { pack, unpack } from "./compact.js";
import { Icon } from "../icons.js";

// so many panels of a section stand on the page before one asks for more
const PAGE = 24;

/** The state of a workspace as one key of the address: only what differs from the default is written. */
export function workspaceState(name = "charts") {
  return param(name, { initial: DEFAULTS, read: readState, write: writeState });
}

function readState(text) {
  try {
    return whole(unpack(text));
  } catch {
    return undefined; // cut off or mistyped: the default stands
  }
}

function writeState(state) {
  const found = differences(state);
  return found ? pack(found) : "";
}

/**
 * @param {{runs: object, context?: object}} props `runs`: a signal of [{key, name, colour, dash?}]; `context`:
 *   {state?: a signal of the workspace's state, name?: the key in the address, system?: metrics of the machine,
 *   project?, query?, brushed?, hovered?} as makeStore has it
 */
export function Workspace({ runs, context = {} }) {
  const store = useMemo(() => makeStore(context.state ?? workspaceState(context.name), runs, context), []);
  const laid = useMemo(() => layingOut(store), []);
  useEffect(() => watchMetrics(store), []);
  useEffect(mentionKeys, []);
  const { sections, error } = laid.value;
  return html`<section class="charts" aria-label="Charts">
    <${Toolbar} store=${store} error=${error} />
    <${Body} store=${store} sections=${sections} />
    <div class="unseen" role="status" aria-live="polite">${store.said.value}</div>
  </section>`;
}

const KEYS = [
  ["ArrowLeft ArrowRight", "Walk along a line (with Shift by ten)"],
  ["ArrowUp ArrowDown", "To another line"],
  ["Plus Minus", "Zoom in and out"],
  ["0", "Show all of the axis"],
  ["Enter", "Hold the place; Escape lets it go"],
];

function mentionKeys() {
  const stops = KEYS.map(([keys, title]) => mention(keys, title, "In a line panel"));
  return () => stops.forEach((stop) => stop());
}

/** Sections that change only where something of them has: a slider draws no frame anew. */
function layingOut(store) {
  const known = new Map();
  const keep = (panel) => {
    const text = JSON.stringify(panel);
    if (known.get(panel.id)?.text !== text) known.set(panel.id, { text, panel });
    return known.get(panel.id).panel;
  };
  const piece = (key) => computed(() => store.state.value[key]);
  const pieces = Object.fromEntries(["search", "regex", "folded", "pinned", "hidden", "moves", "added", "panels"].map((key) => [key, piece(key)]));
  return computed(() => {
    const state = Object.fromEntries(Object.entries(pieces).map(([key, held]) => [key, held.value]));
    const found = layOut(store.metrics.value, state);
    return { ...found, sections: found.sections.map((section) => ({ ...section, panels: section.panels.map(keep) })) };
  });
}

function Body({ store, sections }) {
  const { state, error } = store.metricsStatus.value;
  if (!store.runs.value.length) return html`<${Empty} title="No run is shown" icon="eyeOff">Show some with the eye beside their names in the table.</>`;
  if (sections.length) {
    return html`${sections.map((section) => html`<${Section} key=${section.name} section=${section} store=${store} />`)}
      ${state === "failed" && html`<${Failed} title="The other metrics could not be looked up" error=${error} retry=${store.retryMetrics} />`}`;
  }
  if (state === "failed") return html`<${Failed} error=${error} retry=${store.retryMetrics} />`;
  if (state === "loading") return html`<${Loading} what="Looking for metrics" />`;
  if (store.state.value.search) return html`<${Empty} title="No panel is called so" icon="search" action=${{ label: "Clear the search", run: () => store.change({ search: "" }) }}>Search for a part of a metric's name, such as <code>loss</code>.</>`;
  return html`<${Empty} title="No metrics yet" icon="chart">The runs that are shown have recorded none so far. They appear here as soon as <code>run.log</code> has written some.</>`;
}

function Section({ section, store }) {
  const more = useMemo(() => signal(PAGE), []);
  const head = useRef(null);
  const { name, panels, folded } = section;
  const id = `section-${name.replace(/[^\w-]/g, "_")}`;
  const fold = () => store.change((state) => ({ folded: differing(state.folded, name) }));
  const left = panels.length - more.value;
  return html`<section class="charts-section" aria-labelledby=${id}>
    <h2 id=${id} class="section-head"><button ref=${head} type="button" aria-expanded=${String(!folded)} onClick=${fold}><${Icon} name=${folded ? "right" : "down"} size=${14} /><span>${name}</span><span class="section-count">${panels.length}</span></button></h2>
    ${!folded && html`<${Grid} panels=${panels.slice(0, more.value)} order=${panels.map((panel) => panel.id)} store=${store} label=${name} />`}
    ${!folded && left > 0 && html`<button type="button" class="button section-more" onClick=${() => (more.value += PAGE)}>Show ${Math.min(PAGE, left)} more of ${left}</button>`}
  </section>`;
}
