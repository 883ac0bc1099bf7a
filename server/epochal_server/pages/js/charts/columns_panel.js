// What panels over config and summary have in common: the place of the chart, its states, and the way out of a brush.

import { html, useEffect, useLayoutEffect, useRef } from "../html.js";
import { mention } from "../keys.js";
import { Loading } from "../states.js";
import { BRUSH_KEYS, BrushKeys } from "./brush_keys.js";
import { ColumnsView } from "./columns_view.js";
import { Legend } from "./legend.js";

/** @param {{kind: object, panel: object, store: object, onView: Function, label: string, empty: string, brushes?: boolean}} props */
export function ColumnsPanel({ kind, panel, store, onView, label, empty, brushes = false }) {
  const place = useRef(null);
  const kept = useRef(null);
  kept.current ??= new ColumnsView(store, panel, kind);
  const view = kept.current;
  const keys = useRef(null);
  if (brushes && keys.current?.view !== view) keys.current = new BrushKeys(view);
  useLayoutEffect(() => {
    view.panel.value = panel;
  }, [panel]);
  useEffect(() => {
    view.start(place.current);
    onView(view);
    return () => {
      onView(null);
      view.stop();
      kept.current = null;
    };
  }, []);
  useEffect(() => {
    if (!brushes) return undefined;
    const stops = BRUSH_KEYS.map(([names, title]) => mention(names, title, "In a scatter plot or parallel coordinates"));
    return () => stops.forEach((stop) => stop());
  }, [brushes]);
  const { state, error, lines, legend } = view.status.value;
  const brushed = store.brushed.value;
  const said = state === "drawn" ? `${label}: ${lines} runs` : `${label}: ${state}`;
  return html`
    <div class="plot" data-state=${state}>
      <div ref=${place} class="plot-canvas" aria-label=${said} ...${brushes ? handled(keys.current) : { role: "img" }}></div>
      ${brushes && html`<${Said} keys=${keys.current} />`}
      ${(state === "waiting" || state === "loading") && html`<div class="plot-over"><${Loading} /></div>`}
      ${state === "empty" && html`<div class="plot-over"><p class="muted">${empty}</p></div>`}
      ${state === "failed" && html`<div class="plot-over" role="alert"><p>${error}</p><button type="button" class="button" onClick=${() => view.retry()}>Try again</button></div>`}
      ${brushes && brushed && html`<button type="button" class="button brush-clear" onClick=${() => clear(view)}>${brushed.size.toLocaleString("en-GB")} brushed: show all</button>`}
    </div>
    ${state === "drawn" && legend && html`<${Legend} entries=${new Map(legend.map((entry) => [entry.label, { ...entry, dot: true }]))} />`}`;
}

/** What makes a chart one stop of the keyboard. */
function handled(keys) {
  return {
    role: "application",
    "aria-roledescription": "chart with ranges",
    tabIndex: 0,
    onKeyDown: (event) => keys.press(event),
    onFocus: () => keys.enter(),
  };
}

/** Which axis the keyboard stands on, and what its range holds: seen while the chart has the focus, and read out. */
function Said({ keys }) {
  return html`<output class="brush-said">${keys.said.value}</output>`;
}

function clear(view) {
  view.store.brushed.value = null;
  view.clearBrush?.();
}
