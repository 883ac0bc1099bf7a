// What somebody should look at: alerts of the run and of rules, and notices about its record.
import {stepText, when} from "../format.js";
import {html} from "../html.js";
import {Badge, Card} from "./card.js";

/** How many stand there before somebody asks for the rest. */
const MOST = 20;

export function Alerts({alerts}) {
  if (!alerts.length) return null;
  const newest = [...alerts].reverse();
  return html`<${Card} id="alerts" title="Alerts" count=${alerts.length}>
    <${List} items=${newest} show=${(alert) => html`
      <p><${Badge} kind=${alert.level}>${alert.level}<//> <strong>${alert.title}</strong>
        ${alert.abandoned && html` <span class="run-faint">abandoned by a later resume</span>`}</p>
      ${alert.text && html`<p class="run-kept">${alert.text}</p>`}
      <p class="run-faint">${[
        alert.step !== null && alert.step !== undefined && `step ${stepText(alert.step)}`,
        when(alert.time),
        alert.source === "rule" && "found by a rule",
        alert.rank > 0 && `rank ${alert.rank}`,
      ].filter(Boolean).join(" · ")}</p>`} />
  <//>`;
}

export function Notices({notices}) {
  if (!notices.length) return null;
  return html`<${Card} id="notices" title="Notices" count=${notices.length}>
    <${List} items=${notices} show=${(notice) => html`
      <p><${Badge} kind="notice">${notice.code}<//> <span class="run-kept">${notice.text}</span></p>
      <p class="run-faint">${[typeof notice.time === "number" && when(notice.time), notice.file].filter(Boolean).join(" · ")}</p>`} />
  <//>`;
}

function List({items, show}) {
  const one = (item, at) => html`<li key=${at} class=${item.abandoned ? "is-abandoned" : ""}>${show(item)}</li>`;
  const rest = items.slice(MOST);
  return html`<ul class="run-list">${items.slice(0, MOST).map(one)}</ul>
    ${rest.length > 0 && html`<details><summary>${rest.length.toLocaleString("en")} more</summary>
      <ul class="run-list">${rest.map(one)}</ul></details>`}`;
}
