// What may be done to runs: rename, tag, note, colour, compare, export, move to the trash.

import {post} from "../api.js";
import {confirm, prompt, sheet, toast} from "../dialog.js";
import {counted} from "../format.js";
import {html} from "../html.js";
import {openMenu, openPopover} from "../menu.js";
import {forget, isVisible, runsByKey, select, show, showOnly} from "../selection.js";
import {readOnly, READ_ONLY} from "../server.js";
import {go, runPath} from "../url.js";
import {chosen, sort} from "./asked.js";
import {Colours} from "./colours.js";
import {columnOf, shownKeys} from "./columns.js";
import {TagForm} from "./tags.js";

const LONGEST = 60_000; // of an address that servers take

/** Opens the menu of one or several runs. */
export function openRunMenu(anchor, keys, rows) {
  const [key] = keys;
  const one = keys.length === 1;
  const locked = readOnly.peek() ? {disabled: true, title: READ_ONLY} : {};
  const all = keys.every(isVisible);
  openMenu(anchor, [
    !one && {heading: counted(keys.length, "selected run")},
    one && {label: "Open", hint: "Enter", run: () => go(runPath(key))},
    {label: "Compare", disabled: !canCompare(keys), title: canCompare(keys) ? null : COMPARED, run: () => compare(keys)},
    {line: true},
    {label: all ? "Hide in charts" : "Show in charts", hint: "V", run: () => show(keys, !all)},
    {label: one ? "Show only this in charts" : "Show only these in charts", run: () => showOnly(keys)},
    {label: "Colour…", run: () => openPopover(anchor, (close) => html`<${Colours} keys=${keys} close=${close} />`, {label: "Colour"})},
    {line: true},
    one && {label: "Rename…", hint: "F2", ...locked, run: () => renameRun(key, rows)},
    {label: "Tags…", hint: "#", ...locked, run: () => tagRuns(keys, rows)},
    one && {label: "Notes…", hint: "N", ...locked, run: () => editNotes(key, rows)},
    one && {label: "Copy the id", run: () => copy(key.split("/")[1])},
    {label: "Export to CSV", run: () => exportCsv(keys)},
    {line: true},
    {label: "Move to the trash…", hint: "Del", danger: true, ...locked, run: () => deleteRuns(keys, rows)},
  ], {label: one ? `Run ${nameOf(key)}` : "Selected runs"});
}

export async function renameRun(key, rows) {
  if (refusedHere()) return;
  const name = await prompt({title: "Rename the run", label: "Name", value: nameOf(key), action: "Rename"});
  if (name !== null && name.trim() && name !== nameOf(key)) await change({keys: [key], name: name.trim()}, rows, "Renamed");
}

export async function editNotes(key, rows) {
  if (refusedHere()) return;
  const before = runsByKey.peek().get(key)?.notes ?? "";
  const notes = await prompt({title: `Notes on ${nameOf(key)}`, label: "Notes", value: before, multiline: true, hint: "Ctrl+Enter saves."});
  if (notes !== null && notes !== before) await change({keys: [key], notes}, rows, "Notes saved");
}

export async function tagRuns(keys, rows) {
  if (refusedHere()) return;
  const known = [...new Set((columnOf("tags").values ?? []).flat().map(String))];
  const answer = await sheet(keys.length === 1 ? `Tags of ${nameOf(keys[0])}` : `Tags of ${counted(keys.length, "run")}`, (close) => html`<${TagForm} keys=${keys} known=${known} close=${close} />`);
  if (answer && (answer.add.length || answer.remove.length)) await change({keys, add_tags: answer.add, remove_tags: answer.remove}, rows, "Tags saved");
}

/** Moves runs to the trash, asked twice. */
export async function deleteRuns(keys, rows) {
  if (refusedHere()) return;
  const what = counted(keys.length, "run");
  const sure = await confirm({
    title: `Move ${keys.length === 1 ? nameOf(keys[0]) : what} to the trash?`,
    text: html`<ul>${keys.slice(0, 50).map((key) => html`<li>${nameOf(key)} <span class="muted mono">${key.split("/")[1]}</span></li>`)}${keys.length > 50 && html`<li>… and ${keys.length - 50} more</li>`}</ul>
      <p class="muted">They go to the folder <code>.trash</code> beside the runs, where they can be taken back by hand. Runs that are still written stay.</p>`,
    action: "Move to the trash", again: `Yes, move ${what}`, danger: true, word: keys.length >= 20 ? String(keys.length) : "",
  });
  if (!sure) return;
  try {
    const deleted = [];
    const failed = [];
    for (let i = 0; i < keys.length; i += 1000) {
      const answer = await post("/api/runs/delete", {keys: keys.slice(i, i + 1000), confirm: true});
      deleted.push(...answer.deleted);
      failed.push(...answer.failed);
    }
    forget(deleted);
    await rows?.refresh();
    tell(deleted.length && `${counted(deleted.length, "run")} moved to the trash`, failed);
  } catch (error) {
    toast(`Nothing was moved: ${error.message}`, {kind: "bad"});
  }
}

const MOST_COMPARED = 50;
/** What to say where runs cannot be compared. */
export const COMPARED = `Select from two to ${MOST_COMPARED} runs`;

export function canCompare(keys) {
  return keys.length >= 2 && keys.length <= MOST_COMPARED;
}

export function compare(keys) {
  go("/compare", {runs: keys});
}

/** Hands the browser a CSV: of these runs, or of all that match. */
export function exportCsv(keys = null) {
  const query = {...chosen.peek(), sort: sort.peek(), columns: shownKeys.peek()};
  if (keys) query.keys = keys;
  const address = `/api/runs.csv?q=${encodeURIComponent(JSON.stringify(query))}`;
  if (address.length > LONGEST) return toast("These are too many to be named in one address: export all that match, or select fewer", {kind: "bad"});
  const link = document.createElement("a");
  link.href = address;
  link.download = "runs.csv";
  document.body.append(link);
  link.click();
  link.remove();
}

async function change(body, rows, said) {
  try {
    const {changed, failed} = await post("/api/runs/edit", body);
    await rows?.refresh();
    tell(changed.length && said, failed);
  } catch (error) {
    toast(`Nothing was changed: ${error.message}`, {kind: "bad"});
  }
}

function tell(good, failed) {
  if (good) toast(good, {kind: "good"});
  if (failed.length) {
    select(failed.map(({key}) => key));
    toast(`${counted(failed.length, "run")} could not be changed: ${failed[0].why}`, {kind: "bad"});
  }
}

function refusedHere() {
  if (readOnly.peek()) toast(READ_ONLY, {kind: "bad"});
  return readOnly.peek();
}

function nameOf(key) {
  return runsByKey.peek().get(key)?.name ?? key.split("/")[1];
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied", {kind: "good"});
  } catch {
    await prompt({title: "Copy the id", label: "The browser does not let pages copy; here it is", value: text, action: "Done"});
  }
}

