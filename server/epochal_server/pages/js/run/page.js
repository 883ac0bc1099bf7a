// The page of one run: its name and state, and a tab for each of what there is to see.
import {title} from "../app.js";
import {ago, duration, number, when} from "../format.js";
import {html, useEffect, useLayoutEffect, useRef} from "../html.js";
import {Icon} from "../icons.js";
import {shortcut} from "../keys.js";
import {MenuButton} from "../menu.js";
import {colourOf} from "../palette.js";
import {Empty, State} from "../states.js";
import {go, link, runPath} from "../url.js";
import {changesOf} from "./changing.js";
import {Console} from "./console.js";
import {Curves} from "./curves.js";
import {Files} from "./files.js";
import {runApi, useGrowth, useLoaded, Waiting} from "./load.js";
import {Media} from "./media.js";
import {Overview} from "./overview.js";

/** The style sheets of the page. */
export const css = ["run.css", "run_parts.css", "run_code.css", "run_media.css", "run_shown.css", "markdown.css", "charts.css", "charts-panels.css", "charts-plots.css", "charts-forms.css"];

const TABS = {
  overview: {name: "Overview", show: ({run}) => html`<${Overview} run=${run} />`},
  charts: {name: "Charts", count: (run) => run.metrics.length, show: ({run}) => html`<${Charts} run=${run} />`},
  system: {name: "System", count: (run) => run.system_metrics.length, show: ({run}) => html`<${Charts} run=${run} system />`},
  media: {name: "Media", count: (run) => run.media.length, show: ({run, tick}) => html`<${Media} run=${run} tick=${tick} />`},
  console: {name: "Console", show: ({run, tick}) => html`<${Console} run=${run} tick=${tick} />`},
  files: {name: "Files", show: ({run, tick}) => html`<${Files} run=${run} tick=${tick} />`},
};

/** `parts`: project folder, run folder and tab, as they stand in the address. */
export function Page({parts}) {
  const [project, folder = "", tab = "overview"] = parts;
  const key = `${project}/${folder}`;
  const tick = useGrowth([key]);
  const of = useLoaded(runApi(key), tick);
  const run = of.data;
  useEffect(() => {
    title.value = run ? `${run.name} · ${run.project}` : "";
  }, [run?.name, run?.project]);
  const tabs = useRef(null);
  useEffect(() => {
    const bound = Object.entries(TABS).map(([name, {name: words}], at) => shortcut(String(at + 1), words, () => go(hrefOf(key, name)), {group: "One run"}));
    bound.push(shortcut("/", "Search in what is shown", () => document.querySelector(".run-page input[type=search]")?.focus(), {group: "One run"}));
    return () => bound.forEach((stop) => stop());
  }, [key]);
  useLayoutEffect(() => tabs.current?.querySelector("[aria-current]")?.scrollIntoView({block: "nearest", inline: "nearest"}), [tab, run === null]);
  if (!run) return html`<div class="run-page">${of.error?.status === 404 ? html`<${Gone} project=${project} />` : html`<${Waiting} of=${of} what="The run" />`}</div>`;
  const Shown = TABS[tab]?.show;
  return html`<div class="run-page">
    <${Head} run=${run} reload=${of.reload} />
    <nav class="tabs" aria-label="Parts of the run" ref=${tabs}>
      ${Object.entries(TABS).map(([name, {name: words, count}]) => html`<a key=${name}
        href=${hrefOf(key, name)} aria-current=${name === tab ? "page" : null}>${words}${
        count?.(run) > 0 && html` <span class="run-count">${number(count(run))}</span>`}</a>`)}
    </nav>
    ${of.error && html`<p class="run-older" role="alert"><${Icon} name="warning" /> ${of.error.status === 404
      ? "This run is not there any more: what you see is what was known of it." : "The server does not answer: what you see is older."}</p>`}
    ${Shown ? html`<${Shown} key=${`${key} ${tab}`} run=${run} tick=${tick} />`
      : html`<${Empty} title=${`A run has no part “${tab}”`} action=${{label: "Show its overview", run: () => go(runPath(key))}} />`}
  </div>`;
}

function hrefOf(key, tab) {
  return runPath(key, tab === "overview" ? "" : tab);
}

function Charts({run, system = false}) {
  const runs = [{key: run.key, name: run.name, state: run.state}];
  const count = (system ? run.system_metrics : run.metrics).length;
  return html`<${Curves} runs=${runs} context=${{system, project: run.project}} count=${count} />`;
}

function Head({run, reload}) {
  return html`<header class="run-head">
    <h1><span class="run-dot" style=${{background: colourOf(run.key)}} aria-hidden="true"></span><span>${run.name}</span>
      <button type="button" class="button" onClick=${() => go("/compare", {runs: [run.key]})}><${Icon} name="compare" /> Compare</button>
      <${MenuButton} label=${`Change ${run.name}`} title="Change this run" items=${() => changesOf(run, reload)}><${Icon} name="more" /><//></h1>
    <p class="run-head-facts">
      <${State} state=${run.state} reason=${run.reason} />
      <a href=${link("/", {project: run.project})}>${run.project}</a>
      ${typeof run.started === "number" && html`<span title=${when(run.started)}>started ${ago(run.started)}</span>`}
      ${typeof took(run) === "number" && html`<span>${run.state === "running" ? "running for" : "took"} ${duration(took(run))}</span>`}
      ${run.tags?.length > 0 && html`<span class="chips">${run.tags.map((tag) => html`<span class="chip" key=${tag}>${tag}</span>`)}</span>`}
    </p>
    ${run.state !== "running" && run.state !== "finished" && run.reason && html`<p class="run-head-reason">${run.reason}</p>`}
  </header>`;
}

/** How long a run took, or has taken up to now, in seconds. */
export function took(run) {
  if (typeof run.duration === "number") return run.duration;
  if (typeof run.started !== "number") return null;
  if (typeof run.finished === "number") return run.finished - run.started;
  return run.state === "running" ? Date.now() / 1000 - run.started : null;
}

function Gone({project}) {
  return html`<${Empty} title="There is no such run" icon="search" action=${{label: "Show all runs", run: () => go("/")}}>
    It may have been deleted or moved since the link was made. <a href=${link("/", {project})}>The runs of this project</a> show what there is.
  <//>`;
}
