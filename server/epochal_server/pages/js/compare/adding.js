// A sheet that adds runs to a comparison: the newest first, or those that a search finds.
import {isAbort, post} from "../api.js";
import {sheet} from "../dialog.js";
import {ago} from "../format.js";
import {html, useEffect, useState} from "../html.js";
import {Failed, Loading, State} from "../states.js";

const SHOWN = 30;

/** Ask for a run; `add(key)` is called for each that is chosen, and the sheet closes. */
export function addRuns(present, add) {
  return sheet("Add a run", (close) => html`<${Choice} present=${present} take=${(key) => {
    add(key);
    close();
  }} />`);
}

function Choice({present, take}) {
  const [search, setSearch] = useState("");
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    const control = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const body = {search, sort: [["started", "desc"]], columns: ["name", "project", "state", "started"], limit: SHOWN};
        setFound(await post("/api/runs/query", body, {signal: control.signal}));
        setError(null);
      } catch (problem) {
        if (!isAbort(problem)) setError(problem);
      }
    }, found ? 150 : 0);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [search]);
  return html`<div class="compare-choice">
    <input class="input" type="search" data-first aria-label="Search runs" placeholder="Search runs" value=${search} onInput=${(event) => setSearch(event.target.value)} />
    ${error ? html`<${Failed} error=${error} />` : !found ? html`<${Loading} />` : html`<ul>
      ${found.keys.map((key, at) => html`<li key=${key}><button type="button" disabled=${present.includes(key)} onClick=${() => take(key)}>
        <span class="run-name">${found.columns.name[at]}</span>
        <span class="run-faint">${found.columns.project[at]} · ${ago(found.columns.started[at])}</span> <${State} state=${found.columns.state[at]} />
      </button></li>`)}
    </ul>${found.keys.length === 0 && html`<p class="run-faint">No run matches.</p>`}`}
  </div>`;
}
