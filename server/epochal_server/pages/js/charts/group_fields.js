// How runs are joined to groups: by which columns, and what the band around their mean shows.

import { get } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { Picker } from "./picker.js";

const BANDS = [
  ["std", "Standard deviation"],
  ["sem", "Standard error"],
  ["minmax", "Least to greatest"],
  ["none", "No band"],
];
const FIELDS = ["group", "job_type", "project", "host", "state"];

export function GroupFields({ store }) {
  const [columns, setColumns] = useState([]);
  const group = store.group.value;
  useEffect(() => {
    const project = store.context.query?.peek()?.project ?? store.context.project;
    get(`/api/columns${project ? `?project=${encodeURIComponent(project)}` : ""}`)
      .then((answer) => setColumns(answer.columns.filter(({ source, distinct }) => source === "config" && distinct > 1).map(({ key }) => key)))
      .catch(() => setColumns([])); // the fields of runs are still there to group by
  }, []);
  const by = group?.by ?? [];
  const change = (chosen) => store.change({ group: chosen.length ? { by: chosen, band: group?.band ?? "std" } : null });
  return html`<div class="charts-options">
    <${Picker} label="One line for all runs that agree in" items=${[...FIELDS, ...columns]} chosen=${by} change=${change} />
    ${group && html`<label class="field"><span>Band around the mean</span><select value=${group.band} onChange=${(event) => store.change({ group: { by, band: event.target.value } })}>
      ${BANDS.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
    </select></label>`}
    ${group && html`<button type="button" class="button" onClick=${() => store.change({ group: null })}>Show each run</button>`}
  </div>`;
}
