// A tree of settings: searched, opened and closed, walked through with the arrow keys as ARIA's pattern says.
import {counted} from "../format.js";
import {html, useMemo, useRef, useState} from "../html.js";
import {leaves, treeRows} from "./tree_rows.js";
import {copy, exact, marked, Value} from "./values.js";

/** Rows that are drawn at once; a larger tree is searched, or shown in full when asked. */
const MOST = 1500;
/** A tree of at most so many values starts with all of it open. */
const OPEN_UP_TO = 80;

/** `value`: what is shown; `label`: its name for screen readers; `find`: a signal with what is searched for; `closed`: at first. */
export function Tree({value, label, find, closed = false}) {
  const size = useMemo(() => leaves(value), [value]);
  const [opened, setOpened] = useState(new Map());
  const [standard, setStandard] = useState(null);
  const [whole, setWhole] = useState(false);
  const byDefault = () => standard ?? (!closed && size <= OPEN_UP_TO);
  const text = find.value.trim();
  const rows = treeRows(value, {find: text, opened, byDefault});
  const all = (open) => {
    setOpened(new Map());
    setStandard(open);
  };
  return html`<div class="run-tree">
    <div class="run-bar">
      <input class="input" type="search" placeholder="Search names and values" aria-label=${`Search ${label}`} value=${find.value}
        onInput=${(event) => (find.value = event.target.value)} />
      <span class="run-faint" role="status">
        ${text ? `${rows.filter((row) => row.leaf).length.toLocaleString("en")} of ${counted(size, "value")}` : counted(size, "value")}
      </span>
      <span class="run-bar-end">
        <button type="button" class="button" onClick=${() => all(true)}>Open all</button>
        <button type="button" class="button" onClick=${() => all(false)}>Close all</button>
        <button type="button" class="button" onClick=${() => copy(JSON.stringify(value, null, 2), label)}>Copy JSON</button>
      </span>
    </div>
    ${rows.length ? html`<${Rows} ...${{rows: whole ? rows : rows.slice(0, MOST), label, text, opened, setOpened}} />`
      : html`<p class="run-faint">${text ? `Nothing here has “${text}” in its name or value.` : "Nothing was recorded here."}</p>`}
    ${!whole && rows.length > MOST && html`<button type="button" class="button" onClick=${() => setWhole(true)}>
      Show ${(rows.length - MOST).toLocaleString("en")} more rows</button>`}
  </div>`;
}

function Rows({rows, label, text, opened, setOpened}) {
  const [active, setActive] = useState(null);
  const list = useRef(null);
  const current = rows.some((row) => row.id === active) ? active : rows[0].id;
  const set = (row, open) => setOpened(new Map(opened).set(row.id, open));
  const onKeyDown = (event) => {
    const at = rows.findIndex((row) => row.id === current);
    const next = target(event.key, rows, at, set);
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (next < 0 || next >= rows.length) return;
    setActive(rows[next].id);
    list.current.children[next]?.focus();
  };
  return html`<ul class="run-tree-rows" role="tree" aria-label=${label} ref=${list} onKeyDown=${onKeyDown}>
    ${rows.map((row) => html`<li key=${row.id} role="treeitem" aria-level=${row.depth + 1}
        aria-expanded=${row.leaf ? undefined : row.open} tabindex=${row.id === current ? 0 : -1}
        aria-label=${row.leaf ? `${row.name}: ${exact(row.value)}` : `${row.name}, ${row.count} inside`}
        onFocus=${() => setActive(row.id)}
        onClick=${row.leaf ? undefined : () => set(row, !row.open)} class=${row.leaf ? "is-leaf" : "is-group"}>
      <span class="run-tree-name" title=${row.dotted} style=${{paddingInlineStart: `${16 + row.depth * 16}px`}}>
        ${!row.leaf && html`<span class="run-tree-mark" aria-hidden="true">${row.open ? "▾" : "▸"}</span>`}${marked(row.name, text)}</span>
      ${row.leaf ? html`<${Value} value=${row.value} find=${text} />`
        : html`<span class="run-faint">${row.open ? "" : Array.isArray(row.value) ? `[${row.count}]` : `{${row.count}}`}</span>`}
    </li>`)}
  </ul>`;
}

/** The row that a key leads to; a key that opens or closes stays; undefined for keys that mean nothing here. */
function target(key, rows, at, set) {
  const row = rows[at];
  switch (key) {
    case "ArrowDown": return at + 1;
    case "ArrowUp": return at - 1;
    case "Home": return 0;
    case "End": return rows.length - 1;
    case "ArrowRight":
      if (row.leaf) return at;
      if (row.open) return at + 1;
      set(row, true);
      return at;
    case "ArrowLeft":
      if (!row.leaf && row.open) {
        set(row, false);
        return at;
      }
      return Math.max(rows.findIndex((each) => each.id === row.parent), 0);
    case "Enter":
    case " ":
      if (!row.leaf) set(row, !row.open);
      return at;
    default: return undefined;
  }
}
