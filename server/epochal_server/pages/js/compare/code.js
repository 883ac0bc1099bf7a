// The code of the runs: each one's diff from the first whose code is known.
import {html} from "../html.js";
import {Diff} from "../run/diff.js";
import {Empty} from "../states.js";
import {number as asNumber, param} from "../url.js";

const other = param("against", {initial: null, read: asNumber.read, write: (value) => (value === null ? "" : String(value))});

export function CodeDiffs({code, runs}) {
  if (code.states.every((state) => state.problem)) {
    return html`<${Empty} title="The code of these runs is not known" icon="note">${code.states[0].problem}: run trainings in a git repository, and their code is recorded.<//>`;
  }
  const others = runs.map((_, at) => at).filter((at) => at !== code.base);
  const at = others.includes(other.value) ? other.value : others.find((one) => code.diffs[one].text) ?? others[0];
  const {text, cut} = code.diffs[at];
  const notes = [...code.diffs[at].notes, ...(cut ? ["The diff is longer than what is shown of it."] : [])];
  return html`<section class="run-card" aria-label="Code">
    <div class="run-bar">
      <span>From <strong>${runs[code.base].name}</strong> to</span>
      ${others.length > 1 ? html`<select class="select" aria-label="To which run" value=${String(at)} onChange=${(event) => (other.value = Number(event.target.value))}>
        ${others.map((one) => html`<option key=${one} value=${String(one)}>${runs[one].name}${code.diffs[one].text ? "" : " (no diff)"}</option>`)}</select>`
        : html`<strong>${runs[at].name}</strong>`}
    </div>
    ${notes.map((note) => html`<p class="run-faint" key=${note}>${note}</p>`)}
    ${text ? html`<${Diff} key=${at} text=${text} label=${`Code of ${runs[at].name}`} />` : !notes.length && html`<p>The same code: the same commit with the same changes.</p>`}
  </section>`;
}
