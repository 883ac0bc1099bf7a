// The dialog in which a panel is made or changed.

import { get } from "../api.js";
import { sheet, toast } from "../dialog.js";
import { html, useEffect, useState } from "../html.js";
import { Picker } from "./picker.js";
import { titleOf } from "./sections.js";
import { withPanel } from "./state.js";
import { columnTitle } from "./titles.js";

const KINDS = [
  ["line", "Lines", "Metrics over steps, and formulas of them"],
  ["scatter", "Scatter", "Runs as points over two columns"],
  ["parallel", "Parallel", "Runs as lines over many columns"],
  ["bars", "Bars", "One column of each shown run"],
  ["importance", "Importance", "Which config values matter for a metric"],
];

/** Open the dialog. @param {object | null} panel to change, or null for a new one */
export function openPanelDialog(store, panel = null) {
  return sheet(panel ? `Edit ${panel.title}` : "Add a panel", (close) => html`<${Form} store=${store} panel=${panel} close=${close} />`, { wide: true });
}

function Form({ store, panel, close }) {
  const [kind, setKind] = useState(panel?.kind ?? "line");
  const [draft, setDraft] = useState(() => drafted(panel));
  const [columns, setColumns] = useState(null);
  const [error, setError] = useState("");
  const set = (changes) => setDraft({ ...draft, ...changes });
  useEffect(() => {
    const project = store.context.query?.peek()?.project ?? store.context.project;
    get(`/api/columns${project ? `?project=${encodeURIComponent(project)}` : ""}`)
      .then((answer) => setColumns(answer.columns.filter(({ source }) => source !== "field")))
      .catch((thrown) => setError(thrown.detail || thrown.message));
  }, []);
  const save = (event) => {
    event.preventDefault();
    const made = finished(kind, draft);
    if (typeof made === "string") {
      setError(made);
      return;
    }
    if (panel) store.change((state) => withPanel(state, panel.id, { title: undefined, x: undefined, colour: undefined, ...made, kind: panel.own ? kind : undefined }));
    else {
      const id = newId(store);
      store.change((state) => ({ added: [...state.added, { id, ...made }] }));
      toast(`${titleOf(made)} is added`);
    }
    close();
  };
  const parts = { line: LineFields, scatter: ScatterFields, parallel: ParallelFields, bars: BarsFields, importance: ImportanceFields };
  const Fields = parts[kind];
  return html`<form class="panel-form" onSubmit=${save}>
    ${!panel && html`<div class="segments" role="group" aria-label="Kind of panel">${KINDS.map(([name, label, title]) => html`<button type="button" key=${name} aria-pressed=${String(kind === name)} title=${title} onClick=${() => setKind(name)}>${label}</button>`)}</div>`}
    <${Fields} store=${store} draft=${draft} set=${set} columns=${columns} />
    <label class="field"><span>Title</span><input value=${draft.title} placeholder=${placeholder(kind, draft)} onInput=${(event) => set({ title: event.target.value })} /></label>
    ${error && html`<p class="form-error" role="alert">${error}</p>`}
    <div class="form-foot">
      <button type="button" class="button" onClick=${close}>Cancel</button>
      <button type="submit" class="button is-primary">${panel ? "Save" : "Add panel"}</button>
    </div>
  </form>`;
}

function drafted(panel) {
  const series = panel?.series ?? [];
  const automatic = panel && titleOf({ ...panel, title: undefined });
  return {
    metrics: series.filter(({ metric }) => metric).map(({ metric }) => metric),
    formulas: series.filter(({ formula }) => formula).map(({ formula }) => formula).join("\n"),
    x: panel?.x ?? "",
    across: panel?.across ?? "",
    up: panel?.up ?? "",
    colour: panel?.colour ?? "",
    columns: panel?.columns ?? [],
    column: panel?.column ?? "",
    metric: panel?.metric ?? "",
    title: panel && panel.title !== automatic ? panel.title : "",
  };
}

/** @returns {object | string} the panel, or what is missing */
function finished(kind, draft) {
  const made = described(kind, draft);
  return typeof made === "string" ? made : Object.fromEntries(Object.entries(made).filter(([, held]) => held !== undefined));
}

