// The page of all runs: the table, and the charts of those that are shown.

import {chartsFirst} from "./ahead.js";
import {ProblemError} from "../api.js";
import {loadZRender} from "../charts/zrender.js";
import {classes, computed, effect, html, signal, untracked, useEffect, useMemo, useState} from "../html.js";
import {boot, changed, onChange, revision} from "../live.js";
import {forget, know} from "../selection.js";
import {server} from "../server.js";
import {Empty, Failed, Loading} from "../states.js";
import {asked, isNarrowed, isNarrowPage, project, split, viewOf, where, widen} from "./asked.js";
import {ALWAYS, known, loadColumns, shownKeys} from "./columns.js";
import {Charts, loadCharts} from "./charts_pane.js";
import {Grid, loadGrid} from "./grid.js";
import {Rows} from "./rows.js";
import {answered, factOf, followShown} from "./shown.js";
import {Splitter} from "./splitter.js";
import {Toolbar} from "./toolbar.js";
import {told} from "./where_bar.js";

export const css = ["../vendor/slickgrid/slick.grid.css", "grid.css", "cells.css", "runs.css", "where.css", "table-forms.css"];

const PAUSE = 400; // between two looks at what has changed, ms
const COLUMNS_PAUSE = 5_000;

const PATIENCE = 150; // ms
const impatient = signal(false);

// what the table and the charts stand on, while their first answers are on their way; who needs it says what went wrong
loadGrid().catch(() => {});
if (viewOf() !== "table") {
  loadCharts().catch(() => {});
  loadZRender().catch(() => {});
}

export function Page() {
  const [Slick, setSlick] = useState(null);
  const [isNarrow, setNarrow] = useState(isNarrowPage);
  const [gridError, setGridError] = useState(null);
  const fetchGrid = () => {
    setGridError(null);
    Promise.all([loadGrid(), chartsFirst]).then(([SlickGrid]) => setSlick(() => SlickGrid), setGridError);
  };
  const rows = useMemo(() => new Rows({onRows() {}, onAll() {}, onFacts: (some) => know(some.map(factOf))}), []);
  useEffect(() => {
    fetchGrid();
    const measure = () => setNarrow(isNarrowPage());
    addEventListener("resize", measure);
    const looked = signal(0); // grows with each look at what has changed
    const stops = [...follow(rows, looked), followShown(looked, (first) => isOld(first) && setTimeout(() => (looked.value += 1), PAUSE))];
    return () => {
      removeEventListener("resize", measure);
      stops.forEach((stop) => stop());
      rows.close();
    };
  }, []);
  const shownView = viewOf(isNarrow);
  const error = rows.error.value;
  const share = split.signal.value ?? 0.46;
  if (rows.total.value === 0 && !rows.left.value && !error) return html`<${NoRuns} />`;
  return html`<div class=${classes("runs", `is-${shownView}`)}>
    <h1 class="unseen">Runs</h1>
    <${Toolbar} rows=${rows} shownView=${shownView} />
    <div class="panes" ref=${(element) => element?.style.setProperty("--split", `${share * 100}%`)}>
      ${shownView !== "charts" && html`<section class="pane-table" aria-label="Table of runs">
        ${error && html`<${Refused} error=${error} rows=${rows} />`}
        ${gridError ? html`<${Failed} title="The table could not be loaded" error=${gridError} retry=${fetchGrid} />` : Slick && (known.value || impatient.value) ? html`<${Grid} rows=${rows} SlickGrid=${Slick} />` : !error && html`<${Loading} what="Reading the runs" />`}
        ${rows.matched.value === 0 && !error && html`<${NoMatch} />`}
      </section>`}
      ${shownView === "both" && html`<${Splitter} />`}
      ${shownView !== "table" && html`<${Charts} />`}
    </div>
  </div>`;
}

