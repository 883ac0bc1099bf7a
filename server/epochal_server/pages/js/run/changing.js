// What can be changed of a run from its own page: the doors are those of the runs table.
import {html, stylesheet} from "../html.js";
import {openPopover} from "../menu.js";
import {know} from "../selection.js";
import {readOnly, READ_ONLY} from "../server.js";

/** The entries of the run's menu; `reload` asks for the run anew after a change. */
export function changesOf(run, reload) {
  const locked = readOnly.value ? {disabled: true, title: READ_ONLY} : {};
  const rows = {refresh: async () => reload()};
  const door = async (name, ...given) => {
    // the table's modules are loaded when somebody wants to change something
    const [actions] = await Promise.all([import("../runs/actions.js"), stylesheet("cells.css")]);
    know([{key: run.key, name: run.name, state: run.state, notes: run.notes, tags: run.tags}]);
    await actions[name](...given, rows);
  };
  return [
    {label: "Rename…", ...locked, run: () => door("renameRun", run.key)},
    {label: "Tags…", ...locked, run: () => door("tagRuns", [run.key])},
    {label: "Notes…", ...locked, run: () => door("editNotes", run.key)},
    {label: "Colour…", run: () => colours(run.key)},
    {line: true},
    {label: "Move to the trash…", danger: true, ...locked, run: () => door("deleteRuns", [run.key])},
  ];
}

async function colours(key) {
  const [{Colours}] = await Promise.all([import("../runs/colours.js"), stylesheet("cells.css")]);
  const anchor = document.querySelector(".run-head h1 [aria-haspopup]");
  openPopover(anchor, (close) => html`<${Colours} keys=${[key]} close=${close} />`, {label: "Colour"});
}
