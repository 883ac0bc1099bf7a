// All reports of the folder: open, make, rename, delete.

import {get, post, put, remove} from "../api.js";
import {confirm, prompt, toast} from "../dialog.js";
import {ago, bytes, counted} from "../format.js";
import {html, signal, useEffect} from "../html.js";
import {Icon} from "../icons.js";
import {onChange, reportsChanged} from "../live.js";
import {MenuButton} from "../menu.js";
import {server} from "../server.js";
import {Empty, Failed, Loading} from "../states.js";
import {go} from "../url.js";
import {moveDraft} from "./draft.js";
import {addressOf} from "./source.js";
import {gridBlockOf} from "./blocks.js";

/** The style sheets of the page. */
export const css = ["report.css"];

const held = signal({state: "loading"});

async function load() {
  try {
    held.value = {state: "ready", ...(await get("/api/reports"))};
  } catch (error) {
    held.value = {state: "failed", error};
  }
}

export function Page() {
  useEffect(() => {
    load();
    return onChange(reportsChanged, load);
  }, []);
  const {state, reports = [], folder, error} = held.value;
  const readOnly = server.value?.read_only;
  return html`<div class="reports-page">
    <header class="report-head"><h1>Reports</h1>
      <button type="button" class="button is-primary" disabled=${readOnly} title=${readOnly ? "The folder is read-only" : null} onClick=${create}><${Icon} name="plus" /><span>New report</span></button>
    </header>
    ${state === "loading" ? html`<${Loading} what="Looking for reports" />`
      : state === "failed" ? html`<${Failed} error=${error} retry=${load} />`
      : !reports.length ? html`<${Nothing} readOnly=${readOnly} folder=${folder} />`
      : html`<ul class="reports-list">${reports.map((report) => html`<${Row} key=${report.name} report=${report} readOnly=${readOnly} />`)}</ul>
        <p class="report-note">The files are in <code>${folder}</code>.</p>`}
  </div>`;
}

function Nothing({readOnly, folder}) {
  return html`<${Empty} title="No reports yet" icon="note" action=${readOnly ? null : {label: "Write the first report", run: create}}>
    <p>A report is a page of text, mathematics and panels that stay live while trainings run: what was tried, what came out, and why.</p>
    <p>Each is a markdown file in <code>${folder}</code>${readOnly ? ". This folder is read-only: none can be written here." : ", and can be exported as one HTML file."}</p>
  </>`;
}

function Row({report, readOnly}) {
  const items = [
    {label: "Rename…", disabled: readOnly, run: () => rename(report)},
    {line: true},
    {label: "Delete…", danger: true, disabled: readOnly, run: () => discard(report)},
  ];
  return html`<li>
    <a class="reports-link" href=${`/report/${encodeURIComponent(report.name)}`}>
      <span class="reports-title">${report.title}</span>
      <span class="reports-facts">${report.error ?? `${report.name}.md · ${counted(report.grids, "grid")} · ${bytes(report.bytes)} · changed ${ago(report.changed)}`}</span>
    </a>
    <${MenuButton} label=${`More for ${report.title}`} items=${items}><${Icon} name="more" /></>
  </li>`;
}

/** So many panels a new report has. */
const PANELS = 4;

/** A file's name from a title. */
export function nameFrom(title) {
  return title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 80) || "report";
}

/** Makes a report and returns its name, or null where nobody wanted one. */
export async function makeReport(grid) {
  const title = (await prompt({title: "New report", label: "Title", action: "Create", hint: "The file's name is made of it"}))?.trim();
  if (!title) return null;
  const {reports} = await get("/api/reports");
  const base = nameFrom(title);
  let name = base;
  for (let count = 2; reports.some((report) => report.name === name); count += 1) name = `${base}-${count}`;
  const text = `# ${title.replace(/\s+/g, " ")}\n\nWhat was tried, and what came out.\n\n${gridBlockOf(grid).source}`;
  await put(addressOf(name), {text, version: null});
  return name;
}

async function create() {
  try {
    const name = await makeReport({runs: {limit: 10}, panels: await firstPanels()});
    if (name) go(`/report/${encodeURIComponent(name)}`, {edit: "blocks"});
  } catch (error) {
    toast(`The report could not be made: ${error.message}`, {kind: "bad"});
  }
}

/** Metrics of the latest runs as panels, as `epochal report new` has them: losses first, then what most runs have. */
async function firstPanels() {
  const {keys} = await post("/api/runs/query", {sort: [["started", "desc"]], columns: ["name"], limit: 10});
  if (!keys.length) return [];
  const {metrics} = await post("/api/metrics", {keys});
  const telling = metrics.map(({name, runs}) => ({name, runs, isLoss: /loss/i.test(name)})).sort((one, other) => other.isLoss - one.isLoss || other.runs - one.runs);
  return telling.slice(0, PANELS).map(({name}, at) => ({id: `p${at + 1}`, kind: "line", series: [{metric: name}]}));
}

async function rename(report) {
  const to = (await prompt({title: `Rename ${report.title}`, label: "Name of the file, without .md", value: report.name, action: "Rename"}))?.trim();
  if (!to || to === report.name) return;
  await changing(async () => {
    await post(`${addressOf(report.name)}/rename`, {to});
    moveDraft(report.name, to);
  });
}

async function discard(report) {
  const sure = await confirm({title: `Delete ${report.title}?`, text: "It is moved into the trash of the runs folder, from which it can be taken back by hand.", action: "Delete", again: "Really delete", danger: true});
  if (sure) await changing(() => remove(addressOf(report.name)));
}

async function changing(act) {
  try {
    await act();
    await load();
  } catch (error) {
    toast(error.message, {kind: "bad"});
  }
}
