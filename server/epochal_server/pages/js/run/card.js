// A part of the overview: a heading that can be linked to, what stands beside it, and what it holds.
import {classes, html} from "../html.js";

/** `id` names the part in the page; `count` and `beside` stand next to the heading. */
export function Card({id, title, count, beside, wide = false, children}) {
  return html`<section class=${`run-card${wide ? " is-wide" : ""}`} aria-labelledby=${`run-${id}`}>
    <header class="run-card-head">
      <h2 id=${`run-${id}`}>${title}${count !== undefined && html` <span class="run-count">${count.toLocaleString("en")}</span>`}</h2>
      ${beside}
    </header>
    ${children}
  </section>`;
}

/** Names and what belongs to them, those that are there: [[name, content], …]. */
export function Facts({rows}) {
  return html`<dl class="run-facts">
    ${rows.filter(([, content]) => content !== null && content !== undefined && content !== "" && content !== false)
      .map(([name, content]) => html`<div key=${name}><dt>${name}</dt><dd>${content}</dd></div>`)}
  </dl>`;
}

/** A table that scrolls sideways by itself, also with the keyboard: `head` and `rows` of cells. */
export function Rows({label, head, rows, keys}) {
  return html`<div class="run-scroll" tabindex="0" role="region" aria-label=${label}>
    <table class="run-table">
      <thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
      <tbody>${rows.map((cells, at) => html`<tr key=${keys?.[at] ?? at}>${cells}</tr>`)}</tbody>
    </table>
  </div>`;
}

const TONES = {
  bad: ["error", "failed", "vanished", "missing", "different"],
  warn: ["warning", "changed", "abandoned", "unknown"],
  good: ["present", "best", "same"],
};

/** A word with a colour: a level, what is left of a file. The word alone says what it means. */
export function Badge({kind, children}) {
  const tone = Object.keys(TONES).find((name) => TONES[name].includes(kind));
  return html`<span class=${classes("badge", tone && `is-${tone}`)}>${children}</span>`;
}
