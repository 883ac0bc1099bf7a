// The exact points nearest to the linked place where lines are reduced: asked for when the pointer rests, not while it moves.

import { post } from "../api.js";
import { asker, quiet } from "./loading.js";

// the pointer rests when it has stood still for so long, ms
const REST = 200;
// a request each: more lines than this are not looked up
const MOST = 20;

export class ExactPoints {
  /** @param {object} view a LineView, whose `rows` are made better when answers come */
  constructor(view) {
    this.view = view;
    this.place = "";
    this.found = new Map();
    this.asker = asker();
    this.askSoon = quiet(REST, (rows, place) => void this.ask(rows, place));
  }

  /**
   * Add what is known of the exact points to rows as rowsAt makes them, and look up the rest when the place stands still.
   *
   * @param {object[]} rows the closest first; each gets `exact`: {x, step, value} of the nearest point, or null where the
   *   line is reduced and this is not known; rows of lines that are whole get none
   * @param {{axis: string, x: number, step: number}} place
   */
  add(rows, place) {
    const axis = this.view.axis;
    const asked = place.axis === axis ? [axis, place.x] : ["step", place.step];
    const name = JSON.stringify(asked);
    if (name !== this.place) {
      this.place = name;
      this.found.clear();
      this.asker.drop();
    }
    const missing = [];
    for (const row of rows) {
      if (!this.concerns(row)) continue;
      const known = this.found.get(row.line.key);
      row.exact = known?.answer ?? null;
      if (known?.points !== row.line.points) missing.push(row);
    }
    if (missing.length && Number.isFinite(asked[1])) this.askSoon(missing.slice(0, MOST), asked);
    else this.askSoon.cancel();
  }

  /** Whether a row's line has left points out that can be asked for: a group's mean is no recorded point. */
  concerns({ line, far }) {
    return line.reduced && line.run && !far;
  }

  async ask(rows, [x, around]) {
    const name = this.place;
    const panel = this.view.panel.peek();
    const near = ({ line }, signal) => {
      const { metric, formula } = panel.series[line.series];
      return post("/api/points", { run: line.run, x, around, ...(formula ? { formula } : { metric }) }, { signal });
    };
    try {
      const answers = await this.asker.ask((signal) => Promise.all(rows.map((row) => near(row, signal))));
      if (!answers || name !== this.place) return;
      rows.forEach(({ line }, at) => this.found.set(line.key, { points: line.points, answer: this.read(answers[at], line, x) }));
    } catch {
      return; // the table says that its points are the last of their stretches, which is still so
    }
    const shown = this.view.rows.peek();
    if (!shown) return;
    for (const row of shown.rows) if (this.concerns(row)) row.exact = this.found.get(row.line.key)?.answer ?? null;
    this.view.rows.value = { ...shown };
  }

  read({ points }, line, x) {
    const [point] = points;
    if (!point) return null;
    const axis = this.view.axis;
    const number = (value) => (value === null ? NaN : Number(value));
    const time = number(point.time);
    // asked for by its step, where this panel's axis is another one
    const known = { [x]: number(point.x), time, relative: time - (line.time[0] - line.x[0]) };
    return { x: known[axis] ?? NaN, step: typeof point.step === "string" ? BigInt(point.step) : point.step, value: number(point.value) };
  }

  stop() {
    this.askSoon.cancel();
    this.asker.drop();
  }
}