function described(kind, draft) {
  const title = draft.title.trim() || undefined;
  if (kind === "line") {
    const formulas = draft.formulas.split("\n").map((line) => line.trim()).filter(Boolean);
    const series = [...draft.metrics.map((metric) => ({ metric })), ...formulas.map((formula) => ({ formula }))];
    if (!series.length) return "Choose at least one metric, or write a formula.";
    if (series.length > 20) return "A panel takes twenty metrics and formulas at most.";
    return { kind, series, x: draft.x || undefined, title };
  }
  if (kind === "scatter") return draft.across && draft.up ? { kind, across: draft.across, up: draft.up, colour: draft.colour || undefined, title } : "Choose a column for each axis.";
  if (kind === "parallel") return draft.columns.length > 1 ? { kind, columns: draft.columns, title } : "Choose at least two columns.";
  if (kind === "bars") return draft.column ? { kind, column: draft.column, title } : "Choose a column.";
  return draft.metric ? { kind, metric: draft.metric, title } : "Choose a metric.";
}

function placeholder(kind, draft) {
  const made = finished(kind, { ...draft, title: "" });
  return typeof made === "string" ? "" : titleOf(made);
}

/** Short, and not yet taken: it stands in the address. */
function newId(store) {
  const taken = new Set(store.state.peek().added.map(({ id }) => id));
  let at = taken.size + 1;
  while (taken.has(`own${at}`)) at += 1;
  return `own${at}`;
}

function LineFields({ store, draft, set }) {
  const metrics = store.metrics.value;
  return html`
    <${Picker} label="Metrics" items=${metrics} chosen=${draft.metrics} change=${(chosen) => set({ metrics: chosen })} />
    <label class="field"><span>Formulas, one a line: <code>train/loss - val/loss</code></span>
      <textarea rows="2" spellcheck=${false} value=${draft.formulas} onInput=${(event) => set({ formulas: event.target.value })}></textarea></label>
    <label class="field"><span>X axis</span><select value=${draft.x} onChange=${(event) => set({ x: event.target.value })}>
      <option value="">As the workspace has it</option>
      ${store.axes.value.map(({ value, label }) => html`<option key=${value} value=${value}>${label}</option>`)}
    </select></label>`;
}

function Select({ label, value, options, change, none = "Choose…" }) {
  return html`<label class="field"><span>${label}</span><select value=${value} onChange=${(event) => change(event.target.value)}>
    <option value="">${none}</option>${options.map(({ key }) => html`<option key=${key} value=${key}>${key}</option>`)}
  </select></label>`;
}

function ScatterFields({ draft, set, columns }) {
  const usable = (columns ?? []).filter(({ kind }) => kind !== "list");
  return html`<div class="form-row">
    <${Select} label="Across" value=${draft.across} options=${usable} change=${(across) => set({ across })} />
    <${Select} label="Up" value=${draft.up} options=${usable} change=${(up) => set({ up })} />
    <${Select} label="Colour" value=${draft.colour} options=${usable} change=${(colour) => set({ colour })} none="The runs' own" />
  </div>`;
}

function ParallelFields({ draft, set, columns }) {
  // first what differs between runs: columns that are alike everywhere are straight lines
  const usable = (columns ?? []).filter(({ kind }) => kind !== "list").sort((one, other) => Number(other.differs) - Number(one.differs));
  return html`<${Picker} label="Axes, from left to right; the last one gives the colour" items=${usable.map(({ key }) => key)} chosen=${draft.columns} change=${(chosen) => set({ columns: chosen })} />`;
}

function BarsFields({ draft, set, columns }) {
  const usable = (columns ?? []).filter(({ kind }) => kind === "number" || kind === "mixed" || kind === "bool");
  return html`<${Select} label="Column" value=${draft.column} options=${usable} change=${(column) => set({ column })} />`;
}

function ImportanceFields({ draft, set, columns }) {
  const usable = (columns ?? []).filter(({ source, kind }) => source === "summary" && (kind === "number" || kind === "mixed")).map(({ key }) => ({ key: columnTitle(key) }));
  return html`<${Select} label="Metric of the summary" value=${draft.metric} options=${usable} change=${(metric) => set({ metric })} />`;
}
