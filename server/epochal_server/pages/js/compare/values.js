// The table of a comparison: a column for each run, what differs from the first one marked, the best values named.
import {State} from "../states.js";
import {duration, number, when} from "../format.js";
import {classes, html, useState} from "../html.js";
import {Icon} from "../icons.js";
import {colourOf} from "../palette.js";
import {Badge} from "../run/card.js";
import {Goal} from "../run/summary.js";
import {exact, marked, Value} from "../run/values.js";
import {runPath} from "../url.js";
import {chosen, MISSING, UNKNOWN} from "./sections.js";

/** Rows of a section that are drawn before somebody asks for the rest. */
const MOST = 200;

export function Values({runs, sections, only, find, remove, first}) {
  const shown = sections.map((section) => ({...section, ...chosen(section, {only, find})}));
  return html`<div class="compare-scroll" tabindex="0" role="region" aria-label="Runs side by side">
    <table class="compare-table">
      <thead><tr>
        <th scope="col" class="compare-name">Name</th>
        ${runs.map((run, at) => html`<${Head} key=${run.key} ...${{run, at, remove, first}} many=${runs.length > 2} />`)}
      </tr></thead>
      ${shown.map((section) => html`<${Section} key=${section.id} section=${section} runs=${runs} find=${find} only=${only} />`)}
    </table>
  </div>`;
}

function Head({run, at, remove, first, many}) {
  return html`<th scope="col">
    <span class="compare-run"><span class="run-dot" style=${{background: colourOf(run.key)}} aria-hidden="true"></span>
      <a href=${runPath(run.key)} title=${run.name}>${run.name}</a></span>
    <span class="compare-facts"><${State} state=${run.state} />
      ${typeof run.duration === "number" && html`<span title=${run.started ? when(run.started) : null}>${duration(run.duration)}</span>`}</span>
    <span class="compare-actions">
      ${at === 0 ? html`<span title="Differences are told from this run">base</span>`
        : html`<button type="button" class="text-button" title=${`Tell differences from ${run.name}`} onClick=${() => first(run.key)}>Make base</button>`}
      ${many && html`<button type="button" class="icon-button is-small" title=${`Leave ${run.name} out`} aria-label=${`Leave ${run.name} out`} onClick=${() => remove(run.key)}><${Icon} name="cross" size=${13} /></button>`}
    </span>
  </th>`;
}

function Section({section, runs, find, only}) {
  const [whole, setWhole] = useState(false);
  const [open, setOpen] = useState(true);
  const rows = whole ? section.rows : section.rows.slice(0, MOST);
  const all = runs.length + 1;
  return html`<tbody class="compare-section">
    <tr class="compare-section-head"><th scope="rowgroup" colspan=${all}>
      <button type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}><${Icon} name=${open ? "down" : "right"} size=${13} /> ${section.name}
        <span class="run-faint">${told(section)}</span></button>
    </th></tr>
    ${open && rows.map((row) => html`<${Row} key=${row.key} row=${row} find=${find} />`)}
    ${open && rows.length === 0 && html`<tr class="compare-none"><td colspan=${all}>${find ? `Nothing here has “${find}” in it${only ? " and differs" : ""}.` : section.same + section.differing === 0 ? "Nothing was recorded." : "No differences."}</td></tr>`}
    ${open && section.notes?.map((note) => html`<tr key=${note} class="compare-none"><td colspan=${all}>${note}</td></tr>`)}
    ${open && rows.length < section.rows.length && html`<tr class="compare-none"><td colspan=${all}>
      <button type="button" class="text-button" onClick=${() => setWhole(true)}>Show ${number(section.rows.length - rows.length)} more</button></td></tr>`}
  </tbody>`;
}

function told({differing, same}) {
  if (!differing && !same) return "";
  return [differing && `${number(differing)} differ`, same && `${number(same)} the same`].filter(Boolean).join(", ");
}

function Row({row, find}) {
  const [base] = row.cells;
  return html`<tr class=${classes(row.differs && "is-differing")}>
    <th scope="row" class="compare-name"><span>${marked(row.key, find)}</span>
      ${row.note && (row.note.badge ? html` <span title=${row.note.title}><${Badge} kind=${row.note.text}>${row.note.text}<//></span>`
        : html`<${Goal} goal=${row.note.goal} />`)}</th>
    ${row.cells.map((cell, at) => {
      const other = row.differs && at > 0 && !same(cell, base);
      const best = row.best.includes(at);
      return html`<td key=${at} class=${classes(other && "is-other", best && "is-best", typeof cell === "number" && "num")}>
        <${Cell} cell=${cell} find=${find} />${best && html` <${Badge} kind="best">best<//>`}
        ${other && html`<span class="unseen"> differs</span>`}</td>`;
    })}
  </tr>`;
}

function Cell({cell, find}) {
  if (cell === MISSING) return html`<span class="run-faint" title="this run has no such value">–</span>`;
  if (cell === UNKNOWN) return html`<span class="run-faint">not known</span>`;
  return html`<${Value} value=${cell} find=${find} />`;
}

function same(one, other) {
  return typeof one === "symbol" || typeof other === "symbol" ? one === other : typeof one === typeof other && exact(one) === exact(other);
}
