// The files that `run.save` has copied into a run: found by name, with what is left of them, to download.
import {bytes, when} from "../format.js";
import {html} from "../html.js";
import {param} from "../url.js";
import {Empty} from "../states.js";
import {Badge, Rows} from "./card.js";
import {runApi, useLoaded, Waiting} from "./load.js";
import {Digest, marked} from "./values.js";

const find = param("file", {initial: ""});
/** Rows that are drawn before somebody searches. */
const MOST = 500;

export function Files({run, tick}) {
  const of = useLoaded(runApi(run.key, "files"), tick);
  const files = of.data?.files ?? [];
  if (!of.data) return html`<${Waiting} of=${of} what="The files" />`;
  if (!files.length) {
    return html`<${Empty} title="No files were saved" icon="download"><code>run.save("model.yaml")</code> copies a file into the run.<//>`;
  }
  const text = find.value.trim();
  const fitting = files.filter((file) => file.name.toLowerCase().includes(text.toLowerCase()));
  return html`<section class="run-card" aria-label="Files">
    <div class="run-bar">
      <input class="input" type="search" placeholder="Search files" aria-label="Search files" value=${find.value}
        onInput=${(event) => (find.value = event.target.value)} />
      <span class="run-faint" role="status">${fitting.length.toLocaleString("en")} of ${files.length.toLocaleString("en")}</span>
    </div>
    <${Rows} label="Saved files" head=${["Name", "Size", "State", "SHA-256", "Saved", "From"]}
      keys=${fitting.slice(0, MOST).map((file) => `${file.name} ${file.sha256}`)}
      rows=${fitting.slice(0, MOST).map((file) => [
        html`<th scope="row">${file.state === "vanished" ? marked(file.name, text)
          : html`<a href=${runApi(run.key, "file", {name: file.name, sha: file.sha256})} download=${file.name.split("/").at(-1)}>${marked(file.name, text)}</a>`}</th>`,
        html`<td class="run-nowrap">${bytes(file.bytes)}</td>`,
        html`<td><${Badge} kind=${file.state}>${file.state}<//>
          ${file.changed_while_copied && html` <span class="run-faint">was being written while it was copied</span>`}</td>`,
        html`<td><${Digest} text=${file.sha256} what=${`SHA-256 of ${file.name}`} /></td>`,
        html`<td class="run-nowrap">${when(file.time)}</td>`,
        html`<td><code class="run-path">${file.source}</code></td>`,
      ])} />
    ${fitting.length > MOST && html`<p class="run-faint">${(fitting.length - MOST).toLocaleString("en")} more: search to see them.</p>`}
  </section>`;
}
