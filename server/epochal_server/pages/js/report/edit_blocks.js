// A report edited in place, block by block: text in a field with its preview beside, panels by their own dialogs.

import {classes, html, useEffect, useMemo, useRef, useState} from "../html.js";
import {Icon} from "../icons.js";
import {Markdown} from "../markdown.js";
import {gridBlockOf, parse} from "./blocks.js";
import {RunsForm} from "./edit_runs.js";
import {ReportBody} from "./view.js";

let count = 0;
const named = (block) => ({id: (count += 1), ...block});

/** The text of blocks that may have lost the end of a line by an edit or a move. */
function joined(blocks) {
  return blocks.map((block, at) => {
    const text = block.kind === "grid" ? block.source : block.text;
    return at < blocks.length - 1 && text && !/[\r\n]$/.test(text) ? `${text}\n` : text;
  }).join("");
}

export function BlocksEditor({draft, source}) {
  const [blocks, setBlocks] = useState(() => parse(draft.text.peek()).map(named));
  const [active, setActive] = useState(null);
  const latest = useRef(blocks);
  latest.current = blocks;
  const text = draft.text.value;
  useEffect(() => {
    // the draft was dropped or saved text came from elsewhere
    if (text !== joined(latest.current)) setBlocks(parse(text).map(named));
  }, [text]);
  const commit = (next) => {
    latest.current = next;
    setBlocks(next);
    draft.set(joined(next));
  };
  const replace = (id, changes) => commit(latest.current.map((block) => (block.id === id ? {...block, ...changes} : block)));
  const acts = {
    move(index, by) {
      const next = [...latest.current];
      const [block] = next.splice(index, 1);
      next.splice(index + by, 0, block);
      commit(next);
    },
    remove(index) {
      commit(latest.current.filter((_, at) => at !== index));
      setActive(null);
    },
    insert(index, block) {
      const made = named(block);
      const next = [...latest.current];
      next.splice(index, 0, made);
      commit(next);
      setActive(made.id);
    },
    done() {
      setActive(null);
      // what was typed may hold grids of its own
      const whole = joined(latest.current);
      const again = parse(whole);
      if (again.length !== latest.current.length) setBlocks(again.map(named));
    },
    setActive,
    replace,
  };
  const onGrid = (index, grid) => replace(latest.current[index].id, {...gridBlockOf(grid)});
  const around = (index, shown) => html`<${Around} key=${blocks[index].id} ...${{index, shown, block: blocks[index], last: blocks.length - 1, active, acts, source}} />`;
  return html`<div class="report-editor"><${Insert} at=${0} acts=${acts} />
    <${ReportBody} blocks=${blocks} source=${source} onGrid=${onGrid} around=${around} /></div>`;
}

function Around({index, shown, block, last, active, acts, source}) {
  const isText = block.kind === "text";
  const isActive = active === block.id;
  const name = isText ? `text ${index + 1}` : `grid ${index + 1}`;
  const keys = (event) => {
    if (event.key === "Escape" && isActive && !event.defaultPrevented) acts.done();
    if (!event.altKey || !event.shiftKey || !/^Arrow(Up|Down)$/.test(event.key)) return;
    event.preventDefault();
    if (event.key === "ArrowUp" && index > 0) acts.move(index, -1);
    if (event.key === "ArrowDown" && index < last) acts.move(index, 1);
  };
  const tool = (icon, label, run, disabled = false) => html`<button type="button" class="icon-button is-small" aria-label=${`${label} ${name}`} title=${label} disabled=${disabled} onClick=${run}><${Icon} name=${icon} /></button>`;
  const press = (event) => !event.target.closest("a, button, input") && !getSelection().toString() && acts.setActive(block.id);
  return html`<section class=${classes("report-block", isActive && "is-active")} aria-label=${`Block: ${name}`} onKeyDown=${keys}>
    <div class="report-block-tools" role="group" aria-label=${`Change ${name}`}>
      ${(isText || block.grid) && tool(isActive ? "check" : "pencil", isActive ? "Finish" : isText ? "Edit" : "Choose the runs of", () => (isActive ? acts.done() : acts.setActive(block.id)))}
      ${tool("up", "Move up", () => acts.move(index, -1), index === 0)}
      ${tool("down", "Move down", () => acts.move(index, 1), index === last)}
      ${tool("trash", "Delete", () => acts.remove(index))}
    </div>
    ${isText && isActive ? html`<${TextEditor} block=${block} source=${source} change=${(text) => acts.replace(block.id, {text})} />`
      : isText ? html`<div class="report-click" onClick=${press}>${block.text.trim() ? shown : html`<p class="report-note">Empty text</p>`}</div>`
      : html`${isActive && html`<${RunsForm} runs=${block.grid.runs ?? {}} change=${(runs) => acts.replace(block.id, gridBlockOf({...block.grid, runs}))} />`}${shown}`}
    <${Insert} at=${index + 1} acts=${acts} />
  </section>`;
}

function Insert({at, acts}) {
  return html`<div class="report-insert" role="group" aria-label=${`Insert at ${at + 1}`}>
    <button type="button" class="text-button" onClick=${() => acts.insert(at, {kind: "text", text: "\nNew text\n\n"})}><${Icon} name="plus" size=${12} /> Text</button>
    <button type="button" class="text-button" onClick=${() => acts.insert(at, gridBlockOf({runs: {limit: 10}, panels: []}))}><${Icon} name="plus" size=${12} /> Panels</button>
  </div>`;
}

function TextEditor({block, source, change}) {
  const field = useRef(null);
  const rows = useMemo(() => Math.min(30, Math.max(5, block.text.split("\n").length + 1)), []);
  useEffect(() => {
    field.current.focus({preventScroll: true});
    field.current.setSelectionRange(0, 0);
    field.current.scrollTop = 0;
  }, []);
  return html`<div class="report-beside">
    <textarea ref=${field} class="input report-source" rows=${rows} aria-label="Text in markdown" value=${block.text} onInput=${(event) => change(event.target.value)}></textarea>
    <section class="report-preview" aria-label="Preview"><${Markdown} text=${block.text} image=${source.image} level=${0} className="markdown report-text" /></section>
  </div>`;
}
