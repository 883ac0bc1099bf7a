// Pointer and keyboard over a line panel: the linked place, the stretch to zoom to, and the table's place held by a click.

import { batch, effect } from "../html.js";
import { ExactPoints } from "./exact_points.js";
import { fromPixel, toPixel } from "./geometry.js";
import { byCloseness, dotsOf, rowsAt, stepText } from "./hover.js";
import { exact, placeText } from "./axes.js";

const DRAG = 6;

/** @returns {() => void} what ends it */
export function attachPointer(view, element, zoom) {
  const own = new Pointer(view, element, zoom);
  const names = { pointermove: "move", pointerdown: "down", pointerup: "up", pointercancel: "cancel", pointerleave: "leave", dblclick: "reset", keydown: "key", blur: "leave" };
  const listeners = Object.entries(names).map(([name, method]) => [name, (event) => own[method](event)]);
  for (const [name, listener] of listeners) element.addEventListener(name, listener);
  const stop = effect(() => own.follow());
  return () => {
    stop();
    own.exact.stop();
    for (const [name, listener] of listeners) element.removeEventListener(name, listener);
    if (view.store.hover.peek()?.source === view) view.store.hover.value = null;
  };
}

class Pointer {
  constructor(view, element, zoom) {
    Object.assign(this, { view, element, zoom, from: null, chosen: null, exact: new ExactPoints(view) });
  }

