// An answer of the server as lines that are ready to be drawn: smoothed where they are whole, coloured, named.

import { colourAt, colourOf } from "../palette.js";
import { DASHES, PATTERNS } from "./look.js";
import { smooth } from "./smoothing.js";
import { columnTitle } from "./titles.js";

// a panel of more points has lines of one pixel: where no GPU draws, as on a remote desktop, these take a sixth of the time
const MANY = 5000;
const NUMBERS = new Intl.NumberFormat("en-GB");

// what is worked out of a line lives as long as the answer that it came with
const smoothed = new WeakMap();

/**
 * @param {{lines: object[]}} answer @param {number} smoothing
 * @param {{panel: object, byKey: Map}} known
 * @returns {object[]} in the order of drawing: {key, run, series, kind, name, x, y, raw, low, high, step, time, colour,
 *   dash, opacity, width, reduced, points}; `raw` where there is smoothing
 */
export function prepared(answer, smoothing, { panel, byKey }) {
  const { group } = answer;
  const owners = new Set(answer.lines.map(ownerOf)).size;
  const several = panel.series.length > 1;
  const lines = [];
  const seen = new Map();
  for (const line of answer.lines) {
    if (line.error || !line.x?.length) continue;
    const owner = ownerOf(line);
    const run = byKey.get(line.run);
    if (line.run && !run) continue; // hidden while the answer was on its way
    const id = `${owner}|${line.series}|${line.kind}`;
    const at = seen.get(id) ?? 0;
    seen.set(id, at + 1);
    const series = panel.series[line.series];
    const bySeries = several && owners === 1;
    const ghost = line.kind === "ghost";
    // of reduced lines the server alone has what must be smoothed: until its answer comes they stay as they are
    const whole = !line.raw && !line.reduced && smoothing > 0 && !ghost;
    const name = run?.name ?? groupName(line.group, group);
    lines.push({
      key: `${id}|${at}`,
      run: line.run,
      series: line.series,
      kind: line.kind,
      name,
      label: several ? `${name} · ${series?.metric ?? series?.formula}` : name,
      x: line.x,
      y: whole ? smoothedOf(line, "y", smoothing) : line.y,
      raw: ghost ? null : whole ? line.y : line.raw ?? null,
      ...bandOf(line, group, whole ? smoothing : 0),
      step: line.step ?? (answer.x === "step" ? line.x : null),
      stepBase: line.step_base ?? null,
      time: line.time,
      reduced: line.reduced,
      points: line.points,
      colour: bySeries ? colourAt(line.series) : (run?.colour ?? groupColour(answer, line)),
      bySeries,
      dash: ghost ? [2, 3] : several && !bySeries ? DASHES[line.series % DASHES.length] : (PATTERNS[run?.dash] ?? null),
      opacity: ghost ? 0.45 : 1,
      width: ghost ? 1 : 1.5,
    });
  }
  const points = lines.reduce((sum, line) => sum + line.x.length, 0);
  if (points > MANY) for (const line of lines) if (line.width === 1.5) line.width = 1;
  return lines;
}

function ownerOf(line) {
  return line.run ?? JSON.stringify(line.group);
}

/** Groups have the palette's colours in their own order: the first eight differ. */
function groupColour(answer, line) {
  if (line.run) return colourOf(line.run);
  const places = (answer.places ??= new Map());
  const owner = ownerOf(line);
  if (!places.has(owner)) places.set(owner, places.size);
  return colourAt(places.get(owner));
}

/** The lowest and highest of each stretch as they are; the edges of a group's band smoothed as its mean is. */
function bandOf(line, group, smoothing) {
  if (!line.low || !line.high || !(line.reduced || (group && group.band !== "none"))) return { low: null, high: null };
  if (!smoothing) return { low: line.low, high: line.high };
  return { low: smoothedOf(line, "low", smoothing), high: smoothedOf(line, "high", smoothing) };
}

function groupName(values, group) {
  const by = group?.by ?? [];
  const named = (values ?? []).map((value, at) => (by.length > 1 ? `${columnTitle(by[at])} ${value ?? "–"}` : String(value ?? "–")));
  return named.join(", ") || "all";
}

function smoothedOf(line, part, weight) {
  let kept = smoothed.get(line);
  if (kept?.weight !== weight) smoothed.set(line, (kept = { weight }));
  return (kept[part] ??= smooth(line[part], weight));
}

/** Whether a slider needs the server: it alone has the history of lines that are reduced, or smoothed by it. */
export function needsServer(answer) {
  return Boolean(answer?.lines.some((line) => line.reduced || line.raw));
}

/**
 * What a panel must say of what it shows.
 *
 * @returns {{kind: string, text: string, title: string}[]}
 */
export function notesOf(answer, lines, found, { clip, range, logx, logy }) {
  const notes = [];
  const count = (number) => NUMBERS.format(number);
  const reduced = lines.filter((line) => line.reduced);
  if (reduced.length) {
    const all = reduced.reduce((sum, line) => sum + line.points, 0);
    const drawn = reduced.reduce((sum, line) => sum + line.x.length, 0);
    const which = reduced.length === 1 ? "One line is" : `${count(reduced.length)} lines are`;
    notes.push({
      kind: "reduced",
      text: `reduced: ${count(drawn)} of ${count(all)} points`,
      title: `${which} drawn as stretches: the last value of each, and a band from its lowest to its highest. ${answer.exported ? "This file holds no more of them." : "Zoom in to see every point."}`,
    });
  }
  if (answer.weight !== undefined) {
    notes.push({ kind: "reduced", text: `smoothed by ${answer.weight}`, title: `Reduced lines were smoothed over all of their points before this file was made: it has them by ${answer.weights.join(", ")}.` });
  }
  if (clip && found.outside) {
    notes.push({
      kind: "clipped",
      text: `${count(found.outside)} outside`,
      title: "Outliers are beyond the edge of this panel: the axis fits the middle 90% of the values. Switch clipping off to see all.",
    });
  }
  if (range) notes.push({ kind: "zoomed", text: "zoomed", title: "A stretch of the axis is shown. Double click, or press 0, to see all of it." });
  if (found.missing) notes.push({ kind: "missing", text: `${count(found.missing)} NaN or ∞`, title: "Values that are no finite number leave gaps." });
  if (found.impossible) {
    const axes = logx && logy ? "logarithmic axes have" : "a logarithmic axis has";
    notes.push({ kind: "impossible", text: `${count(found.impossible)} ≤ 0`, title: `Points that ${axes} no place for are left out.` });
  }
  // a run without this metric is nothing to be told
  const failed = answer.lines.filter((line) => line.error && !line.missing);
  if (failed.length) {
    const title = [...new Set(failed.map((line) => line.error))].slice(0, 5).join("\n");
    notes.push({ kind: "failed", text: `${count(failed.length)} not drawn`, title });
  }
  return notes;
}
