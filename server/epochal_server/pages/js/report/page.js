// One report: read, and edited in place or as text.

import {title} from "../app.js";
import {confirm, toast} from "../dialog.js";
import {ago} from "../format.js";
import {html, signal, useEffect, useMemo} from "../html.js";
import {Icon} from "../icons.js";
import {shortcut} from "../keys.js";
import {onChange, reportsChanged} from "../live.js";
import {MenuButton} from "../menu.js";
import {server} from "../server.js";
import {Failed, Loading} from "../states.js";
import {oneOf, param, route} from "../url.js";
import {parse, titleOf} from "./blocks.js";
import {resolveConflict} from "./conflict.js";
import {draftOf} from "./draft.js";
import {BlocksEditor} from "./edit_blocks.js";
import {SourceEditor} from "./edit_source.js";
import {printReport, takeKeys} from "./printing.js";
import {addressOf, readReport, serverSource} from "./source.js";
import {ReportBody} from "./view.js";

/** The style sheets of the page. */
export const css = ["report.css", "report_edit.css", "markdown.css", "where.css", "run.css", "compare.css", "charts.css", "charts-panels.css", "charts-plots.css", "charts-forms.css"];

const mode = param("edit", {initial: "", ...oneOf("", "blocks", "source"), push: true});

export function Page({parts: [name]}) {
  return html`<${Report} key=${name} name=${name} />`;
}

function Report({name}) {
  const saved = useMemo(() => signal(null), []);
  const failure = useMemo(() => signal(null), []);
  const draft = useMemo(() => draftOf(name, saved), []);
  const source = useMemo(() => serverSource(name), []);
  const load = () => readReport(name).then((found) => {
    failure.value = null;
    if (found.version !== saved.peek()?.version) saved.value = found;
  }, (error) => (failure.value = error));
  useEffect(() => {
    load();
    // a file that changes while it is written upon is met when that is saved: nothing is pulled away
    return onChange(reportsChanged, ({changed, gone}) => [...changed, ...gone].includes(name) && load());
  }, []);
  const save = () => saveDraft(name, draft);
  useEffect(() => {
    const keys = (event) => {
      if (!(event.metaKey || event.ctrlKey) || event.altKey || event.key.toLowerCase() !== "s" || !mode.peek()) return;
      event.preventDefault();
      save();
    };
    const leaving = (event) => mode.peek() && draft.isDirty.peek() && event.preventDefault();
    addEventListener("keydown", keys);
    addEventListener("beforeunload", leaving);
    const giveBack = takeKeys(() => !mode.peek());
    const stop = shortcut("e", "Edit the report", () => !server.peek()?.read_only && (mode.value = mode.peek() ? "" : "blocks"), {group: "Report"});
    return () => {
      removeEventListener("keydown", keys);
      removeEventListener("beforeunload", leaving);
      stop();
      giveBack();
      if (draft.isDirty.peek()) toast("Your changes of the report are not saved. This browser keeps them, and offers them when you come back.");
    };
  }, []);
  const report = saved.value;
  const text = mode.value ? draft.text.value : report?.text;
  useEffect(() => {
    if (route.peek().page === "report") title.value = (report && titleOf(text)) || name;
  }, [text]);
  const blocks = useMemo(() => (report && !mode.value ? parse(report.text) : []), [report, mode.value]);
  if (!report && failure.value && draft.held.value) return html`<${Lost} ...${{name, draft, failure}} />`;
  if (!report) return failure.value ? html`<${Failed} title="This report cannot be shown" error=${failure.value} retry=${load} />` : html`<${Loading} what="Loading the report" />`;
  const readOnly = server.value?.read_only;
  const editing = mode.value && !readOnly;
  return html`<div class="report-page">
    <header class="report-head">
      <p class="report-path"><a href="/reports">Reports</a> / <code>${report.path}</code><span> · changed ${ago(report.changed)}</span></p>
      <${Tools} ...${{name, draft, save, editing, readOnly}} />
    </header>
    ${failure.value && html`<p class="report-note is-warning" role="alert"><${Icon} name="warning" size=${14} /> ${failure.value.message}</p>`}
    ${!editing && draft.isDirty.value && html`<${Offer} draft=${draft} />`}
    ${editing && draft.held.value && draft.held.value.version !== report.version && html`<p class="report-note is-warning" role="status"><${Icon} name="warning" size=${14} /> The file was changed by somebody else meanwhile. You are asked what to keep when you save.</p>`}
    ${!editing ? html`<article><${ReportBody} key=${report.version} blocks=${blocks} source=${source} /></article>`
      : mode.value === "source" ? html`<${SourceEditor} draft=${draft} source=${source} />`
      : html`<${BlocksEditor} draft=${draft} source=${source} />`}
  </div>`;
}

