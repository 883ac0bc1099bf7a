// "Add to a report…": a panel of the charts, with its runs and settings, put at the end of a report or into a new one.

import {get, put} from "../api.js";
import {differences} from "../charts/state.js";
import {sheet, toast} from "../dialog.js";
import {html} from "../html.js";
import {Empty} from "../states.js";
import {go} from "../url.js";
import {gridBlockOf} from "./blocks.js";
import {makeReport} from "./list.js";
import {addressOf, readReport} from "./source.js";

/** Ask for a report and add the panel to it. @param {object} panel whole @param {object} store of its workspace */
export async function addToReport(panel, store) {
  try {
    const {reports} = await get("/api/reports");
    const choice = await sheet("Add to a report", (close) => html`<div class="compare-choice">
      ${reports.length ? html`<ul>${reports.map(({name, title}) => html`<li key=${name}><button type="button" onClick=${() => close({name})}><span class="run-name">${title}</span></button></li>`)}</ul>` : html`<${Empty} title="No reports yet" icon="note">Make one: it begins with this panel.</>`}
      <div class="form-foot"><button type="button" class="button is-primary" onClick=${() => close({})}>New report</button></div>
    </div>`);
    if (!choice) return;
    const grid = gridOf(panel, store);
    const name = choice.name ?? (await makeReport(grid));
    if (!name) return;
    if (choice.name) {
      const {text, version} = await readReport(name);
      const between = !text || text.endsWith("\n\n") ? "" : text.endsWith("\n") ? "\n" : "\n\n";
      await put(addressOf(name), {text: `${text}${between}${gridBlockOf(grid).source}`, version});
    }
    toast("The panel is in the report", {kind: "good", action: {label: "Open", run: () => go(`/report/${encodeURIComponent(name)}`)}});
  } catch (error) {
    toast(`The panel was not added: ${error.message}`, {kind: "bad"});
  }
}

/** The runs that are shown, and the panel with what its workspace sets for all. */
function gridOf({own: _own, section: _section, ...panel}, store) {
  const {smoothing, x, logx, logy, clip, ghosts, group} = differences(store.state.peek()) ?? {};
  const settings = Object.fromEntries(Object.entries({smoothing, x, logx, logy, clip, ghosts, group}).filter(([, value]) => value !== undefined));
  return {runs: {keys: store.runs.peek().map(({key}) => key)}, settings, panels: [{...panel, id: "p1"}]};
}
