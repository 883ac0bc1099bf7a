// The code that a run was started from: commit, branch, remote, what was left out, and the patch.
import {getText} from "../api.js";
import {counted} from "../format.js";
import {html, useState} from "../html.js";
import {Badge, Card, Facts} from "./card.js";
import {Diff} from "./diff.js";
import {runApi, useLoaded, Waiting} from "./load.js";
import {Digest} from "./values.js";

/** `run`: the overview; its `git` was recorded in a repository, its `code` where there was none. */
export function Code({run}) {
  const git = run.git ?? run.code ?? {};
  const script = run.environment?.script;
  if (!run.git && !run.code && !script) return null;
  const patch = git.patch;
  return html`<${Card} id="code" title=${run.git ? "Git" : "Code"} wide>
    <${Facts} rows=${[
      ["Commit", git.commit ? html`<${Digest} text=${git.commit} what="commit" length=${40} />` : run.git && "none yet"],
      ["Branch", git.branch],
      ["Remote", git.remote && html`<${Remote} address=${git.remote} />`],
      ["Folder", git.root && html`<code class="run-path">${git.root}</code>`],
      ["Changes", changes(git)],
      ["Left out", leftOut(git)],
      ["Problem", git.problem],
      ["Script", script?.path && html`<code class="run-path">${script.path}</code>${script.left_out ? ` (not kept: ${script.left_out})` : ""}`],
    ]} />
    ${patch && html`<${Patch} path=${runApi(run.key, "patch")} size=${patch.bytes} />`}
    ${script?.file && html`<${Script} path=${runApi(run.key, "script")} />`}
  <//>`;
}

function changes(git) {
  if (git.dirty === false) return "all was committed";
  if (git.dirty === true) return html`<${Badge} kind="warning">uncommitted changes<//>`;
  return null;
}

/** An address of the web becomes a link; anything else that somebody has set as a remote stays text. */
function Remote({address}) {
  return /^https:\/\/[^\s]+$/.test(address)
    ? html`<a href=${address} target="_blank" rel="noopener noreferrer">${address}</a>`
    : html`<code>${address}</code>`;
}

function leftOut(git) {
  const groups = Object.entries(git.left_out ?? {}).filter(([, names]) => Array.isArray(names));
  if (!groups.length) return null;
  return html`${groups.map(([why, names]) => html`<div>${why}: ${names.map((name) => html`<code>${name}</code> `)}</div>`)}
    ${git.left_out_more ? `and ${counted(git.left_out_more, "more file")}` : ""}`;
}

function Patch({path, size}) {
  const [open, setOpen] = useState((size ?? 0) < 200_000);
  const of = useLoaded(open ? path : null, 0, getText);
  return html`<details class="run-patch" open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>The patch: what was not committed</summary>
    ${open && html`<${Waiting} of=${of} what="The patch" />`}
    ${open && typeof of.data === "string" && html`<${Diff} text=${of.data} label="Uncommitted changes" />`}
  </details>`;
}

function Script({path}) {
  const [open, setOpen] = useState(false);
  const of = useLoaded(open ? path : null, 0, getText);
  return html`<details open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>The script that was started</summary>
    ${open && html`<${Waiting} of=${of} what="The script" />`}
    ${open && typeof of.data === "string" && html`<pre class="run-text" tabindex="0" aria-label="Script">${of.data}</pre>`}
  </details>`;
}