function Tools({name, draft, save, editing, readOnly}) {
  const file = addressOf(name);
  const exports = [
    {label: "HTML", title: "One file that works without a network", run: () => fetchFile(`${file}/export?blind=0`)},
    {label: "HTML without names (blind)", title: "No run's name, host, path or remote", run: () => fetchFile(`${file}/export?blind=1`)},
    {label: "Print or PDF…", disabled: editing, title: editing ? "Press Done first: what is read is printed" : null, run: printReport},
    {label: "Markdown", run: () => saveText(`${name}.md`, draft.text.peek())},
  ];
  const menu = html`<${MenuButton} label="Export" className="button" items=${exports}><${Icon} name="download" /><span>Export</span></>`;
  if (!editing) {
    return html`<div class="report-tools">${menu}
      <button type="button" class="button is-primary" disabled=${readOnly} title=${readOnly ? "The server was started with --read-only, or the folder cannot be written" : "Edit (e)"} onClick=${() => (mode.value = "blocks")}><${Icon} name="pencil" /><span>Edit</span></button>
      ${readOnly && html`<span class="report-note">Read-only: it cannot be edited here.</span>`}
    </div>`;
  }
  const dirty = draft.isDirty.value;
  return html`<div class="report-tools">
    <div class="segments" role="group" aria-label="How it is edited">
      ${[["blocks", "In place"], ["source", "Source"]].map(([key, words]) => html`<button key=${key} type="button" aria-pressed=${String(mode.value === key)} onClick=${() => (mode.value = key)}>${words}</button>`)}
    </div>
    ${menu}
    ${dirty && html`<button type="button" class="button" onClick=${() => discard(draft)}>Discard</button>`}
    <button type="button" class="button is-primary" disabled=${!dirty} title="Save (Ctrl+S)" onClick=${save}>${dirty ? "Save" : "Saved"}</button>
    <button type="button" class="button" onClick=${() => (mode.value = "")}>Done</button>
  </div>`;
}

function Offer({draft}) {
  return html`<div class="report-offer" role="status"><span>You have changes that are not saved.</span>
    <button type="button" class="button" onClick=${() => (mode.value = "blocks")}>Go on with them</button>
    <button type="button" class="button" onClick=${() => discard(draft)}>Discard them</button>
  </div>`;
}

/** The file is gone, but not what somebody wrote upon it. */
function Lost({name, draft, failure}) {
  const save = async () => {
    await saveDraft(name, draft, null);
    if (!draft.isDirty.peek()) failure.value = null;
  };
  return html`<div class="report-page">
    <${Failed} title="This report cannot be shown" error=${failure.value} />
    <div class="report-offer" role="status"><span>This browser holds changes of it that were not saved.</span>
      <button type="button" class="button is-primary" onClick=${save}>Save them as this report</button>
      <button type="button" class="button" onClick=${() => discard(draft)}>Discard them</button>
    </div>
    <pre class="report-kept" tabindex="0">${draft.held.value.text}</pre>
  </div>`;
}

async function discard(draft) {
  if (await confirm({title: "Discard your changes?", text: "What was not saved is lost.", action: "Discard", danger: true})) {
    draft.drop();
    mode.value = "";
  }
}

async function saveDraft(name, draft, upon) {
  if (!draft.isDirty.peek()) return;
  try {
    await draft.save(upon);
    toast("Saved", {kind: "good"});
  } catch (error) {
    if (error.status === 409) await resolveConflict(name, draft);
    else toast(`The report is not saved: ${error.message}`, {kind: "bad"});
  }
}

async function fetchFile(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) {
    const told = await answer?.json().catch(() => null);
    toast(`The report could not be exported: ${told?.detail || told?.title || "the server does not answer"}`, {kind: "bad"});
    return;
  }
  const name = answer.headers.get("content-disposition")?.match(/filename="([^"]+)"/)?.[1] ?? "report.html";
  saveBlob(name, await answer.blob());
}

const saveText = (name, text) => saveBlob(name, new Blob([text], {type: "text/markdown"}));

function saveBlob(name, blob) {
  const link = document.createElement("a");
  Object.assign(link, {href: URL.createObjectURL(blob), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
