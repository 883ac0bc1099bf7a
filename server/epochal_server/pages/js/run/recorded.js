// What was recorded beside metrics: datasets with their digests, checkpoints with what is left of them.
import {bytes, counted, number, stepText, when} from "../format.js";
import {html} from "../html.js";
import {Badge, Card, Facts, Rows} from "./card.js";
import {runApi} from "./load.js";
import {Digest, shown} from "./values.js";

/** Facts of a dataset that have a place of their own. */
const OWN = new Set(["sha256", "kind", "rows", "bytes", "coverage", "method", "path", "why"]);
const COVERAGE = {full: "all of it", sampled: "a sample of it", none: "nothing of it"};

export function Datasets({datasets}) {
  const names = Object.keys(datasets ?? {});
  if (!names.length) return null;
  return html`<${Card} id="datasets" title="Datasets" count=${names.length}>
    ${names.map((name) => html`<${Dataset} key=${name} name=${name} facts=${datasets[name]} />`)}
  <//>`;
}

function Dataset({name, facts}) {
  const told = facts !== null && typeof facts === "object" ? facts : {value: facts};
  const digest = typeof told.sha256 === "string" ? told.sha256 : null;
  return html`<article class="run-dataset">
    <h3>${name}</h3>
    <${Facts} rows=${[
      ["SHA-256", digest ? html`<${Digest} text=${digest} what=${`SHA-256 of ${name}`} length=${64} />` : html`not hashed${told.why ? `: ${told.why}` : ""}`],
      ["Hashed", digest && (COVERAGE[told.coverage] ?? told.coverage)],
      ["Kind", told.kind],
      ["Rows", typeof told.rows === "number" && number(told.rows)],
      ["Size", typeof told.bytes === "number" && bytes(told.bytes)],
      ["Path", told.path && html`<code class="run-path">${told.path}</code>`],
      ["How", digest && told.method],
      ...Object.entries(told).filter(([key]) => !OWN.has(key)).map(([key, value]) => [key, shown(value)]),
    ]} />
  </article>`;
}

export function Checkpoints({run}) {
  const {checkpoints} = run;
  if (!checkpoints?.length) return null;
  const metrics = [...new Set(checkpoints.flatMap((each) => Object.keys(each.metrics)))];
  const newest = [...checkpoints].reverse();
  return html`<${Card} id="checkpoints" title="Checkpoints" count=${checkpoints.length}>
    <${Rows} label="Checkpoints" head=${["Step", "State", ...metrics, "Size", "SHA-256", "Where", "When"]}
      rows=${newest.map((each) => [
        html`<th scope="row">${stepText(each.step)} ${each.best && html`<${Badge} kind="best">best<//>`}</th>`,
        html`<td><${Badge} kind=${each.abandoned ? "abandoned" : each.state}>${each.abandoned ? "abandoned" : each.state}<//>
          ${each.why && html` <span class="run-faint">${each.why}</span>`}</td>`,
        ...metrics.map((name) => html`<td>${name in each.metrics ? shown(each.metrics[name]) : ""}</td>`),
        html`<td>${typeof each.bytes === "number" ? bytes(each.bytes) : ""}</td>`,
        html`<td>${each.sha256 && html`<${Digest} text=${each.sha256} what=${`SHA-256 at step ${each.step}`} />`}</td>`,
        html`<td><code class="run-path">${each.path}</code><${Copies} run=${run} checkpoint=${each} />${each.rank > 0 && html` <span class="run-faint">rank ${each.rank}</span>`}</td>`,
        html`<td class="run-nowrap">${when(each.time)}</td>`,
      ])} />
  <//>`;
}

/** Links to what was copied of a checkpoint into the run. */
function Copies({run, checkpoint: {copied = [], path, step}}) {
  if (!copied.length) return null;
  const link = ({name, bytes: size}) => html`<a href=${runApi(run.key, "checkpoint", {path, step, file: name})} download>${name ?? "Save the copy"}</a> <span class="run-faint">${bytes(size)}</span>`;
  if (copied.length === 1) return html`<div>${link(copied[0])}</div>`;
  return html`<details><summary>${counted(copied.length, "file")} of its copy</summary><ul class="run-list">${copied.map((file) => html`<li key=${file.name}>${link(file)}</li>`)}</ul></details>`;
}
