// Which runs a grid of a report shows: a filter as in the table, or runs that are picked.

import {addRuns} from "../compare/adding.js";
import {html, signal, useEffect, useMemo} from "../html.js";
import {Icon} from "../icons.js";
import {onChange} from "../live.js";
import {WhereBar} from "../runs/where_bar.js";
import {server} from "../server.js";

const MOST = 1000;

/** @param {{runs: object, change: (runs: object) => void}} props `runs` of a grid; what is not known stays in it */
export function RunsForm({runs, change}) {
  const picked = Array.isArray(runs.keys);
  const where = useMemo(() => signal(runs.where ?? ""), []);
  const project = useMemo(() => signal(runs.project ?? ""), []);
  const set = (changes) => {
    const made = {...runs, ...changes};
    for (const [name, value] of Object.entries(made)) if (value === undefined || value === "") delete made[name];
    change(made);
  };
  useEffect(() => onChange(where, (text) => set({where: text})), [runs]);
  const choose = (event) => {
    project.value = event.target.value;
    set({project: event.target.value});
  };
  const limit = (event) => {
    const value = Math.round(Number(event.target.value));
    if (value >= 1 && value <= MOST) set({limit: value});
  };
  return html`<div class="report-runs" role="group" aria-label="Runs of this grid">
    <div class="segments" role="group" aria-label="How runs are chosen">
      <button type="button" aria-pressed=${String(!picked)} onClick=${() => picked && set({keys: undefined})}>Filter</button>
      <button type="button" aria-pressed=${String(picked)} onClick=${() => picked || set({keys: []})}>Selection</button>
    </div>
    ${picked ? html`<ul class="report-picked">
        ${runs.keys.map((key) => html`<li key=${key}><code>${key}</code><button type="button" class="icon-button is-small" aria-label=${`Leave out ${key}`} onClick=${() => set({keys: runs.keys.filter((other) => other !== key)})}><${Icon} name="cross" size=${12} /></button></li>`)}
        <li><button type="button" class="button" onClick=${() => addRuns(runs.keys, (key) => set({keys: [...runs.keys, key]}))}><${Icon} name="plus" /><span>Run</span></button></li>
      </ul>`
    : html`<label class="field"><span>Project</span><select class="select" value=${runs.project ?? ""} onChange=${choose}>
          <option value="">All projects</option>${(server.value?.projects ?? []).map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select></label>
        <${WhereBar} where=${where} project=${project} />
        <label class="field"><span>At most</span><input class="input num" type="number" min="1" max=${MOST} value=${runs.limit ?? 10} onChange=${limit} /></label>`}
  </div>`;
}
