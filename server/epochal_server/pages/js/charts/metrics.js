// Which metrics the shown runs have, and which axes: asked again when others are shown or when they have grown.

import { post } from "../api.js";
import { effect, untracked } from "../html.js";
import { grown, watch } from "../live.js";
import { asker, parts } from "./loading.js";

// a run that grows seldom gets a new metric
const PAUSE = 10_000;
const BESIDES = 200;
const FIRST = /(^|\/)(epoch|tokens|samples|examples|global_step|frames|iteration)s?$/i;

/** Keep `store.metrics` and `store.axes` true. @returns {() => void} what ends it */
export function watchMetrics(store) {
  const asking = asker();
  let asked = 0;
  let timer = 0;
  const ask = async () => {
    const keys = store.keysText.peek().split("\n").filter(Boolean);
    clearTimeout(timer);
    timer = 0;
    asked = performance.now();
    if (!keys.length) {
      store.metrics.value = [];
      store.metricsStatus.value = { state: "drawn" };
      return;
    }
    try {
      const answers = await asking.ask((signal) => fetchMetrics(keys, store.context.system, signal));
      if (!answers) return;
      show(store, answers);
    } catch (error) {
      store.metricsStatus.value = { state: "failed", error };
    }
  };
  store.retryMetrics = () => {
    store.metricsStatus.value = { state: "loading" };
    void ask();
  };
  const stopKeys = effect(() => {
    void store.keysText.value;
    void untracked(ask);
  });
  const stopGrown = effect(() => {
    const { keys } = grown.value;
    const ours = untracked(() => keys.some((key) => store.byKey.value.has(key)));
    // the first metrics of a training are news, more of the same are not
    const wait = store.metrics.peek().length ? Math.max(0, asked + PAUSE - performance.now()) : 0;
    if (ours && !timer) timer = setTimeout(ask, wait);
  });
  let unwatch = () => {};
  const stopWatch = effect(() => {
    unwatch();
    unwatch = watch(store.keysText.value.split("\n").filter(Boolean));
  });
  return () => {
    stopKeys();
    stopGrown();
    stopWatch();
    unwatch();
    clearTimeout(timer);
    asking.drop();
  };
}

async function fetchMetrics(keys, system, signal) {
  const answers = [];
  for (const some of parts(keys)) answers.push(await post("/api/metrics", metricsQuestion(some, system), { signal }));
  return answers;
}

/** What is asked for the metrics of up to a thousand runs: the body of the request. */
export function metricsQuestion(keys, system = false) {
  return system ? { keys, system: true } : { keys };
}

function show(store, answers) {
  const names = [...new Set(answers.flatMap(({ metrics }) => metrics.map(({ name }) => name)))];
  if (answers.length > 1) names.sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  if (names.join("\n") !== store.metrics.peek().join("\n")) store.metrics.value = names;
  // what runs define as an axis, or is one by its name, before all others
  const usual = new Set(answers.flatMap(({ axes }) => axes ?? []).filter((axis) => axis.startsWith("metric:")).map((axis) => axis.slice(7)));
  const first = [...usual, ...names.filter((name) => FIRST.test(name) && !usual.has(name))];
  const rest = names.filter((name) => !first.includes(name)).slice(0, BESIDES);
  store.axes.value = [...STANDARD, ...[...first, ...rest].map((name) => ({ value: `metric:${name}`, label: name }))];
  store.metricsStatus.value = { state: "drawn" };
}

export const STANDARD = [
  { value: "step", label: "Step" },
  { value: "relative", label: "Relative time" },
  { value: "time", label: "Wall time" },
];
