// A diff as people read it: file by file, with line numbers, what was added and removed in colour and in signs.
import {counted} from "../format.js";
import {html, useMemo, useState} from "../html.js";
import {parseDiff} from "./diff_parse.js";
import {copy} from "./values.js";

/** Files with more lines start closed, and so do those after the first few. */
const LONG = 400;
/** Lines of one file that are drawn before somebody asks for the rest. */
const MOST = 3000;
const SIGNS = {added: "+", removed: "−", same: " ", note: " "};

/** `text`: a unified diff; `label`: what it is, for screen readers. */
export function Diff({text, label}) {
  const files = useMemo(() => parseDiff(text), [text]);
  const [added, removed] = ["added", "removed"].map((side) => files.reduce((sum, file) => sum + file[side], 0));
  return html`<div class="run-diff" role="group" aria-label=${label}>
    <div class="run-bar">
      <span>${counted(files.length, "file")} changed, <${Counts} added=${added} removed=${removed} /></span>
      <span class="run-bar-end"><button type="button" class="button" onClick=${() => copy(text, "Patch")}>Copy patch</button></span>
    </div>
    ${files.map((file, at) => html`<${File} key=${`${at} ${file.name}`} file=${file} first=${at < 5} />`)}
  </div>`;
}

function Counts({added, removed}) {
  return html`<span class="run-diff-counts">
    <span class="is-added" aria-label=${`${added} lines added`}>+${added}</span>${" "}
    <span class="is-removed" aria-label=${`${removed} lines removed`}>−${removed}</span>
  </span>`;
}

function File({file, first}) {
  const count = file.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0);
  const [open, setOpen] = useState(first && count <= LONG);
  const [whole, setWhole] = useState(false);
  return html`<details class="run-diff-file" open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary><code>${file.name || "changes"}</code> <${Counts} added=${file.added} removed=${file.removed} /></summary>
    ${open && html`
      ${file.told.map((line) => html`<p class="run-diff-told">${line}</p>`)}
      ${count > 0 && html`<div class="run-scroll" tabindex="0" role="region" aria-label=${`Changes of ${file.name || "a file"}`}>
        <table class="run-diff-lines">
          <thead class="unseen"><tr><th>Old line</th><th>New line</th><th>Change</th><th>Text</th></tr></thead>
          ${hunks(file, whole ? Infinity : MOST)}
        </table>
      </div>`}
      ${!whole && count > MOST && html`<button type="button" class="button" onClick=${() => setWhole(true)}>Show all ${counted(count, "line")}</button>`}
    `}
  </details>`;
}

function hunks(file, most) {
  let left = most;
  return file.hunks.map((hunk) => {
    const lines = hunk.lines.slice(0, Math.max(left, 0));
    left -= hunk.lines.length;
    return lines.length > 0 && html`<tbody>
      <tr class="is-head"><td colspan="4"><code>${hunk.head}</code> ${hunk.where}</td></tr>
      ${lines.map((line) => html`<tr class=${`is-${line.sort}`}>
        <td class="run-diff-number">${line.old ?? ""}</td>
        <td class="run-diff-number">${line.new ?? ""}</td>
        <td class="run-diff-sign">${SIGNS[line.sort]}</td>
        <td class="run-diff-text">${marked(line)}</td>
      </tr>`)}
    </tbody>`;
  });
}

function marked({text, marks}) {
  if (!marks || marks[0] === marks[1]) return text || " ";
  return [text.slice(0, marks[0]), html`<b>${text.slice(...marks)}</b>`, text.slice(marks[1])];
}
