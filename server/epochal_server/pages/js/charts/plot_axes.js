// The axes of a plot as shapes: lines of the grid, labels, and for pictures that stand alone a ground and a title.

import { shapesOf } from "./zrender.js";

const SIZE = 11;
// between an axis and its labels, in pixels
const GAP = 8;
// how wide a character of a label is about, in pixels
const CHARACTER = 6.2;

/**
 * @param {object} zrender the library
 * @param {{ticks: {at: number, label: string}[]}} x as `makeAxis` makes it @param {object} y
 * @param {{grid: {x: number, y: number, width: number, height: number}, px: {base: number, per: number}, py: object}} place
 *   of the inner plot, and the projections onto it; ticks are in the axes' own units
 * @param {{text: string, line: string, muted: string, font: string, title?: string}} look
 * @returns {object} a group
 */
export function axesOf(zrender, x, y, { grid, px, py }, look) {
  const { Rules } = shapesOf(zrender);
  const group = new zrender.Group({ silent: true });
  const rules = (lines, opacity) => group.add(new Rules({ shape: { lines }, style: { fill: null, stroke: look.line, lineWidth: 1, opacity }, silent: true }));
  const write = (text, at, style) => group.add(new zrender.Text({ style: { text, fill: look.muted, font: `${SIZE}px ${look.font}`, ...at, ...style }, silent: true }));
  const [right, bottom] = [grid.x + grid.width, grid.y + grid.height];
  const across = x.ticks.map(({ at, label }) => ({ at: sharp(px.base + at * px.per), label }));
  const up = y.ticks.map(({ at, label }) => ({ at: sharp(py.base + at * py.per), label }));
  rules(across.map(({ at }) => [at, grid.y, at, bottom]), 0.35);
  rules(up.map(({ at }) => [grid.x, at, right, at]), 0.7);
  rules([[grid.x, sharp(bottom), right, sharp(bottom)]], 1);
  for (const { at, label } of apart(across, ({ label }) => (label.length * CHARACTER) / 2)) {
    write(label, { x: at, y: bottom + GAP }, { align: "center", verticalAlign: "top" });
  }
  for (const { at, label } of apart(up, () => SIZE / 2)) write(label, { x: grid.x - GAP, y: at }, { align: "right", verticalAlign: "middle" });
  if (look.title) write(look.title, { x: 12, y: 8 }, { align: "left", verticalAlign: "top", fill: look.text, font: `600 14px ${look.font}` });
  return group;
}

/** In the middle of a pixel, where a line of one pixel is sharp. */
function sharp(at) {
  return Math.round(at) + 0.5;
}

/** The ticks whose labels do not reach into the one that is shown before. */
function apart(ticks, half) {
  const kept = [];
  for (const tick of ticks) {
    const before = kept.at(-1);
    if (!before || Math.abs(tick.at - before.at) >= half(tick) + half(before) + 2) kept.push(tick);
  }
  return kept;
}