/** Asks whenever the question changes, and again when runs did. */
function follow(rows, looked) {
  let timer = 0;
  let bootBefore = boot.peek();
  let columnsAt = 0;
  let columnsTimer = 0;
  let columnsAsked = 0;
  let columnsOf = null; // the revision
  const columns = () => {
    columnsAt = Date.now();
    clearTimeout(columnsTimer);
    columnsTimer = 0;
    const mine = (columnsAsked += 1);
    const took = (found) => {
      if (mine !== columnsAsked) return; // of a project that was left
      columnsOf = found.revision;
      if (isOld(found)) columnsSoon();
    };
    loadColumns().then(took, (error) => (rows.error.value = error));
  };
  const columnsSoon = () => {
    const unlessKnown = () => {
      columnsTimer = 0;
      if (columnsOf !== revision.peek()) columns();
    };
    columnsTimer ||= setTimeout(unlessKnown, Math.max(0, columnsAt + COLUMNS_PAUSE - Date.now()));
  };
  const again = () => {
    timer ||= setTimeout(() => {
      timer = 0;
      // the stream says hello with the revision that the first answers are of
      if (revision.peek() === rows.revision && !rows.left.peek()) return;
      looked.value += 1;
      rows.refresh().then(() => rows.left.peek() && again());
    }, PAUSE);
  };
  // until columns are known nobody knows which to ask for; where that takes longer than runs do, those that every run
  // has come first
  let patience = 0;
  // as a text, so that the same question anew is none
  const question = computed(() => JSON.stringify([asked.value, (known.value || impatient.value) && [...new Set([...ALWAYS, ...shownKeys.value])]]));
  const stops = [
    effect(() => {
      if (answered.value) patience ||= setTimeout(() => (impatient.value = true), PATIENCE);
    }),
    effect(() => {
      void project.value;
      untracked(columns);
    }),
    effect(() => {
      const [body, keys] = JSON.parse(question.value);
      if (keys) untracked(() => rows.ask(body, keys));
    }),
    effect(() => {
      const {more, status} = rows.error.value ?? {};
      told.value = status === 400 && more?.at !== undefined ? {message: rows.error.value.message, at: more.at, length: more.length} : null;
    }),
    effect(() => {
      if (rows.left.value) untracked(again);
    }),
    onChange(revision, () => {
      again();
      columnsSoon();
    }),
    onChange(changed, ({gone}) => forget(gone)),
    onChange(boot, (now) => {
      if (bootBefore !== null) {
        rows.revision = columnsOf = null; // another server counts anew, and may come to the same number
        again();
        columnsSoon();
      }
      bootBefore = now;
    }),
  ];
  return [...stops, () => {
    clearTimeout(timer);
    clearTimeout(columnsTimer);
    clearTimeout(patience);
  }];
}

/** Whether an answer was given before what the stream has told of: the first ones were asked for before it was heard. */
function isOld(answer) {
  return answer.left > 0 || answer.revision < revision.peek();
}

/** What stands over the table where its question could not be answered. */
function Refused({error, rows}) {
  const isFilter = error instanceof ProblemError && error.status === 400 && told.value;
  return html`<div class="no-match">${isFilter
    ? html`<${Empty} title="The filter cannot be understood" icon="filter" action=${{label: "Clear the filter", run: () => (where.value = "")}}>${error.message}</>`
    : html`<${Failed} title="The runs could not be loaded" error=${error} retry=${() => rows.refresh()} />`}</div>`;
}

function NoMatch() {
  return html`<div class="no-match"><${Empty} title="No run matches" icon="filter" action=${isNarrowed.value ? {label: "Show all runs", run: widen} : project.value ? {label: "Show all projects", run: () => (project.value = "")} : null}>
    ${isNarrowed.value ? "Nothing is left by the search and the filters." : "This project has no runs."}
  </></div>`;
}

function NoRuns() {
  return html`<${Empty} title="No runs yet" icon="table">
    <p>Runs in <code>${server.value?.root ?? "this folder"}</code> appear here by themselves as soon as one starts:</p>
    <pre class="sample">${"import epochal\n\nwith epochal.init(\"my-project\", config={\"lr\": 0.1}) as run:\n    for step in range(100):\n        run.log({\"loss\": 1 / (step + 1)})"}</pre>
    <p>Or try <code>epochal demo</code> in that folder.</p>
  </>`;
}
