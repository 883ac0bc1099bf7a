// Where an open report gets its runs and pictures: from the server, and again whenever runs change.

import {get, latest, post} from "../api.js";
import {signal} from "../html.js";
import {onChange, revision} from "../live.js";

/** What ReportBody takes as `source`, for the report of this name. */
export function serverSource(name) {
  return {
    image: (path) => (/^(?:[a-z][a-z0-9+.-]*:|\/|\\)/i.test(path) ? null : `/api/reports/${encodeURIComponent(name)}/image?path=${encodeURIComponent(plain(path))}`),
    runs: liveRuns,
  };
}

function plain(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The runs that a grid means, as they change: {value: a signal, stop}. */
function liveRuns(wanted) {
  const value = signal({state: "loading", runs: [], matched: 0, missing: [], remarks: [], error: null});
  const ask = latest((abort) => post("/api/reports/runs", {runs: wanted}, {signal: abort}));
  const load = async () => {
    try {
      const found = await ask();
      if (!found) return;
      const now = {state: "ready", runs: found.runs, matched: found.matched, missing: found.missing, remarks: found.remarks, error: null};
      if (JSON.stringify(now) !== JSON.stringify(value.peek())) value.value = now; // the same again would redraw
    } catch (error) {
      value.value = {...value.peek(), state: "failed", error};
    }
  };
  load();
  return {value, stop: onChange(revision, load)};
}

/** A report as the server has it. */
export const readReport = (name) => get(addressOf(name));

/** The address of a report in the API. */
export const addressOf = (name) => `/api/reports/${encodeURIComponent(name)}`;
