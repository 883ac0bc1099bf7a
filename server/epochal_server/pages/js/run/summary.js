// The summary of a run: each metric's values side by side, those that were set by hand, searched and ordered.
import {html} from "../html.js";
import {param} from "../url.js";
import {Card} from "./card.js";
import {marked, Value} from "./values.js";

const find = param("summary", {initial: ""});
/** How the parts of one metric's summary are named, in the order of their columns. */
const PARTS = ["last", "min", "max", "mean", "best", "first"];
/** Rows that are drawn before somebody searches. */
const MOST = 300;

/**
 * Rows of a summary: {name, values: {part: value}, hand}.
 *
 * `val/loss.min` of a metric `val/loss` stands beside its other values; whatever is no part of a metric has a row.
 */
export function summaryRows(summary, metrics, byHand) {
  const known = new Set(metrics);
  const hand = new Set(byHand);
  const rows = new Map();
  for (const [key, value] of Object.entries(summary)) {
    const at = key.lastIndexOf(".");
    const [metric, part] = [key.slice(0, at), key.slice(at + 1)];
    const belongs = at > 0 && PARTS.includes(part) && known.has(metric) && !known.has(key);
    const name = belongs ? metric : key;
    const row = rows.get(name) ?? {name, values: {}, hand: false};
    row.values[belongs ? part : "value"] = value;
    row.hand ||= hand.has(key);
    rows.set(name, row);
  }
  for (const row of rows.values()) {
    // the value of a metric is its last one, unless something else was asked for
    if (row.values.last === row.values.value && "value" in row.values) delete row.values.last;
  }
  return [...rows.values()].sort((one, other) => one.name.localeCompare(other.name, undefined, {numeric: true}));
}

export function Summary({run}) {
  const rows = summaryRows(run.summary, run.metrics, handNames(run));
  const wanted = find.value.trim().toLowerCase();
  const fitting = wanted ? rows.filter((row) => row.name.toLowerCase().includes(wanted)) : rows;
  const parts = PARTS.filter((part) => rows.some((row) => part in row.values));
  return html`<${Card} id="summary" title="Summary" count=${rows.length}>
    ${rows.length === 0 ? html`<p class="run-faint">No metric was recorded yet: <code>run.log({"loss": …})</code> makes one.</p>` : html`
      <div class="run-bar">
        <input class="input" type="search" placeholder="Search metrics" aria-label="Search summary" value=${find.value}
          onInput=${(event) => (find.value = event.target.value)} />
        <span class="run-faint" role="status">${wanted && `${fitting.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`}</span>
      </div>
      <div class="run-scroll is-tall" tabindex="0" role="region" aria-label="Summary values">
        <table class="run-table is-numbers">
          <thead><tr><th scope="col">Name</th><th scope="col">Value</th>${parts.map((part) => html`<th scope="col">${part}</th>`)}</tr></thead>
          <tbody>${fitting.slice(0, MOST).map((row) => html`<tr key=${row.name}>
            <th scope="row">${marked(row.name, find.value.trim())}<${Goal} goal=${run.goals?.[row.name]} />
              ${row.hand && html` <span class="run-faint" title="set by hand with run.summary">by hand</span>`}</th>
            ${["value", ...parts].map((part) => html`<td>${part in row.values && html`<${Value} value=${row.values[part]} />`}</td>`)}
          </tr>`)}</tbody>
        </table>
      </div>
      ${fitting.length > MOST && html`<p class="run-faint">${(fitting.length - MOST).toLocaleString("en")} more: search to see them.</p>`}`}
  <//>`;
}

/** Which values of a metric are better. */
export function Goal({goal}) {
  if (!goal) return null;
  const words = goal === "min" ? "lower is better" : "higher is better";
  return html` <span class="run-faint" title=${words}><span aria-hidden="true">${goal === "min" ? "↓" : "↑"}</span><span class="unseen">${words}</span></span>`;
}

function handNames(run) {
  const told = run.manual_summary ?? [];
  return Array.isArray(told) ? told : Object.keys(told);
}
