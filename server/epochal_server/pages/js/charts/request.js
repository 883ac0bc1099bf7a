// What a line panel asks the server for, and its answer joined to what is drawn.

import { curves } from "../api.js";
import { parts } from "./loading.js";

// lines of up to so many points come whole, whatever the pixels, and the slider needs no request for them
const WHOLE = 1024;
// numbers for one panel, over all its lines: of very many lines each gets fewer
const MOST_POINTS = 300_000;

/** How many stretches a line may have: twice the pixels, in coarse steps so that resizing seldom asks again. */
export function widthFor(pixels, lines) {
  const twice = Math.ceil((pixels * 2 * Math.min(window.devicePixelRatio || 1, 2)) / 128) * 128;
  return limited(twice, lines);
}

function limited(points, lines) {
  return Math.round(Math.max(50, Math.min(8000, points, MOST_POINTS / Math.max(1, lines))));
}

/**
 * @param {object} panel whole @param {object} asked {keys, x, logx, smoothing, width, range, ghosts, clip, group, system}
 * @returns {object} the body of POST /api/curves
 */
export function bodyFor(panel, asked) {
  const body = {
    runs: asked.keys,
    series: panel.series.map(({ metric, formula }) => (formula ? { formula } : { metric })),
    x: asked.x,
    smoothing: asked.smoothing,
    width: asked.width,
    whole: limited(WHOLE, asked.keys.length * panel.series.length),
    range: asked.range ?? null,
    abandoned: asked.ghosts,
    clip: asked.clip,
  };
  if (asked.group) body.group = asked.group;
  if (asked.system) body.system = true;
  if (asked.logx) body.logx = true;
  return body;
}

/**
 * One request, or as many as a thousand runs each need.
 *
 * @param {object} body @param {AbortSignal} signal @param {object | null} known an earlier answer to the same panel: where
 *   its points still hold, only what smoothing has changed is sent, and all other arrays are the same objects
 * @returns {Promise<object>} the answer, with the `x` and the `group` that were asked for: by the time that it is drawn
 *   the panel may want others, and its lines must not be drawn as what they are not
 */
export async function fetchCurves(body, signal, known = null) {
  const answers = [];
  const several = parts(body.runs);
  const have = several.length === 1 && known?.data ? { have: known.data } : {};
  for (const runs of several) answers.push(await curves({ ...body, runs, ...have }, { signal }));
  return { ...completed(joined(answers), known), x: body.x, group: body.group ?? null };
}

function completed(answer, known) {
  if (!answer.partial) return answer;
  const lines = answer.lines.map((line, at) => {
    const { raw, ...before } = known.lines[at];
    const recorded = raw ?? before.y;
    return line.y ? { ...before, ...line, raw: recorded } : { ...before, ...line, y: recorded };
  });
  return { ...answer, lines, of: known.of ?? known };
}

function joined(answers) {
  if (answers.length === 1) return answers[0];
  const clips = answers.map(({ clip }) => clip).filter(Boolean);
  const clip = clips.length ? [Math.min(...clips.map(([low]) => low)), Math.max(...clips.map(([, high]) => high))] : null;
  return { ...answers[0], data: null, clip, lines: answers.flatMap(({ lines }) => lines) };
}
