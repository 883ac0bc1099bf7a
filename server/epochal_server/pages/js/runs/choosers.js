// What is chosen in popovers: which columns are shown and in which order, and what runs are grouped by.

import {counted, number} from "../format.js";
import {computed, html, useState} from "../html.js";
import {Icon} from "../icons.js";
import {group, sort} from "./asked.js";
import {isAutomatic, known, labelOf, moveColumn, pinColumn, pinned, resetColumns, showColumn, shownKeys} from "./columns.js";

const TITLES = {field: "Of the run", config: "Config", summary: "Summary"};
const MOST = 300;
const BY_SIZE = [["count", "desc"]];
const BY_START = [["started", "desc"]];
const isBySize = computed(() => JSON.stringify(sort.value) === JSON.stringify(BY_SIZE));

/** All columns with search: the shown ones in their order first, then the others by where they come from. */
export function ColumnChooser() {
  const [typed, setTyped] = useState("");
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (key) => words.every((word) => key.toLowerCase().includes(word) || labelOf(key).toLowerCase().includes(word));
  const shown = shownKeys.value;
  const others = (known.value ?? []).filter(({key}) => !shown.includes(key) && fits(key));
  return html`<div class="chooser">
    <div class="chooser-head">
      <input class="input" data-first type="search" placeholder="Search columns" aria-label="Search columns" value=${typed} onInput=${(event) => setTyped(event.target.value)} />
      <button type="button" class="text-button" disabled=${isAutomatic.value} onClick=${resetColumns} title="Columns, widths and pins as they were at first">Reset</button>
    </div>
    <div class="chooser-list">
      <section><h3>Shown</h3>
        ${shown.filter(fits).map((key) => html`<div class="chooser-row" key=${key}>
          <label><input type="checkbox" checked=${true} disabled=${key === "name"} onChange=${() => showColumn(key, false)} /><span class="chooser-name" title=${key}>${nameIn(key)}</span></label>
          <button type="button" class="icon-button is-small" aria-label=${`Move ${labelOf(key)} up`} title="Further left" onClick=${() => moveColumn(key, -1)}><${Icon} name="up" size=${14} /></button>
          <button type="button" class="icon-button is-small" aria-label=${`Move ${labelOf(key)} down`} title="Further right" onClick=${() => moveColumn(key, 1)}><${Icon} name="down" size=${14} /></button>
          <button type="button" class=${`icon-button is-small ${pinned.value.includes(key) ? "is-on" : ""}`} aria-pressed=${String(pinned.value.includes(key))} aria-label=${`Pin ${labelOf(key)}`} title="Pin to the left" onClick=${() => pinColumn(key, !pinned.value.includes(key))}><${Icon} name="pin" size=${14} /></button>
        </div>`)}
      </section>
      ${["summary", "config", "field"].map((source) => html`<${Others} key=${source} source=${source} some=${others.filter((one) => one.source === source)} />`)}
      ${others.length === 0 && !shown.some(fits) && html`<p class="muted">No column is called that.</p>`}
    </div>
  </div>`;
}

function Others({source, some}) {
  if (!some.length) return null;
  return html`<section><h3>${TITLES[source]}</h3>
    ${some.slice(0, MOST).map(({key, count, differs}) => html`<div class="chooser-row" key=${key}>
      <label><input type="checkbox" checked=${false} onChange=${() => showColumn(key)} /><span class="chooser-name" title=${key}>${labelOf(key)}</span></label>
      <span class="chooser-note">${differs ? number(count) : "all alike"}</span>
    </div>`)}
    ${some.length > MOST && html`<p class="muted small">… and ${number(some.length - MOST)} more: search for them</p>`}
  </section>`;
}

/** What the runs are grouped by, in order. */
export function GroupChooser() {
  const [typed, setTyped] = useState("");
  const by = group.value;
  const fits = ({key}) => key.toLowerCase().includes(typed.trim().toLowerCase());
  const good = (known.value ?? []).filter((column) => !by.includes(column.key) && fits(column) && column.kind !== "time" && !["name", "id", "notes", "duration"].includes(column.key));
  const parts = (column) => column.differs && column.distinct > 1 && column.distinct <= 50;
  const ranked = [...good.filter(parts), ...good.filter((column) => !parts(column))];
  return html`<div class="chooser">
    ${by.length > 0 && html`<div class="chips">${by.map((key) => html`<button type="button" class="chip" key=${key} aria-label=${`Do not group by ${labelOf(key)}`} onClick=${() => (group.value = by.filter((one) => one !== key))}>${nameIn(key)} ×</button>`)}
      <button type="button" class="text-button" onClick=${() => (group.value = [])}>Do not group</button></div>
      <label class="chooser-check"><input type="checkbox" checked=${isBySize.value} onChange=${(event) => (sort.value = event.target.checked ? BY_SIZE : BY_START)} /> The largest groups first</label>`}
    <input class="input" data-first type="search" placeholder=${by.length ? "And by…" : "Group by…"} aria-label="Search columns to group by" value=${typed} onInput=${(event) => setTyped(event.target.value)} />
    <div class="chooser-list">
      ${ranked.slice(0, 60).map(({key, distinct}) => html`<button type="button" class="chooser-pick" key=${key} onClick=${() => { group.value = [...by, key]; setTyped(""); }}>
        <span class="chooser-name" title=${key}>${nameIn(key)}</span><span class="chooser-note">${counted(distinct, "value")}</span></button>`)}
      ${ranked.length === 0 && html`<p class="muted">No column is called that.</p>`}
    </div>
  </div>`;
}

function nameIn(key) {
  const from = /^(config|summary)\./.exec(key)?.[1];
  return html`${from && html`<span class="muted">${from} </span>`}${labelOf(key)}`;
}
