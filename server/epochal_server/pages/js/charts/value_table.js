// The values at the linked place: a table beside the pointer, or below the plot where a click has held the place.

import { html } from "../html.js";
import { exact, placeText } from "./axes.js";
import { stepText } from "./hover.js";

const BESIDE = 10;
const BELOW = 100;

/**
 * @param {{view: object, below: boolean}} props reads the view's rows, so that it alone is drawn anew while the pointer
 *   moves; `below`: what stands below the plot, and not on it
 */
export function Values({ view, below = false }) {
  const shown = view.rows.value;
  const held = view.store.held.value;
  if (!shown?.rows.length || Boolean(held) !== below) return null;
  if (below) return html`<${Table} view=${view} shown=${shown} most=${BELOW} className="values is-below" />`;
  if (shown.ours) {
    const { plot } = view;
    const right = shown.pixel < plot.grid.x + plot.grid.width / 2;
    const style = right ? { left: `${Math.round(shown.pixel + 16)}px` } : { right: `${Math.round(plot.width - shown.pixel + 16)}px` };
    return html`<${Table} view=${view} shown=${shown} most=${BESIDE} className="values is-beside" style=${style} />`;
  }
  const { strongest } = shown;
  if (!strongest || strongest.far) return null;
  return html`<output class="linked-value"><span class="key-mark" style=${{ background: strongest.line.colour }}></span>${linkedValue(strongest)} <span class="muted">step ${stepOf(strongest)}</span></output>`;
}

function Table({ view, shown, most, className, style = null }) {
  const { axis } = view;
  const { rows, strongest, place } = shown;
  const smoothed = rows.some(({ line }) => line.raw);
  const place_ = axis !== "step";
  const more = rows.length - most;
  const at = axis === place.axis ? placeText(place.x, axis) : `step ${exact(place.step)}`;
  // a table that scrolls must be reached by the keyboard; the one beside the pointer never does
  const reach = style ? {} : { tabIndex: 0, role: "region", "aria-label": `Values of ${view.panel.value.title}` };
  return html`<div class=${className} style=${style} ...${reach}>
    <table>
      <caption>${axis === "step" ? `Nearest to step ${exact(Math.round(place.axis === "step" ? place.x : place.step))}` : `Nearest to ${at}`}</caption>
      <thead><tr><th scope="col">Run</th>${smoothed && html`<th scope="col">Smoothed</th>`}<th scope="col">Value</th><th scope="col">Step</th>${place_ && html`<th scope="col">${titleOf(axis)}</th>`}</tr></thead>
      <tbody>${rows.slice(0, most).map((row) => html`<tr key=${row.line.key} class=${row === strongest ? "is-strongest" : row.far ? "is-far" : ""}>
        <th scope="row"><span class="key-mark" style=${{ background: row.line.colour }}></span><span class="ellipsis">${row.line.label}</span></th>
        ${smoothed && html`<td>${row.exact && "≈ "}${exact(row.y)}</td>`}
        <td>${exact(valueOf(row, row.raw))}</td>
        <td>${stepOf(row)}</td>
        ${place_ && html`<td>${placeText(row.exact?.x ?? row.x, axis)}</td>`}
      </tr>`)}</tbody>
    </table>
    <${Exactness} rows=${rows.slice(0, most)} />
    ${more > 0 && html`<p class="values-more">and ${more.toLocaleString("en-GB")} more</p>`}
  </div>`;
}

/** What a line that is reduced tells of a place: the last point of the stretch there, until the nearest of all is known. */
function Exactness({ rows }) {
  const reduced = rows.filter((row) => row.exact !== undefined);
  if (!reduced.length) return null;
  const known = reduced.every((row) => row.exact);
  const some = reduced.some((row) => row.exact);
  const text = known ? "exact: nearest of all points" : some ? "exact for the nearest lines" : "reduced: last points of their stretches";
  return html`<p class="values-more" data-exact=${known ? "all" : some ? "some" : "none"}>${text}</p>`;
}

/** The value of the nearest of all points where it is known, else what is drawn. */
function valueOf(row, drawn) {
  return row.exact ? row.exact.value : drawn;
}

/** Smoothed values are drawn, and known where a stretch ends. */
function linkedValue(row) {
  if (!row.line.raw) return exact(valueOf(row, row.y));
  return `${row.exact ? "≈ " : ""}${exact(row.y)}`;
}

function stepOf({ exact: point, line, index }) {
  if (!point) return stepText(line, index);
  return typeof point.step === "bigint" ? point.step.toLocaleString("en-GB") : exact(point.step);
}

function titleOf(axis) {
  return { relative: "After", time: "At" }[axis] ?? axis.replace(/^metric:/, "");
}
