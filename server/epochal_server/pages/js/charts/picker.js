// Choosing several of many names, in an order: those that are chosen as chips, the others found by typing.

import { html, useState } from "../html.js";
import { Icon } from "../icons.js";
import { searcher } from "./sections.js";

const MOST = 60;

/** @param {{label: string, items: string[], chosen: string[], change: (chosen: string[]) => void}} props */
export function Picker({ label, items, chosen, change }) {
  const [typed, setTyped] = useState("");
  const { test } = searcher(typed, false);
  const left = items.filter((item) => !chosen.includes(item) && test(item));
  const add = (item) => change([...chosen, item]);
  const key = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (left.length) add(left[0]);
    setTyped("");
  };
  return html`<fieldset class="picker">
    <legend>${label}</legend>
    <div class="chips">${chosen.map((item) => html`<button type="button" key=${item} class="chip is-chosen" aria-label=${`Take ${item} out`} onClick=${() => change(chosen.filter((one) => one !== item))}>${item}<${Icon} name="cross" size=${10} /></button>`)}</div>
    <input class="input" type="search" aria-label=${`Search ${label}`} placeholder="Search" value=${typed} onInput=${(event) => setTyped(event.target.value)} onKeyDown=${key} data-first />
    <div class="picker-list">${left.slice(0, MOST).map((item) => html`<button type="button" key=${item} class="picker-item" onClick=${() => add(item)}>${item}</button>`)}
      ${left.length > MOST && html`<p class="muted small">and ${left.length - MOST} more: type to find them</p>`}
      ${!left.length && html`<p class="muted small">${items.length ? "Nothing more of that name" : "Nothing is there yet"}</p>`}
    </div>
  </fieldset>`;
}
