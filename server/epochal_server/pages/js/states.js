// What pages show while they load, when nothing is there, and when something went wrong.

import {Icon} from "./icons.js";
import {html} from "./html.js";

/** A page or panel that has nothing to show; says what to do. */
export function Empty({title, children, icon = null, action = null}) {
  return html`<div class="empty">
    ${icon && html`<span class="empty-icon"><${Icon} name=${icon} size=${28} /></span>`}
    <h2>${title}</h2>
    <div class="empty-text">${children}</div>
    ${action && html`<button class="button" onClick=${action.run}>${action.label}</button>`}
  </div>`;
}

/** What could not be had and why, with a way to try again. */
export function Failed({title = "This could not be loaded", error, retry = null}) {
  return html`<div class="empty is-bad" role="alert">
    <span class="empty-icon"><${Icon} name="warning" size=${28} /></span>
    <h2>${title}</h2>
    <p class="empty-text">${error?.detail || error?.message || String(error)}</p>
    ${retry && html`<button class="button" onClick=${retry}>Try again</button>`}
  </div>`;
}

/** Something is on its way; is seen only if it takes a while. */
export function Loading({what = "Loading"}) {
  return html`<div class="loading" role="status"><span class="spinner" aria-hidden="true"></span><span>${what}…</span></div>`;
}

/** The state of a run as a word with its colour and shape. */
export function State({state, reason = null}) {
  return html`<span class=${`state is-${state}`} title=${reason ?? null}><span class="state-dot" aria-hidden="true"></span>${state}</span>`;
}
