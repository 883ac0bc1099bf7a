// The overview of a run: what it is, what needs a look, its results, settings, data, machine and code.
import {ago, counted, duration, when} from "../format.js";
import {html} from "../html.js";
import {param} from "../url.js";
import {Card, Facts, Rows} from "./card.js";
import {Code} from "./code.js";
import {Environment} from "./environment.js";
import {Alerts, Notices} from "./happened.js";
import {Checkpoints, Datasets} from "./recorded.js";
import {Summary} from "./summary.js";
import {Tree} from "./tree.js";
import {Digest} from "./values.js";

const find = param("config", {initial: ""});

export function Overview({run}) {
  const {datasets: apart, ...config} = run.config ?? {};
  return html`<div class="run-overview">
    <div class="run-column">
      <${Failure} error=${run.error} />
      <${Alerts} alerts=${run.alerts} />
      <${Summary} run=${run} />
      <${Card} id="config" title="Config">
        ${Object.keys(config).length ? html`<${Tree} value=${config} label="config" find=${find} />`
          : html`<p class="run-faint">No settings were recorded: give <code>epochal.init(config={…})</code> some.</p>`}
      <//>
    </div>
    <div class="run-column">
      <${About} run=${run} />
      <${Notices} notices=${run.notices} />
      <${Datasets} datasets=${run.datasets ?? apart} />
      <${Environment} run=${run} />
    </div>
    <${Checkpoints} run=${run} />
    <${Code} run=${run} />
  </div>`;
}

/** What ended the training, if an exception did. */
function Failure({error}) {
  if (!error) return null;
  const {type, message, traceback} = error;
  return html`<${Card} id="failure" title="What ended it">
    <p class="run-kept"><strong>${type}</strong>${message ? `: ${message}` : ""}</p>
    ${traceback && html`<pre class="run-text" tabindex="0" aria-label="Traceback">${traceback}</pre>`}
  <//>`;
}

const ROLES = {main: "training", child: "forked process", system: "companion", edit: "change by hand"};

/** Who has written the run: a resumed one, and one of several ranks, has many. */
function Writers({writers}) {
  if (!writers?.length) return null;
  return html`<details><summary>${counted(writers.length, "writer")}</summary>
    <${Rows} label="Writers" head=${["Role", "Rank", "Began", "Host", "Process", "Software"]} keys=${writers.map((each) => each.file)}
      rows=${writers.map((each) => [
        html`<th scope="row" title=${each.file}>${ROLES[each.role] ?? each.role}</th>`,
        html`<td>${each.rank}</td>`,
        html`<td class="run-nowrap">${when(each.started)}</td>`,
        html`<td>${each.host}</td>`,
        html`<td>${each.pid}</td>`,
        html`<td>${each.software}</td>`,
      ])} />
  </details>`;
}

function About({run}) {
  const took = run.duration ?? (run.started !== null && run.finished !== null ? run.finished - run.started : null);
  return html`<${Card} id="about" title="About">
    <${Facts} rows=${[
      ["State", [run.state, run.reason && `: ${run.reason}`]],
      ["Exit code", typeof run.exit_code === "number" ? String(run.exit_code) : null],
      ["Signal", typeof run.signal === "number" ? String(run.signal) : null],
      ["Started", typeof run.started === "number" && `${when(run.started)} (${ago(run.started)})`],
      ["Finished", typeof run.finished === "number" && when(run.finished)],
      ["Duration", typeof took === "number" && duration(took)],
      ["Host", run.host],
      ["Ranks", run.ranks?.length > 1 && run.ranks.join(", ")],
      ["Group", run.group],
      ["Job type", run.job_type],
      ["Metrics", counted(run.metrics.length, "metric")],
      ["Id", html`<${Digest} text=${run.id} what="id" length=${80} />`],
      ["Folder", run.path && html`<code class="run-path">${run.path}</code>`],
    ]} />
    <${Writers} writers=${run.writers} />
    ${run.notes && html`<h3>Notes</h3><p class="run-kept">${run.notes}</p>`}
  <//>`;
}
