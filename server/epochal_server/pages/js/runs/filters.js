// Filters on one column: a small form that fits the column's kind, and the words for a filter.

import {number} from "../format.js";
import {html, useState} from "../html.js";
import {filters} from "./asked.js";
import {columnOf, labelOf} from "./columns.js";

const WORDS = {"=": "is", "!=": "is not", "<": "<", "<=": "≤", ">": ">", ">=": "≥", contains: "contains", empty: "is empty", set: "has a value"};
const BY_KIND = {
  number: [">=", "<=", ">", "<", "=", "!=", "set", "empty"],
  duration: [">=", "<=", ">", "<", "set", "empty"],
  time: [">=", "<=", "set", "empty"],
  bool: ["=", "!=", "set", "empty"],
  list: ["contains", "set", "empty"],
  text: ["contains", "=", "!=", "set", "empty"],
  mixed: ["contains", "=", "!=", ">=", "<=", "set", "empty"],
};

/** A filter in words: "lr ≥ 0.01". */
export function wordsOf({column, op, value}) {
  const {kind} = columnOf(column);
  const shown = kind === "time" && typeof value === "number" ? localTime(value).replace("T", " ") : Array.isArray(value) ? value.join(" or ") : typeof value === "number" ? number(value) : String(value);
  return `${labelOf(column)} ${WORDS[op]}${value === undefined ? "" : ` ${shown}`}`;
}

export function removeFilter(one) {
  filters.value = filters.value.filter((other) => other !== one);
}

/** The form; it stands in a popover. */
export function FilterForm({column, close}) {
  const {kind, values, min, max} = columnOf(column);
  const few = values?.length > 0 && kind !== "number" && kind !== "time";
  const ops = few && kind !== "list" ? ["=", "!=", "contains", "set", "empty"] : BY_KIND[kind] ?? BY_KIND.text;
  const [op, setOp] = useState(ops[0]);
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const [picked, setPicked] = useState([]); // of few values, those of which one is enough
  const mine = filters.value.filter((one) => one.column === column);
  const picks = few && ["=", "!="].includes(op);
  const toggle = (value) => setPicked(picked.includes(value) ? picked.filter((one) => one !== value) : [...picked, value]);
  const needs = op !== "empty" && op !== "set";
  const add = (value) => {
    filters.value = [...filters.value, needs ? {column, op, value} : {column, op}];
    close();
  };
  const submit = (event) => {
    event.preventDefault();
    if (!needs) return add();
    if (picks && picked.length) return add(picked.length === 1 ? picked[0] : picked);
    const value = readValue(text, kind, op);
    if (value === undefined) setWrong(kind === "time" ? "A date is missing here." : "A number is missing here, such as 0.01 or 1e-4.");
    else add(value);
  };
  return html`<form class="filter-form" onSubmit=${submit}>
    <p class="form-title">${labelOf(column)}</p>
    ${mine.length > 0 && html`<div class="chips">${mine.map((one) => html`<button type="button" class="chip" onClick=${() => removeFilter(one)} aria-label=${`Remove: ${wordsOf(one)}`}>${wordsOf(one)} ×</button>`)}</div>`}
    <div class="filter-line">
      <select class="select" aria-label="How to compare" value=${op} onChange=${(event) => setOp(event.target.value)}>
        ${ops.map((one) => html`<option value=${one}>${WORDS[one]}</option>`)}
      </select>
      ${needs && html`<input class="input" data-first aria-label="Value" aria-invalid=${wrong ? "true" : null} value=${text} type=${kind === "time" ? "datetime-local" : "text"} inputmode=${kind === "number" ? "decimal" : null}
        list=${few ? "filter-values" : null} autocomplete="off" spellcheck=${false} onInput=${(event) => { setText(event.target.value); setWrong(""); }} />`}
    </div>
    ${few && html`<datalist id="filter-values">${values.map((value) => html`<option value=${String(value)}></option>`)}</datalist>`}
    ${wrong && html`<p class="filter-wrong" role="alert">${wrong}</p>`}
    ${picks && html`<div class="filter-values" role="group" aria-label="Values">
      ${values.map((value) => html`<button type="button" class="chip" key=${String(value)} aria-pressed=${String(picked.includes(value))} onClick=${() => toggle(value)}>${String(value)}</button>`)}</div>`}
    ${few && kind === "list" && html`<div class="filter-values" role="group" aria-label="Values">
      ${[...new Set(values.flat())].map((value) => html`<button type="button" class="chip" key=${String(value)} onClick=${() => add(value)}>${String(value)}</button>`)}</div>`}
    ${kind === "number" && min !== undefined && html`<p class="muted small">from ${number(min)} to ${number(max)}</p>`}
    <div class="filter-foot"><button type="submit" class="button is-primary">Add filter</button></div>
  </form>`;
}

function readValue(text, kind, op) {
  const typed = text.trim();
  if (kind === "time") {
    const time = Date.parse(typed);
    return Number.isNaN(time) ? undefined : time / 1000;
  }
  if (kind === "number" || kind === "duration" || ["<", "<=", ">", ">="].includes(op)) {
    return typed === "" || Number.isNaN(Number(typed)) ? undefined : Number(typed);
  }
  if (kind === "bool" && op !== "contains") return /^(true|yes|1)$/i.test(typed);
  if (kind === "mixed" && op !== "contains" && typed !== "" && !Number.isNaN(Number(typed))) return Number(typed);
  return text;
}

function localTime(seconds) {
  const date = new Date(seconds * 1000);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
