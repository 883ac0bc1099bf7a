// Parts of a run from the server: asking, asking again while the run grows, and what people see meanwhile.
import {get} from "../api.js";
import {html, useEffect, useRef, useState} from "../html.js";
import {boot, changed, grown, onChange, watch} from "../live.js";
import {Failed, Loading} from "../states.js";

/** A run that grows is asked about at most this often, in milliseconds. */
const PAUSE = 600;

/** The path of a run's part: `runApi(key, "media", {key: "samples"})`; the key's two parts are path segments. */
export function runApi(key, part = "", query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given).toString();
  return `/api/runs/${segments(key)}${part ? `/${part}` : ""}${text ? `?${text}` : ""}`;
}

function segments(key) {
  return key.split("/").map(encodeURIComponent).join("/");
}

/**
 * What the server answers to a path: {data, error, loading, reload}.
 *
 * While the same path is asked again the last answer stays, so that nothing flickers; `tick` asks again.
 */
export function useLoaded(path, tick = 0, ask = get) {
  const [state, setState] = useState({path: null, data: null, error: null});
  const [again, setAgain] = useState(0);
  const job = useRef(null);
  useEffect(() => {
    if (job.current?.path === path) {
      job.current.stale = true; // the answer under way may be older than what has come since
    } else {
      job.current?.control.abort();
      job.current = path ? start(path, ask, job, setState) : null;
    }
  }, [path, tick, again]);
  useEffect(() => () => job.current?.control.abort(), []);
  const fits = state.path === path;
  return {
    data: fits ? state.data : null,
    error: fits ? state.error : null,
    loading: Boolean(path) && !(fits && (state.data !== null || state.error)),
    reload: () => setAgain((count) => count + 1),
  };
}

function start(path, ask, job, setState) {
  const own = {path, control: new AbortController(), stale: false};
  const round = async () => {
    own.stale = false;
    let found;
    try {
      found = {data: await ask(path, {signal: own.control.signal}), error: null};
    } catch (error) {
      found = {error};
    }
    if (own.control.signal.aborted) return;
    setState((old) => ({path, data: old.path === path ? old.data : null, ...found}));
    if (own.stale) await round();
    else if (job.current === own) job.current = null;
  };
  round();
  return own;
}

/** A number that grows when one of the runs has grown or changed, at most as often as `PAUSE` allows. */
export function useGrowth(keys) {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const ours = new Set(keys);
    const stop = watch(keys);
    let timer = null;
    let last = -Infinity;
    let server = boot.peek();
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = null;
        last = performance.now();
        setTick((count) => count + 1);
      }, Math.max(0, last + PAUSE - performance.now()));
    };
    const listeners = [
      onChange(grown, (told) => told.keys.some((key) => ours.has(key)) && soon()),
      onChange(changed, (told) => (told.gone.some((key) => ours.has(key)) || told.changed.some(({key}) => ours.has(key))) && soon()),
      onChange(boot, (now) => {
        if (server !== null && now !== server) soon(); // the first hello is no news
        server = now;
      }),
    ];
    return () => {
      clearTimeout(timer);
      listeners.forEach((each) => each());
      stop();
    };
  }, [keys.join(",")]);
  return tick;
}

/** What stands in the place of something that is not there yet, or not to be had; nothing where it is there. */
export function Waiting({of, what}) {
  if (of.error && of.data === null) return html`<${Failed} title=${`${what} could not be loaded`} error=${of.error} retry=${of.reload} />`;
  return of.data === null ? html`<${Loading} what=${`Loading ${what.charAt(0).toLowerCase()}${what.slice(1)}`} />` : null;
}
