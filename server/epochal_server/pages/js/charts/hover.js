// The values of all lines at one place, and the same place in panels of another axis.

import { exact } from "./axes.js";
import { isSorted, nearest, toPixel } from "./geometry.js";

/**
 * The nearest point of each line to a place.
 *
 * @param {object[]} lines as a panel draws them @param {{axis: string, x: number, step: number}} place
 * @param {string} axis of this panel: on another axis than the place's, its step is looked for
 * @returns {object[]} {line, index, x, y, raw, step, time, far}, in the lines' order; `far`: the line does not reach there
 */
export function rowsAt(lines, place, axis) {
  const rows = [];
  const byStep = place.axis !== axis;
  for (const line of lines) {
    if (line.kind === "ghost") continue;
    const places = byStep ? line.step : line.x;
    if (!places?.length) continue;
    const sorted = byStep || (line.sorted ??= isSorted(line.x));
    const wanted = byStep ? place.step : place.x;
    const index = finiteNear(line, nearest(places, wanted, sorted));
    if (index < 0) continue;
    const first = places[0];
    const last = places[places.length - 1];
    const room = Math.abs(last - first) * 0.02;
    rows.push({
      line,
      index,
      x: line.x[index],
      y: line.y[index],
      raw: (line.raw ?? line.y)[index],
      step: line.step?.[index] ?? NaN,
      time: line.time?.[index] ?? NaN,
      far: sorted && (wanted < first - room || wanted > last + room),
    });
  }
  return rows;
}

/** The exact step of a point: steps beyond 2**53, which no number here can hold, come as a distance to a base. */
export function stepText(line, index) {
  const step = line.step?.[index];
  if (step === undefined) return "–";
  return line.stepBase === null ? exact(step) : (BigInt(line.stepBase) + BigInt(step)).toLocaleString("en-GB");
}

/** The point itself, or the nearest one in the line that can be drawn. */
function finiteNear(line, index) {
  for (let off = 0; off < line.y.length; off++) {
    for (const at of off ? [index - off, index + off] : [index]) {
      const y = line.y[at];
      if (y - y === 0) return at;
    }
    if (off > 50) break;
  }
  return index;
}

/** Rows with the one nearest to the pointer first; those that do not reach there last. */
export function byCloseness(rows, plot, pixel) {
  const distance = (row) => Math.abs(toPixel(plot.py, row.y) - pixel);
  return rows
    .map((row) => ({ row, far: distance(row) + (row.far ? 1e6 : 0) }))
    .sort((one, other) => one.far - other.far)
    .map(({ row }) => row);
}

/** Dots for the crosshair: of many lines those nearest to the pointer. */
export function dotsOf(rows, plot, strongest, most = 40) {
  return rows
    .filter((row) => !row.far && row.y - row.y === 0)
    .slice(0, most)
    .map((row) => ({
      x: toPixel(plot.px, row.x),
      y: toPixel(plot.py, row.y),
      colour: row.line.colour,
      strong: row === strongest,
    }));
}
