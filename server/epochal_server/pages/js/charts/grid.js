// A grid of panels; reports use it by itself, with their own runs and panels.

import { html, signal, useEffect, useMemo, useRef } from "../html.js";
import { watchMetrics } from "./metrics.js";
import { Panel } from "./panel.js";
import { titleOf } from "./sections.js";
import { readablePanels } from "./readable_panels.js";
import { whole } from "./state.js";
import { makeStore } from "./store.js";
import { Toolbar } from "./toolbar.js";

/** Panels one beside the other. @param {{panels: object[], order: string[], store: object, label: string}} props */
export function Grid({ panels, order, store, label }) {
  const columns = store.columns.value;
  const style = columns ? { gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` } : null;
  return html`<div class="panel-grid" role="group" aria-label=${label} style=${style}>
    ${panels.map((panel) => html`<${Panel} key=${panel.id} panel=${panel} store=${store} order=${order} />`)}
  </div>`;
}

/**
 * A grid that stands alone.
 *
 * @param {{runs: object, panels: object[], settings?: object, onChange: (changed: {panels: object[], settings: object}) => void,
 *   context?: object, fixed?: boolean}} props `runs`: a signal of [{key, name, colour}]; `settings`: what of a workspace's state differs
 *   from the default; `onChange` gets both after each change;
 *   `fixed`: it is read: panels are looked at in all ways, but not edited, moved or deleted
 */
export function PanelGrid({ runs, panels, settings = {}, onChange, context = {}, fixed = false }) {
  const told = useRef(onChange);
  told.current = onChange;
  const read = useMemo(() => readablePanels(panels), []);
  const store = useMemo(() => {
    const state = signal(whole({ ...settings, added: read.drawn }));
    return makeStore(state, runs, { ...context, alone: true, fixed });
  }, []);
  useEffect(() => watchMetrics(store), []);
  useEffect(() => {
    let before = store.state.peek();
    return store.state.subscribe((state) => {
      if (state === before) return;
      before = state;
      const { added, ...rest } = state;
      told.current({ panels: read.back(added), settings: rest });
    });
  }, []);
  const all = store.state.value.added.map((panel) => ({ title: titleOf(panel), own: true, ...panel }));
  if (!all.length && fixed) return null;
  return html`<${Toolbar} store=${store} error=${null} />
    <${Grid} panels=${all} order=${all.map(({ id }) => id)} store=${store} label="Panels" />`;
}
