// Somebody else changed the file while it was edited: both texts are shown, and neither is lost.

import {get, put} from "../api.js";
import {sheet, toast} from "../dialog.js";
import {html} from "../html.js";
import {go} from "../url.js";
import {addressOf, readReport} from "./source.js";

/** Ask what to keep, and do it. */
export async function resolveConflict(name, draft) {
  const theirs = await readReport(name).catch(() => null);
  const mine = draft.held.peek().text;
  const choice = await sheet("The file was changed by somebody else", (close) => html`
    <p>${theirs ? "It is not the text any more that you began with." : "It is not there any more."} Nothing is saved yet.</p>
    <div class="report-both">
      <section><h3>Yours</h3><pre tabindex="0">${mine}</pre></section>
      ${theirs && html`<section><h3>In the file now</h3><pre tabindex="0">${theirs.text}</pre></section>`}
    </div>
    <div class="form-foot">
      <button type="button" class="button" onClick=${() => close(null)}>Keep editing</button>
      ${theirs && html`<button type="button" class="button" onClick=${() => close("replace")}>Replace it by yours, keep it as a copy</button>`}
      <button type="button" class="button is-primary" onClick=${() => close(theirs ? "copy" : "anew")}>${theirs ? "Save yours as another report" : "Save yours anew"}</button>
    </div>`, {wide: true});
  try {
    if (choice === "anew") await draft.save(null);
    if (choice === "replace") {
      await aside(name, "theirs", theirs.text);
      await draft.save(theirs.version);
    }
    if (choice === "copy") {
      const other = await aside(name, "mine", mine);
      draft.drop();
      go(`/report/${encodeURIComponent(other)}`);
    }
    if (choice) toast("Saved", {kind: "good"});
  } catch (error) {
    toast(`The report is not saved: ${error.message}`, {kind: "bad"});
  }
}

/** Saves a text beside the report under a name that is free, and returns that. */
async function aside(name, whose, text) {
  const {reports} = await get("/api/reports");
  const base = `${name.slice(0, 80)}-${whose}`;
  let free = base;
  for (let count = 2; reports.some((report) => report.name === free); count += 1) free = `${base}-${count}`;
  await put(addressOf(free), {text, version: null});
  return free;
}
