// A panel of lines: the plot, what it says of itself, its legend and the values at the pointer.

import { html, useLayoutEffect, useRef } from "../html.js";
import { Loading } from "../states.js";
import { exact, placeText } from "./axes.js";
import { Legend } from "./legend.js";
import { LineView } from "./line_view.js";
import { attachPointer } from "./pointer.js";
import { Values } from "./value_table.js";

/**
 * @param {{panel: object, store: object, change: (changes: object) => void, onView: (view: LineView | null) => void}} props
 *   `change` changes something of the panel, `onView` tells who exports it
 */
export function LinePanel({ panel, store, change, onView }) {
  const place = useRef(null);
  const kept = useRef(null);
  kept.current ??= new LineView(store, panel);
  const view = kept.current;
  const changing = useRef(change);
  changing.current = change;
  useLayoutEffect(() => {
    view.panel.value = panel;
  }, [panel]);
  useLayoutEffect(() => {
    view.start(place.current);
    const detach = attachPointer(view, place.current, (range) => changing.current({ range: range ?? undefined }));
    onView(view);
    return () => {
      onView(null);
      detach();
      view.stop();
      kept.current = null;
    };
  }, []);
  const status = view.status.value;
  return html`
    <div class="plot" data-state=${status.state}>
      <div ref=${place} class="plot-canvas is-lines" tabindex="0" role="application" aria-roledescription="line chart" aria-label=${spoken(panel, status, view)}></div>
      ${(status.state === "waiting" || status.state === "loading") && html`<div class="plot-over"><${Loading} /></div>`}
      ${status.state === "empty" && html`<div class="plot-over"><p class="muted">${emptyText(store, panel)}</p></div>`}
      ${status.state === "failed" && html`<div class="plot-over" role="alert"><p>${status.error}</p><button type="button" class="button" onClick=${() => view.retry()}>Try again</button></div>`}
      <${Values} view=${view} />
    </div>
    <${Values} view=${view} below />
    <${Names} view=${view} panel=${panel} />`;
}

function emptyText(store, panel) {
  if (!store.runs.value.length) return "No run is shown. Show some with the eye in the table.";
  const named = panel.series.map((series) => series.metric ?? series.formula).join(", ");
  return panel.range ? "Nothing lies in this stretch. Double click to see all of the axis." : `No shown run has values of ${named}.`;
}

/** What a screen reader says of the whole panel. */
function spoken(panel, status, view) {
  const keys = "Arrow keys walk along the lines, plus and minus zoom.";
  if (status.state !== "drawn") return `${panel.title}: ${status.state}. ${keys}`;
  const { axis } = view;
  const [low, high] = status.x;
  const lines = status.lines === 1 ? "one line" : `${status.lines} lines`;
  const from = axis === "step" ? `steps ${exact(low)} to ${exact(high)}` : `${axis.replace(/^metric:/, "")} ${placeText(low, axis)} to ${placeText(high, axis)}`;
  return `${panel.title}: ${lines}, ${from}, values ${exact(status.y[0])} to ${exact(status.y[1])}. ${keys}`;
}

/** Names what the table of runs has no colour for: groups by their colours, several metrics by their dashes. */
function Names({ view, panel }) {
  const lines = view.drawn.value.filter((line) => line.kind !== "ghost");
  const grouped = lines.some((line) => !line.run); // as drawn: what is wanted may still be on its way
  const several = panel.series.length > 1;
  if (!lines.length || !(grouped || several)) return null;
  const groups = new Map();
  const metrics = new Map();
  for (const line of lines) {
    const series = panel.series[line.series];
    const name = series?.metric ?? series?.formula;
    if (grouped && !line.bySeries) groups.set(`group ${line.name}`, { label: line.name, colour: line.colour, dash: null });
    if (several) metrics.set(`series ${line.series}`, { label: name, colour: line.bySeries ? line.colour : "currentColor", dash: line.bySeries ? null : line.dash });
  }
  return html`<${Legend} entries=${new Map([...metrics, ...groups])} />`;
}
