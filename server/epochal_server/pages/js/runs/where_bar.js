// The bar for filters in the language of the Python API: completion, and errors that point at their place.

import {latest, post} from "../api.js";
import {classes, html, signal, useEffect, useRef, useState} from "../html.js";
import {Icon} from "../icons.js";
import {project as tableProject, where as tableWhere} from "./asked.js";

const PAUSE = 140;
const check = latest((abort, text) => post("/api/where/check", {where: text}, {signal: abort}));
const complete = latest((abort, text, at, within) => post("/api/where/complete", {where: text, at, ...(within ? {project: within} : {})}, {signal: abort}));

/** Set by what wants the caret to stand in the bar. */
export const focusWhere = signal(0);
/** What is wrong with the expression that is applied, as the table's query told: {message, at, length?}. */
export const told = signal(null);

/** @param {{where?: object, project?: string | null}} props signals of the expression and project: the table's, if not given */
export function WhereBar({where = tableWhere, project = tableProject} = {}) {
  const input = useRef(null);
  const mirror = useRef(null);
  const timer = useRef(0);
  const [text, setText] = useState(where.value);
  const [wrong, setWrong] = useState(null);
  const [hints, setHints] = useState([]); // what was probably meant otherwise, though it can be understood
  const [items, setItems] = useState(null); // {from, to, items, at: the chosen one}
  const applied = where.value;
  useEffect(() => {
    // the link changed, not the typing
    if (applied !== text.trim()) {
      setText(applied);
      setWrong(null);
    }
  }, [applied]);
  useEffect(() => {
    if (focusWhere.value) input.current.focus();
  }, [focusWhere.value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const isOpen = useRef(false); // a word that is being completed is no filter yet
  isOpen.current = Boolean(items);
  const apply = async (now, {tentatively = false} = {}) => {
    clearTimeout(timer.current);
    const trimmed = now.trim();
    if (!trimmed) {
      setWrong(null);
      where.value = "";
      return;
    }
    const answer = await check(now).catch((error) => ({ok: false, message: error.message, at: 0}));
    if (!answer) return;
    setWrong(answer.ok ? null : answer);
    setHints(answer.ok ? answer.hints ?? [] : []);
    if (answer.ok && !(tentatively && isOpen.current)) where.value = trimmed;
  };
  const suggest = async (now, at) => {
    const answer = await complete(now, at, project.peek()).catch(() => null);
    if (answer === undefined) return;
    const isWanted = answer?.items.length && document.activeElement === input.current;
    // a choice that was made while the answer was on its way stays, if it is still among them
    const keptIn = (before) => answer.items.findIndex((item) => item.text === before?.items[before.at]?.text);
    setItems((before) => (isWanted ? {...answer, at: before?.at >= 0 ? keptIn(before) : -1} : null));
  };
  const type = (event) => {
    const {value, selectionStart} = event.target;
    setText(value);
    setWrong(null);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => apply(value, {tentatively: true}), PAUSE);
    suggest(value, selectionStart);
  };
  const take = (item) => {
    const next = text.slice(0, items.from) + item.text + text.slice(items.to);
    const caret = items.from + item.text.length;
    setText(next);
    setItems(null);
    apply(next);
    requestAnimationFrame(() => {
      input.current.focus();
      input.current.setSelectionRange(caret, caret);
    });
  };
  const keys = (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (items && items.at >= 0) take(items.items[items.at]);
      else {
        setItems(null);
        apply(text);
      }
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (items) {
        setItems(null);
        apply(text);
      } else input.current.blur();
    } else if (event.key === "Tab" && items && !event.shiftKey) {
      event.preventDefault();
      take(items.items[Math.max(0, items.at)]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!items) suggest(text, input.current.selectionStart);
      else {
        const count = items.items.length;
        const step = event.key === "ArrowDown" ? 1 : items.at < 0 ? 0 : -1;
        setItems({...items, at: (items.at + step + count) % count});
      }
    }
  };
  const fault = wrong ?? (applied === text.trim() ? told.value : null);
  return html`<div class=${classes("where", fault && "is-wrong")} role="search" aria-label="Filter runs">
    <span class="where-icon"><${Icon} name="filter" /></span>
    <div class="where-box">
      <div class="where-mirror" aria-hidden="true" ref=${mirror}>${fault && html`<${Pointer} text=${text} fault=${fault} />`}</div>
      <input ref=${input} class="where-input" value=${text} aria-label="Filter expression" placeholder='config.lr > 1e-3 and state == "finished"'
        role="combobox" aria-expanded=${String(Boolean(items))} aria-controls="where-items" aria-autocomplete="list" aria-invalid=${fault ? "true" : null}
        aria-describedby=${fault ? "where-fault" : null} aria-activedescendant=${items && items.at >= 0 ? `where-item-${items.at}` : null}
        autocomplete="off" autocapitalize="off" spellcheck=${false} onInput=${type} onKeyDown=${keys}
        onScroll=${({target}) => mirror.current && (mirror.current.scrollLeft = target.scrollLeft)}
        onFocus=${(event) => !text && suggest("", event.target.selectionStart)} onBlur=${() => { setItems(null); if (text.trim() !== where.peek()) apply(text); }} />
    </div>
    ${text && html`<button type="button" class="icon-button is-small" aria-label="Clear the filter" onClick=${() => { setText(""); apply(""); setItems(null); input.current.focus(); }}><${Icon} name="cross" size=${14} /></button>`}
    ${fault && !items && html`<div class="where-fault" id="where-fault" role="alert">${fault.message}</div>`}
    ${!fault && !items && text && hints.length > 0 && html`<div class="where-fault is-hint" role="status">${hints.join("; ")}</div>`}
    <div id="where-items" class="where-items" role="listbox" aria-label="Completions" hidden=${!items}>
      ${items?.items.map((item, i) => html`<div id=${`where-item-${i}`} role="option" aria-selected=${String(i === items.at)}
          class=${classes("where-item", i === items.at && "is-on")} onMouseDown=${(event) => { event.preventDefault(); take(item); }}>
        <span class=${`where-kind is-${item.kind}`} title=${item.kind}>${(item.kind ?? "?").slice(0, 1)}</span><span class="where-text">${item.text}</span><span class="where-detail">${item.detail}</span>
      </div>`)}
    </div>
  </div>`;
}

/** The text once more, unseen, with a wavy line under what is wrong. */
function Pointer({text, fault}) {
  const at = Math.min(fault.at ?? 0, text.length);
  const length = Math.max(1, fault.length ?? (text.slice(at).match(/^[\w.]+/)?.[0].length || 1));
  return html`${text.slice(0, at)}<span class="where-place">${text.slice(at, at + length) || "\u00a0"}</span>${text.slice(at + length)}`;
}
