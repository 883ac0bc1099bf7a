// The media of a run: their names, and for the one that is chosen what was logged at a step.
import {stepText} from "../format.js";
import {html, useLayoutEffect, useRef, useState} from "../html.js";
import {Empty, Failed, Loading} from "../states.js";
import {number as asNumber, param} from "../url.js";
import {Audio, Figure, Mesh, Other, Video} from "./exhibits.js";
import {HeatMap} from "./heat_map.js";
import {runApi, useLoaded, Waiting} from "./load.js";
import {Pictures} from "./pictures.js";
import {placeOf, StepSlider, useItems} from "./steps.js";
import {LoggedTable} from "./table.js";
import {marked} from "./values.js";
import {Html, Text} from "./words.js";

const chosen = param("media", {initial: ""});
const wanted = param("step", {initial: null, read: asNumber.read, write: (value) => (value === null ? "" : String(value))});
const find = param("find", {initial: ""});

/** What shows one item of a kind; images stand together, since their layers are switched for all of them. */
const SHOWN = {audio: Audio, video: Video, figure: Figure, mesh: Mesh, text: Text, html: Html};

export function Media({run, tick}) {
  if (!run.media.length) {
    return html`<${Empty} title="No media" icon="full">
      <code>${'run.log({"samples": Image(array)})'}</code> puts images here, with <code>from epochal.media import Image</code>; audio, video, histograms, tables,
      text, HTML, figures and meshes go the same way.<//>`;
  }
  const facts = run.media.find((each) => each.key === chosen.value) ?? run.media[0];
  return html`<div class="run-media">
    <${Names} media=${run.media} current=${facts.key} />
    <section class="run-card run-shown" aria-labelledby="run-media-name">
      <h2 id="run-media-name">${facts.key}</h2>
      <${Shown} key=${facts.key} run=${run} facts=${facts} tick=${tick} />
    </section>
  </div>`;
}

function Names({media, current}) {
  const text = find.value.trim().toLowerCase();
  const fitting = media.filter((each) => each.key.toLowerCase().includes(text));
  const place = useRef(null);
  // on a phone the names stand in one row, of which a link may have chosen the last
  useLayoutEffect(() => place.current.querySelector("[aria-current]")?.scrollIntoView({block: "nearest", inline: "nearest"}), []);
  return html`<nav class="run-names" aria-label="Media" ref=${place}>
    ${media.length > 8 && html`<input class="input" type="search" placeholder="Search media" aria-label="Search media" value=${find.value}
      onInput=${(event) => (find.value = event.target.value)} />`}
    <ul>${fitting.map((each) => html`<li key=${each.key}>
      <button type="button" aria-current=${each.key === current ? "true" : null} onClick=${() => (chosen.value = each.key)}>
        <span class="run-name">${marked(each.key, find.value.trim())}</span>
        <span class="run-faint">${each.kinds.join(", ")}${each.steps > 1 ? ` · ${stepText(each.steps)} steps` : ""}</span>
      </button></li>`)}
    </ul>
    ${fitting.length === 0 && html`<p class="run-faint">No name has “${find.value}” in it.</p>`}
  </nav>`;
}

function Shown({run, facts, tick}) {
  // one item is enough to be told of all steps
  const of = useLoaded(runApi(run.key, "media", {key: facts.key, limit: 1}), tick);
  const steps = of.data?.steps ?? [];
  const at = placeOf(steps, wanted.value);
  const {items, error} = useItems(run.key, facts.key, steps[at], tick);
  const [focus, setFocus] = useState(0);
  if (!of.data) return html`<${Waiting} of=${of} what="The media" />`;
  if (!steps.length) return html`<${Empty} title="Nothing is left under this name">What was logged was abandoned by a later resume or rewind.<//>`;
  // the last step stands for "the newest": a run that goes on is followed
  const choose = (next) => (wanted.value = next >= steps.length - 1 ? null : steps[Math.max(next, 0)]);
  const slider = html`<${StepSlider} steps=${steps} at=${at} choose=${choose} label=${facts.key} />`;
  if (error) return html`${slider}<${Failed} error=${error} />`;
  if (!items) return html`${slider}<${Loading} />`;
  const of_kind = (kind) => items.filter((item) => item.kind === kind);
  const histograms = of_kind("histogram");
  return html`
    ${slider}
    ${of_kind("image").length > 0 && html`<${Pictures} items=${of_kind("image")} />`}
    ${histograms.length > 0 && html`
      ${histograms.length > 1 && html`<${Which} count=${histograms.length} focus=${focus} setFocus=${setFocus} />`}
      <${HeatMap} run=${run.key} name=${facts.key} item=${histograms[Math.min(focus, histograms.length - 1)]}
        step=${steps[at]} choose=${(step) => choose(placeOf(steps, step))} tick=${tick} />`}
    ${of_kind("table").map((item) => html`<${LoggedTable} key=${`table ${item.rank} ${item.index}`} run=${run.key} name=${facts.key} item=${item} />`)}
    ${items.filter((item) => !["image", "histogram", "table"].includes(item.kind)).map((item) => {
      const One = SHOWN[item.kind] ?? Other;
      return html`<${One} key=${`${item.kind} ${item.rank} ${item.index}`} item=${item} />`;
    })}`;
}

function Which({count, focus, setFocus}) {
  return html`<div class="segments" role="group" aria-label="Which histogram">
    ${Array.from({length: count}, (_, at) => html`<button type="button" aria-pressed=${at === focus} onClick=${() => setFocus(at)}>${at + 1}</button>`)}
  </div>`;
}
