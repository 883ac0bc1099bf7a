// The bar above the panels: search, smoothing, x axis, grouping, and what holds for all of them.

import { html } from "../html.js";
import { Icon } from "../icons.js";
import { PopoverButton } from "../menu.js";
import { GroupFields } from "./group_fields.js";
import { openPanelDialog } from "./panel_dialog.js";
import { DEFAULTS, differences } from "./state.js";

/** @param {{store: object, error: string | null}} props `error`: what is wrong with the expression */
export function Toolbar({ store, error }) {
  const { alone, fixed } = store.context;
  if (fixed && !store.state.value.added.some(({ kind }) => kind === "line")) return null; // it has to do with lines
  return html`<div class="charts-bar" role="toolbar" aria-label="Charts">
    ${!alone && html`<${Search} store=${store} error=${error} />`}
    <${Smoothing} store=${store} />
    <${Across} store=${store} />
    <${PopoverButton} label="Axes and drawing" content=${() => html`<${Options} store=${store} />`}><${Icon} name="chart" /><span>View</span></>
    ${!fixed && html`<${PopoverButton} label="Group runs" className=${store.group.value ? "button is-on" : "button"} content=${() => html`<${GroupFields} store=${store} />`}><${Icon} name="group" /><span>Group</span></>
    <button type="button" class="button" onClick=${() => openPanelDialog(store)}><${Icon} name="plus" /><span>Panel</span></button>`}
  </div>`;
}

function Search({ store, error }) {
  const { search, regex } = store;
  return html`<div class="charts-search">
    <input class="input" type="search" aria-label="Search panels" placeholder="Search panels" value=${search.value} aria-invalid=${error ? "true" : null} onInput=${(event) => store.change({ search: event.target.value })} />
    <button type="button" class="icon-button is-small regex-toggle" aria-label="Regular expression" title="Regular expression" aria-pressed=${String(regex.value)} onClick=${() => store.change({ regex: !regex.peek() })}>.*</button>
    ${error && html`<p class="search-error" role="alert">${error}</p>`}
  </div>`;
}

function Smoothing({ store }) {
  const set = (event) => {
    const value = Number(event.target.value);
    if (value >= 0 && value <= 0.999) store.change({ smoothing: value });
  };
  const value = store.smoothing.value;
  return html`<div class="charts-smoothing">
    <label><span>Smoothing</span><input type="range" min="0" max="0.999" step="0.001" value=${value} onInput=${set} aria-valuetext=${value ? String(value) : "none"} title="An exponential moving average, as TensorBoard has it" /></label>
    <input class="input num" type="number" min="0" max="0.999" step="0.01" aria-label="Smoothing as a number" value=${value} onChange=${set} />
  </div>`;
}

function Across({ store }) {
  const known = store.axes.value;
  const x = store.x.value;
  const all = known.some(({ value }) => value === x) ? known : [...known, { value: x, label: x.replace(/^metric:/, "") }];
  return html`<label class="charts-across"><span>X axis</span><select class="select" value=${x} onChange=${(event) => store.change({ x: event.target.value })}>
    ${all.map(({ value, label }) => html`<option key=${value} value=${value}>${label}</option>`)}
  </select></label>`;
}

function Options({ store }) {
  const flag = (key, label, hint) => html`<label class="check" title=${hint}><input type="checkbox" checked=${store[key].value} onChange=${(event) => store.change({ [key]: event.target.checked })} /><span>${label}</span></label>`;
  const { alone, fixed } = store.context;
  const kept = alone ? { added: store.state.value.added } : {}; // a grid of a report is its panels
  const changed = differences({ ...store.state.value, added: alone ? [] : store.state.value.added }) !== null;
  return html`<div class="charts-options">
    ${flag("logx", "Logarithmic x axis")}
    ${flag("logy", "Logarithmic y axis")}
    ${flag("clip", "Clip outliers", "The axis fits the middle 90% of the values, as TensorBoard has it; panels say how many are outside")}
    ${flag("ghosts", "Abandoned segments", "Dotted: what a resume or a rewind has left behind")}
    <label class="field"><span>Panels in a row</span><select value=${store.columns.value} onChange=${(event) => store.change({ columns: Number(event.target.value) })}>
      <option value="0">As many as fit</option>${[1, 2, 3, 4, 5, 6].map((count) => html`<option key=${count} value=${count}>${count}</option>`)}
    </select></label>
    <label class="field"><span>Height of panels: ${store.height.value} px</span><input type="range" min="140" max="600" step="20" value=${store.height.value} onChange=${(event) => store.change({ height: Number(event.target.value) })} /></label>
    ${store.state.value.hidden.length > 0 && html`<button type="button" class="button" onClick=${() => store.change({ hidden: [] })}>Show ${store.state.value.hidden.length} hidden</button>`}
    ${!fixed && html`<button type="button" class="button" disabled=${!changed} onClick=${() => store.change({ ...DEFAULTS, ...kept })}>${alone ? "Reset these settings" : "Reset the workspace"}</button>`}
  </div>`;
}
