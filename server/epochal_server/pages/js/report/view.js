// A report as it is read: the page, the preview of its editor and the exported file draw it by this.

import {colourOf, dashOf, tellApart} from "../palette.js";
import {PanelGrid} from "../charts/grid.js";
import {Icon} from "../icons.js";
import {computed, effect, html, signal, useEffect, useMemo, useRef} from "../html.js";
import {Markdown} from "../markdown.js";
import {Empty, Failed, Loading} from "../states.js";
import {readablePanels} from "../charts/readable_panels.js";
import {DEFAULTS, isObject, whole} from "../charts/state.js";

const KNOWN = ["runs", "settings", "panels"];
const LONGEST = 4 * 1024 * 1024;

/**
 * @param {{blocks: object[], source: object, onGrid?: (index: number, grid: object) => void,
 *   around?: (index: number, shown: object) => object}} props `blocks` of blocks.js; `source`: {runs(gridRuns) -> {value
 *   (a signal of {state, runs: [{key, name}], matched, missing, remarks, error}), stop()}, image(path) -> address |
 *   null}; `onGrid` is told what a person changed in a grid's panels: without it they are read; `around` may put something about a block
 */
export function ReportBody({blocks, source, onGrid = null, around = (_index, shown) => shown}) {
  return html`<div class="report-body">
    ${blocks.map((block, index) => around(index, html`<${Block} key=${block.id ?? index} ...${{block, index, source, onGrid}} />`))}
  </div>`;
}

/** One block, as it is read. */
export function Block({block, index, source, onGrid}) {
  if (block.kind === "text") return html`<${Markdown} text=${block.text} image=${source.image} level=${0} longest=${LONGEST} className="markdown report-text" />`;
  if (block.error) return html`<${Broken} block=${block} />`;
  return html`<${GridBlock} key=${onGrid ? JSON.stringify(block.grid.runs ?? {}) : block.source} grid=${block.grid} source=${source} onGrid=${onGrid && ((grid) => onGrid(index, grid))} />`;
}

function Broken({block}) {
  const {message, line, column} = block.error;
  return html`<section class="report-broken" role="alert" aria-label="A grid that cannot be read">
    <p><strong>This grid cannot be read.</strong> Line ${line}, column ${column}: ${message}</p>
    <pre tabindex="0"><code>${block.source}</code></pre>
  </section>`;
}

function GridBlock({grid, source, onGrid}) {
  const told = useRef(onGrid);
  told.current = onGrid;
  const latest = useRef(grid);
  latest.current = grid;
  const asked = useMemo(() => source.runs(grid.runs ?? {}), []);
  useEffect(() => asked.stop, []);
  const runs = useMemo(() => shownRuns(asked.value, grid.runs ?? {}), []);
  useEffect(() => effect(() => tellApart(asked.value.value.runs.map(({key}) => key))), []);
  const {state, matched, missing, remarks = [], error} = asked.value.value;
  const notes = [...remarks, ...remarksOn(grid)];
  const change = ({panels, settings}) => told.current?.(changedGrid(latest.current, panels, settings));
  const context = useMemo(() => ({project: grid.runs?.project}), []);
  const panels = Array.isArray(grid.panels) ? grid.panels : [];
  return html`<section class="report-grid" aria-label="Panels">
    ${error ? html`<${Failed} title="The runs of this grid could not be found" error=${error} />`
      : state === "loading" ? html`<${Loading} what="Looking for the runs" />`
      : !runs.value.length ? html`<${Empty} title="No run is meant by this grid" icon="search">Its filter matches none, or the runs that it names are gone.</>`
      : !panels.length && !onGrid ? html`<${Empty} title="This grid has no panel" icon="chart">Edit the report to add one.</>`
      : html`<${PanelGrid} runs=${runs} panels=${panels} settings=${grid.settings ?? {}} fixed=${!onGrid} onChange=${change} context=${context} />`}
    ${!error && state !== "loading" && html`<${Legend} runs=${runs.value} matched=${matched} hidden=${grid.runs?.hidden ?? []} />`}
    ${missing?.length > 0 && html`<p class="report-note is-warning"><${Icon} name="warning" size=${14} /> Not there any more: ${missing.map((key) => html`<code key=${key}>${key}</code> `)}</p>`}
    ${notes.map((note) => html`<p key=${note} class="report-note">${note}</p>`)}
  </section>`;
}

function Legend({runs, matched, hidden}) {
  if (!runs.length) return null;
  return html`<ul class="report-legend" aria-label="Runs of these panels">
    ${runs.map(({key, name, colour}) => html`<li key=${key}><svg viewBox="0 0 16 4" width="16" height="4" aria-hidden="true"><path d="M0 2h16" stroke=${colour} stroke-width="3" /></svg><span>${name}</span></li>`)}
    ${matched > runs.length + hidden.length && html`<li class="report-more">of ${matched} runs</li>`}
  </ul>`;
}

/** The runs that panels draw, with the colours that the grid gives them. */
function shownRuns(found, {colours = {}, hidden = []}) {
  const made = signal([]);
  const now = computed(() => found.value.runs.filter(({key}) => !hidden?.includes(key)).map((run) => ({...run, colour: colours?.[run.key] ?? colourOf(run.key), dash: colours?.[run.key] ? "solid" : dashOf(run.key)})));
  effect(() => {
    made.value = now.value;
  });
  return made;
}

/** What of a grid this version passes over; all of it is kept. */
function remarksOn(grid) {
  const settings = isObject(grid.settings) ? grid.settings : {};
  const understood = whole(settings);
  const strange = Object.keys(settings).filter((name) => !(name in DEFAULTS) || name === "added");
  const unusable = Object.keys(settings).filter((name) => !strange.includes(name) && JSON.stringify(understood[name]) !== JSON.stringify(settings[name]));
  const wrong = [["settings", isObject(grid.settings ?? {})], ["panels", Array.isArray(grid.panels ?? [])]].filter(([, fits]) => !fits);
  return [
    ...[...Object.keys(grid).filter((name) => !KNOWN.includes(name)), ...strange.map((name) => `settings.${name}`)].map((name) => `${name} is not known to this version: it is kept, and changes nothing`),
    ...unusable.map((name) => `settings.${name} cannot be used as it is: it is kept, and changes nothing`),
    ...wrong.map(([name]) => `${name} cannot be used as it is: ${name === "panels" ? "a list is" : "an object is"} wanted`),
    ...readablePanels(grid.panels).remarks,
  ];
}

/** A grid with what its panels and settings now are; what this version does not know stays. */
export function changedGrid(grid, panels, settings) {
  const before = isObject(grid.settings) ? grid.settings : {};
  const understood = whole(before);
  const kept = {...before};
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (name === "added" || !(name in settings)) continue;
    if (name !== "full" && JSON.stringify(settings[name]) === JSON.stringify(understood[name])) continue; // as it is written
    if (name === "full" || JSON.stringify(settings[name]) === JSON.stringify(usual)) delete kept[name];
    else kept[name] = settings[name];
  }
  const made = {...grid, panels};
  if (Object.keys(kept).length) made.settings = kept;
  else delete made.settings;
  return made;
}
