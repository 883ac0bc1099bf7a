// Above the table: what is searched, filtered and grouped, how many runs that leaves, and what to do with the ticked ones.

import {counted, number} from "../format.js";
import {classes, html, useEffect, useRef, useState} from "../html.js";
import {Icon} from "../icons.js";
import {shortcut} from "../keys.js";
import {MenuButton, PopoverButton} from "../menu.js";
import {brushed, isVisible, select, selected, selectNone, show, visible} from "../selection.js";
import {readOnly, READ_ONLY, server} from "../server.js";
import {canCompare, compare, COMPARED, deleteRuns, exportCsv, tagRuns} from "./actions.js";
import {filters, group, isNarrowed, project, search, sort, view, widen} from "./asked.js";
import {ColumnChooser, GroupChooser} from "./choosers.js";
import {labelOf} from "./columns.js";
import {removeFilter, wordsOf} from "./filters.js";
import {focusWhere, WhereBar} from "./where_bar.js";

const PAUSE = 120;
// as the style sheets have it: less than a word more fits into the field
const NARROW = 720;

export function Toolbar({rows, shownView}) {
  return html`<div class="tools">
    <div class="tools-row">
      <${Projects} />
      <${Search} />
      <${WhereBar} />
      <div class="tools-buttons">
        <${PopoverButton} label="Group" popoverClass="popover" className=${classes("button", group.value.length && "is-on")} title="Group the runs" content=${() => html`<${GroupChooser} />`}><${Icon} name="group" /><span class="is-wide-only">Group${group.value.length > 0 && ` · ${group.value.length}`}</span></>
        <${PopoverButton} label="Columns" className="button" title="Choose columns" content=${() => html`<${ColumnChooser} />`}><${Icon} name="columns" /><span class="is-wide-only">Columns</span></>
        <${MenuButton} label="More" className="icon-button" items=${() => [
          {label: "Export to CSV", detail: "all runs that match, the columns shown", icon: html`<${Icon} name="download" size=${14} />`, run: () => exportCsv()},
          {label: "Select what is shown in charts", run: () => select(visible.peek())},
        ]}><${Icon} name="more" /></>
        <${Views} shownView=${shownView} />
      </div>
    </div>
    ${selected.value.size ? html`<${Picked} rows=${rows} />` : html`<${Narrowed} rows=${rows} />`}
  </div>`;
}

function Projects() {
  const all = server.value?.projects ?? [];
  if (all.length < 2 && !project.value) return null;
  const names = all.includes(project.value) || !project.value ? all : [...all, project.value];
  return html`<select class="select tools-project" aria-label="Project" value=${project.value} onChange=${(event) => (project.value = event.target.value)}>
    <option value="">All projects</option>
    ${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
  </select>`;
}

function Search() {
  const input = useRef(null);
  const timer = useRef(0);
  const [typed, setTyped] = useState(search.value);
  const applied = search.value;
  useEffect(() => {
    if (applied !== typed.trim()) setTyped(applied);
  }, [applied]);
  useEffect(() => {
    const stops = [
      shortcut("/", "Search the runs", () => input.current.focus(), {group: "Runs"}),
      shortcut("f", "Filter the runs", () => (focusWhere.value += 1), {group: "Runs"}),
    ];
    return () => {
      clearTimeout(timer.current);
      stops.forEach((stop) => stop());
    };
  }, []);
  const apply = (value) => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => (search.value = value.trim()), PAUSE);
  };
  return html`<div class="search">
    <span class="search-icon"><${Icon} name="search" /></span>
    <input ref=${input} class="input" type="search" aria-label="Search runs" placeholder=${innerWidth < NARROW ? "Search" : "Search runs"} autocomplete="off" spellcheck=${false} value=${typed}
      onInput=${(event) => apply(event.target.value)} onKeyDown=${(event) => event.key === "Escape" && (apply(""), input.current.blur(), event.stopPropagation())} />
  </div>`;
}

function Views({shownView}) {
  const all = [["table", "Table", "table"], ["both", "Both", "split"], ["charts", "Charts", "chart"]];
  return html`<div class="segments" role="group" aria-label="What is shown">
    ${all.map(([name, label, icon]) => html`<button type="button" key=${name} class=${`view-${name}`} aria-pressed=${String(shownView === name)} aria-label=${label} title=${label} onClick=${() => view.set(name)}><${Icon} name=${icon} /></button>`)}
  </div>`;
}

/** How many runs there are, and what narrows them down. */
function Narrowed({rows}) {
  const [matched, total] = [rows.matched.value, rows.total.value];
  const order = sort.value;
  return html`<div class="tools-state">
    <span class="tools-count num" role="status">${matched === null ? "" : isNarrowed.value || project.value ? `${number(matched)} of ${counted(total, "run")}` : counted(total, "run")}${rows.left.value > 0 && ` · reading ${number(rows.left.value)} more`}</span>
    ${filters.value.map((one) => html`<button type="button" class="chip" key=${JSON.stringify(one)} aria-label=${`Remove the filter: ${wordsOf(one)}`} onClick=${() => removeFilter(one)}>${wordsOf(one)} <span aria-hidden="true">×</span></button>`)}
    ${brushed.value && html`<button type="button" class="chip" aria-label="Remove the brush" onClick=${() => (brushed.value = null)}>brushed in a chart <span aria-hidden="true">×</span></button>`}
    ${group.value.map((key) => html`<button type="button" class="chip" key=${key} aria-label=${`Do not group by ${labelOf(key)}`} onClick=${() => (group.value = group.value.filter((one) => one !== key))}>by ${labelOf(key)} <span aria-hidden="true">×</span></button>`)}
    ${order.length > 1 && html`<button type="button" class="chip" aria-label="Sort by the first column only" onClick=${() => (sort.value = order.slice(0, 1))}>sorted by ${order.map(([key]) => labelOf(key)).join(", ")} <span aria-hidden="true">×</span></button>`}
    ${isNarrowed.value && html`<button type="button" class="text-button is-small" onClick=${widen}>Show all</button>`}
  </div>`;
}

/** What to do with the ticked runs. */
function Picked({rows}) {
  const keys = [...selected.value];
  const locked = readOnly.value;
  const all = keys.every(isVisible);
  const lock = {disabled: locked, title: locked ? READ_ONLY : null};
  return html`<div class="tools-state is-picked" role="region" aria-label="Selected runs">
    <span class="tools-count num">${counted(keys.length, "run")} selected</span>
    <button type="button" class="text-button" disabled=${!canCompare(keys)} title=${canCompare(keys) ? null : COMPARED} onClick=${() => compare(keys)}><${Icon} name="compare" /><span>Compare</span></button>
    <button type="button" class="text-button" onClick=${() => show(keys, !all)}><${Icon} name=${all ? "eyeOff" : "eye"} /><span>${all ? "Hide" : "Show"}</span></button>
    <button type="button" class="text-button" ...${lock} onClick=${() => tagRuns(keys, rows)}><${Icon} name="tag" /><span>Tags</span></button>
    <button type="button" class="text-button" onClick=${() => exportCsv(keys.length >= (rows.matched.peek() ?? Infinity) ? null : keys)}><${Icon} name="download" /><span>CSV</span></button>
    <button type="button" class="text-button is-danger" ...${lock} onClick=${() => deleteRuns(keys, rows)}><${Icon} name="trash" /><span>Delete</span></button>
    <button type="button" class="icon-button is-small" aria-label="Select none" title="Select none (Esc)" onClick=${selectNone}><${Icon} name="cross" size=${14} /></button>
  </div>`;
}
