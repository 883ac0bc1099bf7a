// Two or more runs side by side: what they were given, where they ran, how well they did, their code and curves.
import {post} from "../api.js";
import {title} from "../app.js";
import {counted} from "../format.js";
import {html, useEffect, useLayoutEffect, useMemo, useRef} from "../html.js";
import {shortcut} from "../keys.js";
import {tellApart} from "../palette.js";
import {Curves} from "../run/curves.js";
import {useGrowth, useLoaded, Waiting} from "../run/load.js";
import {Empty} from "../states.js";
import {flag, go, list, oneOf, param} from "../url.js";
import {addRuns} from "./adding.js";
import {CodeDiffs} from "./code.js";
import {sectionsOf} from "./sections.js";
import {Values} from "./values.js";

/** The style sheets of the page. */
export const css = ["run.css", "run_parts.css", "run_code.css", "compare.css", "charts.css", "charts-panels.css", "charts-plots.css", "charts-forms.css"];

const keys = param("runs", {initial: [], ...list});
const part = param("part", {initial: "values", ...oneOf("values", "curves", "code")});
const onlyDifferent = param("differing", {initial: true, ...flag});
const find = param("find", {initial: ""});
/** What one request takes. */
const MOST = 50;
const PARTS = {values: "Values", curves: "Curves", code: "Code"};

export function Page() {
  const asked = [...new Set(keys.value)].slice(0, MOST);
  const tick = useGrowth(asked);
  useLayoutEffect(() => tellApart(asked), [asked.join()]);
  const kept = useRef(null); // stays while the next is on its way
  const of = useLoaded(asked.length > 1 ? JSON.stringify(asked) : null, tick, (path, how) => compare(path, how, kept.current));
  if (of.data) kept.current = of.data;
  const comparison = of.data ?? (of.error ? null : kept.current);
  const sections = useMemo(() => (comparison ? sectionsOf(comparison) : []), [comparison]);
  useEffect(() => {
    title.value = asked.length > 1 ? `Compare ${asked.length} runs` : "Compare";
  }, [asked.length]);
  useEffect(() => shortcut("/", "Search in what is shown", () => document.querySelector(".compare-page input[type=search]")?.focus(), {group: "Compare"}), []);
  const actions = {
    remove: (key) => (keys.value = asked.filter((other) => other !== key)),
    first: (key) => (keys.value = [key, ...asked.filter((other) => other !== key)]),
  };
  const add = () => addRuns(asked, (key) => (keys.value = [...asked, key]));
  return html`<div class="compare-page">
    <header class="compare-head">
      <h1>${asked.length > 1 ? `Compare ${counted(asked.length, "run")}` : "Compare runs"}</h1>
      <button type="button" class="button" onClick=${add} disabled=${asked.length >= MOST}>Add a run</button>
    </header>
    ${keys.value.length > MOST && html`<p class="run-older" role="status">The first ${MOST} of ${keys.value.length} runs are compared: more do not fit side by side.</p>`}
    ${asked.length < 2 ? html`<${Few} count=${asked.length} />` : !comparison ? html`<${Unloaded} of=${of} asked=${asked} />` : html`
      <div class="compare-bar">
        <nav class="segments" aria-label="Parts of the comparison">
          ${Object.entries(PARTS).map(([name, words]) => html`<button key=${name} type="button" aria-pressed=${part.value === name} onClick=${() => (part.value = name)}>${words}</button>`)}
        </nav>
        ${part.value === "values" && html`
          <input class="input" type="search" placeholder="Search names and values" aria-label="Search comparison" value=${find.value} onInput=${(event) => (find.value = event.target.value)} />
          <label class="run-inline"><input type="checkbox" role="switch" checked=${onlyDifferent.value} onChange=${() => (onlyDifferent.value = !onlyDifferent.value)} /> Only differences</label>`}
      </div>
      ${part.value === "values" && html`<${Values} runs=${comparison.runs} sections=${sections} only=${onlyDifferent.value} find=${find.value.trim()} ...${actions} />`}
      ${part.value === "curves" && html`<${Curves} runs=${comparison.runs.map(({key, name, state}) => ({key, name, state}))} context=${{}} count=${Infinity} />`}
      ${part.value === "code" && html`<${CodeDiffs} code=${comparison.code} runs=${comparison.runs} />`}`}
  </div>`;
}

/** Ask for a comparison; the code of the same runs is not compared again, since it is that of their start. */
async function compare(path, how, before) {
  const asked = JSON.parse(path);
  const code = before && before.runs.map((run) => run.key).join() === asked.join() ? before.code : null;
  if (!code || code.states.some((state) => state.problem)) return post("/api/compare", {keys: asked}, how);
  const parts = ["config", "summary", "environment", "packages", "datasets"];
  return {...(await post("/api/compare", {keys: asked, parts}, how)), code};
}

function Few({count}) {
  return html`<${Empty} title=${count ? "One run alone" : "No runs were chosen"} icon="compare" action=${{label: "Choose runs", run: () => go("/")}}>
    Tick two or more runs in the table and choose Compare, or add one here.<//>`;
}

/** A run that is gone makes the whole comparison fail: the others can still be compared. */
function Unloaded({of, asked}) {
  const gone = of.error?.more?.key;
  return html`<${Waiting} of=${of} what="The comparison" />
    ${of.error && html`<ul class="compare-asked">${asked.map((key) => html`<li key=${key}><code>${key}</code>
      ${key === gone && " is not there any more"}
      <button type="button" class="text-button" onClick=${() => (keys.value = asked.filter((other) => other !== key))}>Leave out</button></li>`)}</ul>`}`;
}
