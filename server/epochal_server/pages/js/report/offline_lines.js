// The lines of a panel out of an exported file, in the form in which the server gives them.

import {clipOf} from "../charts/extents.js";
import {smooth} from "../charts/smoothing.js";
import {numbers, report} from "./offline_data.js";

/** What `POST /api/curves` would answer. @param {object} body as charts/request.js makes it */
export function linesOf(body) {
  const lines = [];
  let weight;
  body.series.forEach(({metric = null, formula = null}, series) => {
    const axis = body.x.startsWith("metric:") ? body.x : "step";
    const name = (first) => JSON.stringify([first, metric, formula, axis, ...(body.group ? [body.group.by, body.group.band] : [])]);
    const owners = body.group ? [null] : body.runs;
    for (const run of owners) {
      const records = report.lines[name(run ?? [...body.runs].sort())] ?? [{kind: "line", points: 0, error: "this file does not hold it", missing: false}];
      for (const record of records) {
        if (record.kind === "ghost" && !body.abandoned) continue;
        if (record.reduced && body.smoothing > 0 && record.kind === "line") weight = nearest(body.smoothing);
        lines.push({...opened(record, body), run, series, group: record.group ?? null});
      }
    }
  });
  const clip = body.clip ? clipOf({lines: lines.filter(({y}) => y).map(({kind, y}) => ({kind, y}))}) : null;
  const answer = {x: body.x, smoothing: body.smoothing, clip, lines, exported: true, weights: [0, ...report.weights]};
  return weight === undefined || weight === body.smoothing ? answer : {...answer, weight};
}

function opened({arrays = {}, smoothed = {}, start, ...line}, {x, smoothing}) {
  const all = Object.fromEntries(Object.entries(arrays).map(([name, place]) => [name, numbers(place)]));
  if (!all.y) return line;
  if (x === "time" || x === "relative") all.x = placed(all.time ?? all.x, x === "time" ? 0 : start ?? 0);
  if (line.reduced) {
    const by = smoothing > 0 ? smoothed[String(nearest(smoothing))] : undefined;
    if (by) {
      all.raw = all.y;
      for (const [name, place] of Object.entries(by)) all[name] = numbers(place);
    }
  } else if (line.kind === "ghost" && smoothing > 0) {
    all.raw = all.y;
    all.y = smooth(all.y, smoothing);
  }
  return inOrder({...line, ...all}, line.reduced || line.kind === "ghost" ? 0 : smoothing);
}

function placed(times, start) {
  return start ? times.map((time) => time - start) : times;
}

/** Points by their place; what is smoothed is so by step, before. */
function inOrder(line, smoothing) {
  if (line.x.every((place, at) => at === 0 || line.x[at - 1] <= place)) return line;
  const raw = line.raw ?? (smoothing > 0 ? line.y : undefined);
  const before = smoothing > 0 && !line.raw ? {...line, raw, y: smooth(line.y, smoothing)} : line;
  const order = Array.from(line.x, (_, at) => at).sort((one, other) => line.x[one] - line.x[other] || one - other);
  const sorted = {...before};
  for (const [name, value] of Object.entries(before)) if (value instanceof Float64Array) sorted[name] = Float64Array.from(order, (at) => value[at]);
  return sorted;
}

/** The weight that reduced lines were smoothed by which is nearest, by how far it reaches; 0 where none is near. */
function nearest(weight) {
  const reach = (one) => Math.log(1 - one);
  return [0, ...report.weights].reduce((best, one) => (Math.abs(reach(one) - reach(weight)) < Math.abs(reach(best) - reach(weight)) ? one : best));
}
