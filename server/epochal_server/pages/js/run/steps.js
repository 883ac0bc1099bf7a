// A slider over the steps at which something was logged, and what stands at the step that it is on.
import {get} from "../api.js";
import {stepText} from "../format.js";
import {html, useEffect, useRef, useState} from "../html.js";
import {Icon} from "../icons.js";
import {runApi} from "./load.js";

/** So many steps' items are kept: sliding back costs no request. */
const KEPT = 300;
/** Milliseconds between two steps while they play. */
const BEAT = 350;

/** Where the slider stands: the newest step at or before the one that is wanted; the last where none is wanted. */
export function placeOf(steps, wanted) {
  if (wanted === null) return steps.length - 1;
  let at = steps.length - 1;
  while (at > 0 && steps[at] > wanted) at -= 1;
  return at;
}

/** `steps`: sorted; `at`: the place of the step that is shown; `choose(at)`; `label`: of what the steps are. */
export function StepSlider({steps, at, choose, label}) {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setTimeout(() => (at + 1 < steps.length ? choose(at + 1) : setPlaying(false)), BEAT);
    return () => clearTimeout(timer);
  }, [playing, at, steps.length]);
  if (steps.length < 2) return html`<p class="run-faint">Step ${stepText(steps[0], {full: true})}</p>`;
  const play = () => {
    if (!playing && at === steps.length - 1) choose(0);
    setPlaying(!playing);
  };
  const text = `step ${stepText(steps[at], {full: true})}`;
  return html`<div class="run-steps">
    <button type="button" class="icon-button" aria-label="Step before" title="Step before" disabled=${at === 0} onClick=${() => choose(at - 1)}><${Icon} name="left" /></button>
    <input type="range" min="0" max=${steps.length - 1} step="1" value=${at} aria-label=${`Step of ${label}`} aria-valuetext=${text}
      onInput=${(event) => choose(Number(event.target.value))} />
    <button type="button" class="icon-button" aria-label="Next step" title="Next step" disabled=${at === steps.length - 1} onClick=${() => choose(at + 1)}><${Icon} name="right" /></button>
    <button type="button" class="button" aria-pressed=${playing} onClick=${play}>${playing ? "Stop" : "Play"}</button>
    <output class="num">${text} <span class="run-faint">${at + 1} of ${steps.length}</span></output>
  </div>`;
}

/** The items of a key at a step: {items, error, waiting}; those of the step before stay until they are here. */
export function useItems(run, key, step, tick) {
  const kept = useRef(new Map());
  const [state, setState] = useState({items: null, error: null, of: null});
  const path = step === undefined ? null : runApi(run, "media", {key, step});
  useEffect(() => kept.current.clear(), [tick]); // a rewind can have put something else there
  useEffect(() => {
    if (path === null) return undefined;
    const known = kept.current.get(path);
    if (known) {
      setState({items: known, error: null, of: path});
      return undefined;
    }
    const control = new AbortController();
    get(path, {signal: control.signal}).then(
      ({items}) => {
        if (control.signal.aborted) return;
        kept.current.set(path, items);
        if (kept.current.size > KEPT) kept.current.delete(kept.current.keys().next().value);
        setState({items, error: null, of: path});
      },
      (error) => !control.signal.aborted && setState({items: null, error, of: path}),
    );
    return () => control.abort();
  }, [path, tick]);
  return {...state, waiting: state.of !== path};
}
