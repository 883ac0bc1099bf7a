// The list below a plot that names what the table of runs has no colour for.

import { html } from "../html.js";

const MOST = 10;

/**
 * @param {{entries: Map<string, {label: string, colour: string, dash?: number[] | null, dot?: boolean}>}} props by key;
 *   an entry is marked by a piece of its line, or by a dot
 */
export function Legend({ entries }) {
  return html`<ul class="legend" aria-label="Legend">
    ${[...entries].slice(0, MOST).map(([key, { label, ...mark }]) => html`<li key=${key}>${mark.dot ? dot(mark) : line(mark)}${label}</li>`)}
    ${entries.size > MOST && html`<li class="muted">and ${entries.size - MOST} more</li>`}
  </ul>`;
}

function dot({ colour }) {
  return html`<svg width="10" height="8" aria-hidden="true"><circle cx="5" cy="4" r="4" fill=${colour} /></svg>`;
}

function line({ colour, dash }) {
  return html`<svg width="18" height="8" aria-hidden="true"><line x1="0" y1="4" x2="18" y2="4" stroke=${colour} stroke-width="2" stroke-dasharray=${dash?.join(" ") ?? null} /></svg>`;
}
