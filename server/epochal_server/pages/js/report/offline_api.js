// Stands for api.js in an exported report: what panels ask for is in the file.

import {signal} from "../html.js";
import {ProblemError} from "../problem.js";
import {report} from "./offline_data.js";
import {linesOf} from "./offline_lines.js";

export {isAbort, latest, ProblemError} from "../problem.js";

export const refused = signal(false);

export async function curves(body) {
  return linesOf(body);
}

export async function get() {
  throw absent();
}

export const getText = get;

const ANSWERS = {
  "/api/metrics": () => ({metrics: [], axes: report.axes}),
  "/api/runs/query": ({columns}) => {
    const {keys, columns: all} = report.columns;
    return {keys, matched: keys.length, columns: Object.fromEntries(columns.map((name) => [name, all[name] ?? keys.map(() => null)]))};
  },
  "/api/importance": ({metric, keys}) => report.importance[JSON.stringify([metric, [...keys].sort()])],
  "/api/reports/runs": ({runs}) => report.runs[runs.exported],
};

export async function post(path, body) {
  const found = ANSWERS[path]?.(body);
  if (!found) throw absent();
  if (found.problem) throw new ProblemError(400, found.problem);
  return found;
}

function absent() {
  return new ProblemError(404, {title: "not in this file", detail: "An exported report does not hold this: open it in the dashboard."});
}