  at(event) {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  inside({ x }) {
    const { grid } = this.view.plot ?? {};
    return grid && x >= grid.x - 2 && x <= grid.x + grid.width + 2;
  }

  move(event) {
    const { plot } = this.view;
    if (!plot?.grid) return;
    const at = this.at(event);
    if (this.from !== null) {
      const right = plot.grid.x + plot.grid.width;
      const to = Math.max(plot.grid.x, Math.min(right, at.x));
      this.chosen = Math.abs(to - this.from) >= DRAG ? [this.from, to] : null;
      if (this.chosen) {
        plot.setMarks(null, [], this.chosen);
        return;
      }
    }
    if (!this.inside(at)) {
      this.leave();
      return;
    }
    this.point(at.x, at.y);
  }

  /** Say to all panels where the pointer is. */
  point(x, y) {
    const { plot, store } = this.view;
    const axis = this.view.axis;
    const place = { source: this.view, axis, x: fromPixel(plot.px, x), step: NaN, key: null, series: 0, y };
    const [closest] = byCloseness(rowsAt(this.view.drawn.peek(), place, axis), plot, y);
    if (closest) Object.assign(place, { step: closest.step, key: closest.line.run ?? closest.line.key, line: closest.line.key });
    store.hover.value = place;
  }

  leave() {
    const { store } = this.view;
    if (store.hover.peek()?.source === this.view) store.hover.value = null;
  }

  down(event) {
    const at = this.at(event);
    if (event.button !== 0 || !this.inside(at)) return;
    this.from = at.x;
    this.element.setPointerCapture(event.pointerId);
  }

  up(event) {
    if (this.from === null) return;
    const { plot, store } = this.view;
    const { chosen } = this;
    const wasAt = this.from;
    this.from = this.chosen = null;
    if (chosen) {
      const [low, high] = chosen.map((pixel) => fromPixel(plot.px, pixel)).sort((one, other) => one - other);
      if (high > low) this.zoom([low, high]);
    } else if (Math.abs(this.at(event).x - wasAt) < DRAG && event.detail < 2) {
      store.held.value = store.held.peek() ? null : store.hover.peek();
    }
  }

  cancel() {
    this.from = this.chosen = null;
    this.follow();
  }

  reset() {
    batch(() => {
      this.view.store.held.value = null;
      this.zoom(null);
    });
  }

  key(event) {
    const { plot, store } = this.view;
    if (!plot?.grid || event.ctrlKey || event.metaKey || event.altKey) return;
    const handled = this.keys[event.key];
    if (!handled) return;
    if (event.key === "Escape" && !store.hover.peek() && !store.held.peek()) return;
    event.preventDefault();
    event.stopPropagation();
    handled.call(this, event);
  }

  keys = {
    ArrowLeft: (event) => this.walk(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => this.walk(event.shiftKey ? 10 : 1),
    ArrowUp: () => this.next(-1),
    ArrowDown: () => this.next(1),
    "+": () => this.closer(0.5),
    "=": () => this.closer(0.5),
    "-": () => this.closer(2),
    0: () => this.reset(),
    Enter: () => (this.view.store.held.value = this.view.store.hover.peek()),
    Escape: () => {
      this.view.store.held.value = null;
      this.leave();
    },
  };

  /** The row that the keyboard stands on: of the line that was pointed to last, else of the first. */
  row() {
    const { store, plot } = this.view;
    const lines = this.view.drawn.peek();
    const hover = store.hover.peek();
    const middle = fromPixel(plot.px, plot.grid.x + plot.grid.width / 2);
    const place = hover?.source === this.view ? hover : { axis: this.view.axis, x: middle };
    const rows = rowsAt(lines, place, this.view.axis);
    return { rows, row: rows.find((row) => row.line.key === place.line) ?? rows[0] };
  }

  walk(by) {
    const { row } = this.row();
    if (!row) return;
    const index = Math.max(0, Math.min(row.line.x.length - 1, row.index + by));
    this.stand({ ...row, index, x: row.line.x[index], y: row.line.y[index], step: row.line.step?.[index] });
  }

  next(by) {
    const { rows, row } = this.row();
    if (!row) return;
    this.stand(rows[(rows.indexOf(row) + by + rows.length) % rows.length]);
  }

  stand(row) {
    const { plot, store } = this.view;
    const axis = this.view.axis;
    const place = { source: this.view, axis, x: row.x, step: row.step, key: row.line.run ?? row.line.key, line: row.line.key, series: row.line.series, y: toPixel(plot.py, row.y) };
    store.hover.value = place;
    const where = axis === "step" ? `step ${stepText(row.line, row.index)}` : `${placeText(row.x, axis)}, step ${stepText(row.line, row.index)}`;
    store.said.value = `${row.line.label}: ${exact(row.y)} at ${where}`;
  }

  closer(share) {
    const { plot, store } = this.view;
    const { grid } = plot;
    const hover = store.hover.peek();
    const middle = hover?.source === this.view ? toPixel(plot.px, hover.x) : grid.x + grid.width / 2;
    const half = (grid.width * share) / 2;
    const all = this.view.whole?.();
    const low = fromPixel(plot.px, middle - half);
    const high = fromPixel(plot.px, middle + half);
    this.zoom(share > 1 && all && low <= all[0] && high >= all[1] ? null : [low, high]);
  }

  /** Show the linked place in this panel, wherever the pointer is. */
  follow() {
    const { view } = this;
    const { store } = view;
    const place = store.held.value ?? store.hover.value;
    const lines = view.drawn.value;
    const { plot } = view;
    if (!plot?.grid) return;
    if (!view.near.value || this.chosen) return;
    if (!place || !lines.length) {
      // the run that the pointer is on in the table
      const key = store.highlighted.value;
      plot.setMarks(null, [], null, key === null ? null : lines.find((line) => line.run === key && line.kind === "line"));
      view.rows.value = null;
      this.exact.stop();
      return;
    }
    const axis = view.axis;
    const rows = rowsAt(lines, place, axis);
    const ours = place.source === view;
    const sorted = ours ? byCloseness(rows, plot, place.y) : rows;
    const strongest = (ours && rows.find((row) => row.line.key === place.line)) || rows.find((row) => row.line.run === place.key) || sorted[0];
    if (!ours && strongest) sorted.splice(sorted.indexOf(strongest), 1) && sorted.unshift(strongest);
    const x = place.axis === axis ? place.x : (strongest?.x ?? NaN);
    const pixel = toPixel(plot.px, x);
    plot.setMarks(Number.isFinite(pixel) ? pixel : null, dotsOf(sorted, plot, strongest), null, strongest?.line);
    this.exact.add(sorted, place);
    view.rows.value = { rows: sorted, strongest, ours, place, pixel };
  }
}
