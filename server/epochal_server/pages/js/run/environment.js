// The environment of a run: what ran it, on which machine, with which packages.
import {getText} from "../api.js";
import {html, useState} from "../html.js";
import {param} from "../url.js";
import {Card} from "./card.js";
import {runApi, useLoaded, Waiting} from "./load.js";
import {Tree} from "./tree.js";
import {marked} from "./values.js";

const find = param("env", {initial: ""});
const wanted = param("package", {initial: ""});

export function Environment({run}) {
  const {packages, git, code, ...rest} = run.environment ?? {};
  if (!Object.keys(rest).length && !packages) {
    return html`<${Card} id="environment" title="Environment">
      <p class="run-faint">Nothing was recorded of the environment${run.state === "running" ? " yet" : ""}: the companion process collects it soon after the start.</p><//>`;
  }
  return html`<${Card} id="environment" title="Environment">
    <${Tree} value=${rest} label="environment" find=${find} closed />
    ${packages && html`<${Packages} path=${runApi(run.key, "packages")} count=${packages.count} />`}
  <//>`;
}

function Packages({path, count}) {
  const [open, setOpen] = useState(wanted.value !== "");
  const of = useLoaded(open ? path : null, 0, getText);
  return html`<details open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${typeof count === "number" ? `${count.toLocaleString("en")} packages` : "Packages"}</summary>
    ${open && html`<${Waiting} of=${of} what="The list of packages" />`}
    ${open && typeof of.data === "string" && html`<${List} text=${of.data} />`}
  </details>`;
}

function List({text}) {
  const find = wanted.value.trim();
  const lines = text.split("\n").filter((line) => line && line.toLowerCase().includes(find.toLowerCase()));
  return html`
    <div class="run-bar">
      <input class="input" type="search" placeholder="Search packages" aria-label="Search packages" value=${wanted.value}
        onInput=${(event) => (wanted.value = event.target.value)} />
      <span class="run-faint" role="status">${lines.length.toLocaleString("en")} shown</span>
    </div>
    <ul class="run-packages run-scroll is-tall" tabindex="0" aria-label="Packages">
      ${lines.map((line) => html`<li key=${line}><code>${marked(line, find)}</code></li>`)}
    </ul>`;
}
