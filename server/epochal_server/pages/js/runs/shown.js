// Which runs the charts show by default, and what is known of those that are shown: asked for beside the table.

import {latest, post} from "../api.js";
import {effect, signal, untracked} from "../html.js";
import {DEFAULT_SHOWN, know, latestKeys, matchedKeys, MOST_SHOWN, runsByKey, shown} from "../selection.js";
import {chosen} from "./asked.js";

const FACTS = ["name", "state", "reason", "started", "tags", "notes"];
const PART = 1000; // what one answer holds

/** Whether it is known which runs the charts show, or that it cannot be known. */
export const answered = signal(false);

const newest = latest((abort, question) => post("/api/runs/query", question, {signal: abort}));

/** What is asked for the runs that the charts show unless some are chosen: the body of the request. */
export function newestQuestion() {
  const limit = shown.value === "all" ? MOST_SHOWN : DEFAULT_SHOWN;
  return {...chosen.value, sort: [["started", "desc"]], columns: FACTS, offset: 0, limit};
}

/** Keeps the latest and the shown runs known, asking again with `looked`; returns the way to stop. `onFirst` gets the first answer. */
export function followShown(looked, onFirst) {
  let heard = false;
  const stops = [
    effect(() => {
      const question = newestQuestion();
      const {limit} = question;
      void looked.value;
      untracked(() => newest(question).then((answer) => {
        if (!answer) return;
        if (!heard) onFirst(answer);
        heard = true;
        answered.value = true;
        know(factsOf(answer));
        put(limit === MOST_SHOWN ? matchedKeys : latestKeys, answer.keys);
        if (limit === MOST_SHOWN) put(latestKeys, answer.keys.slice(0, DEFAULT_SHOWN));
      }, () => (answered.value = true))); // the table says what went wrong
    }),
    effect(() => {
      if (!Array.isArray(shown.value)) return;
      const strangers = shown.value.filter((key) => !runsByKey.peek().has(key));
      untracked(() => askFor(strangers));
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/** What a row of the table tells of its run. */
export function factOf(row) {
  return {key: row.key, ...Object.fromEntries(FACTS.map((name) => [name, row.at(name)]))};
}

async function askFor(keys) {
  for (let i = 0; i < keys.length; i += PART) {
    const some = keys.slice(i, i + PART);
    try {
      know(factsOf(await post("/api/runs/query", {keys: some, columns: FACTS, offset: 0, limit: 1000})));
    } catch {
      return; // their lines have their ids for names then
    }
  }
}

function factsOf({keys, columns}) {
  return keys.map((key, i) => ({key, ...Object.fromEntries(FACTS.map((name) => [name, columns[name]?.[i]]))}));
}

function put(where, keys) {
  // the same keys anew would draw every chart again
  if (keys.join() !== where.peek().join()) where.value = keys;
}
