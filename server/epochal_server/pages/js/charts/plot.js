// One plot: axes, and above them layers of line shapes that are redrawn each for itself.

import { bandPoints, linePoints, projection } from "./geometry.js";
import { axesOf } from "./plot_axes.js";
import { shapesOf } from "./zrender.js";

// layers are canvases of their own: a slider redraws the smoothed lines and not what was recorded, the pointer neither
const BANDS = 1;
const RECORDED = 2;
const SMOOTHED = 3;
const MARKS = 4;
const LAYERS = { band: BANDS, recorded: RECORDED, smoothed: SMOOTHED };
const FAINT = 0.28;
const MANY = 150;
const SIDES = { top: 6, right: 20, bottom: 26 };

export class Plot {
  /** @param {object} zrender the library @param {HTMLElement | null} element that has a size; null for a picture */
  constructor(zrender, element, { renderer = "canvas", width, height, top = 0, bottom = 0 } = {}) {
    this.zrender = zrender;
    this.shapes = shapesOf(zrender);
    this.zr = zrender.init(element, { renderer, width, height, ssr: !element });
    this.lines = new Map();
    this.strokes = new Map();
    this.group = new zrender.Group({ silent: true });
    this.marks = new zrender.Group({ silent: true });
    this.zr.add(this.group);
    this.zr.add(this.marks);
    this.layered = renderer === "canvas";
    this.sides = { ...SIDES, top: SIDES.top + top, bottom: SIDES.bottom + bottom };
    this.axes = null;
    this.shown = "";
  }

  get width() {
    return this.zr.getWidth();
  }

  get height() {
    return this.zr.getHeight();
  }

  /**
   * Show axes as `makeAxis` makes them.
   *
   * @param {{text: string, line: string, muted: string, font: string}} look
   */
  setAxes(x, y, look) {
    const { width, height } = this;
    const shown = JSON.stringify([x, y, look, width, height]);
    if (shown === this.shown) return false;
    this.shown = shown;
    const longest = Math.max(1, ...y.ticks.map(({ label }) => label.length));
    const left = Math.min(width * 0.4, 14 + longest * 6.6);
    const { top, right, bottom } = this.sides;
    this.grid = { x: left, y: top, width: Math.max(10, width - left - right), height: Math.max(10, height - top - bottom) };
    this.axes = { x, y };
    this.look = look;
    this.px = projection(x, this.grid.x, this.grid.x + this.grid.width);
    this.py = projection(y, this.grid.y + this.grid.height, this.grid.y);
    if (look.title) this.zr.setBackgroundColor(look.ground);
    if (this.drawnAxes) this.zr.remove(this.drawnAxes);
    this.zr.add((this.drawnAxes = axesOf(this.zrender, x, y, this, look)));
    const clip = { ...this.grid, y: this.grid.y - 1, height: this.grid.height + 2 };
    this.group.setClipPath(new this.zrender.Rect({ shape: clip }));
    this.marks.setClipPath(new this.zrender.Rect({ shape: clip }));
    return true;
  }

  /**
   * Draw lines over the axes. What was recorded and the smoothed lines are layers: where the first smoothing comes, what
   * was recorded is not drawn again, its layer turns faint.
   *
   * @param {{key: string, kind?: string, x: Float64Array, y: Float64Array, raw?: Float64Array, low?: Float64Array,
   *   high?: Float64Array, colour: string, dash?: number[] | null, opacity?: number, width?: number}[]} lines in the
   *   order of drawing; arrays that are the same objects as before are not worked out again
   * @param {boolean} moved whether the axes have changed
   */
  setLines(lines, moved = true) {
    const before = moved ? new Map() : this.lines;
    this.lines = new Map();
    const pens = new Map();
    // of very many lines those that look alike are one shape: a thousand shapes cost more than their points
    const alike = lines.length > MANY;
    const faint = lines.some(({ raw }) => raw);
    for (const line of lines) {
      const kept = { x: line.x, band: line.high ? line.low : null, ...valuesOf(line, faint), points: {} };
      const old = before.get(line.key);
      this.lines.set(line.key, kept);
      for (const part of Object.keys(LAYERS)) {
        if (!kept[part]) continue;
        const same = old?.x === kept.x && old[part] === kept[part];
        kept.points[part] = same ? old.points[part] : this.pointsOf(part, line, kept[part]);
        const key = `${part}|${alike ? [line.colour, line.dash, line.opacity, line.width] : line.key}`;
        if (!pens.has(key)) pens.set(key, { part, line, points: [] });
        pens.get(key).points.push(kept.points[part]);
      }
    }
    for (const [key, { part, line, points }] of pens) this.stroke(key, part, points, styleOf(part, line, faint, this.layered));
    for (const [key, { shape }] of this.strokes) {
      if (pens.has(key)) continue;
      this.group.remove(shape);
      this.strokes.delete(key);
    }
    if (!this.layered) return;
    Object.assign(this.zr.painter.getLayer(RECORDED).dom.style, { opacity: faint ? FAINT : 1, willChange: "opacity" });
    if (!faint) this.expectSmoothing();
  }

  /** The layer of smoothed lines is made while nothing else is to be done, so that a slider's first move need not wait. */
  expectSmoothing() {
    if (this.expected) return;
    this.expected = true;
    const later = window.requestIdleCallback ?? setTimeout;
    later(() => {
      if (this.disposed) return;
      const { ctx } = this.zr.painter.getLayer(SMOOTHED);
      ctx.clearRect(0, 0, 1, 1);
    });
  }

  pointsOf(part, line, values) {
    if (part === "band") return bandPoints(line.x, line.low, line.high, this.px, this.py);
    return linePoints(line.x, values, this.px, this.py, this.grid.width);
  }

  stroke(key, part, several, style) {
    const kept = this.strokes.get(key);
    const look = JSON.stringify(style);
    const samePoints = kept && several.length === kept.several.length && several.every((points, at) => points === kept.several[at]);
    if (samePoints && kept.look === look) return;
    const points = several.length === 1 ? several[0] : joined(several, part === "band" ? 3 : 2);
    if (kept) {
      kept.shape.attr({ shape: { points }, style });
      Object.assign(kept, { several, look });
      return;
    }
    const Shape = part === "band" ? this.shapes.Band : this.shapes.Curve;
    const shape = new Shape({ shape: { points }, style, silent: true, zlevel: LAYERS[part] });
    this.group.add(shape);
    this.strokes.set(key, { shape, several, look });
  }

  /** Show the crosshair with dots in pixels, the stretch that is being chosen, and one line strongly; null for none. */
  setMarks(at, dots = [], chosen = null, line = null) {
    const { zrender } = this;
    this.marks.removeAll();
    const { grid, look } = this;
    // what is only taken away would stay on the canvas
    this.zr.refresh();
    if (!grid) return;
    if (chosen) {
      const [from, to] = chosen;
      const shape = { x: Math.min(from, to), y: grid.y, width: Math.abs(to - from), height: grid.height };
      this.marks.add(new zrender.Rect({ shape, style: { fill: look.accent, opacity: 0.18 }, zlevel: MARKS }));
    }
    const drawn = line && this.lines.get(line.key)?.points;
    const strong = drawn && (drawn.smoothed ?? drawn.recorded);
    if (strong && this.lines.size > 1) {
      const style = { fill: null, stroke: line.colour, lineWidth: 3, lineDash: line.dash, lineJoin: "bevel" };
      this.marks.add(new this.shapes.Curve({ shape: { points: strong }, style, zlevel: MARKS, z2: -1 }));
    }
    if (at !== null) {
      const x = Math.round(at) + 0.5;
      const shape = { x1: x, x2: x, y1: grid.y, y2: grid.y + grid.height };
      this.marks.add(new zrender.Line({ shape, style: { stroke: look.muted, lineWidth: 1 }, zlevel: MARKS }));
    }
    for (const dot of dots) {
      const shape = { cx: dot.x, cy: dot.y, r: dot.strong ? 4.5 : 2.5 };
      this.marks.add(new zrender.Circle({ shape, style: { fill: dot.colour, stroke: look.ground, lineWidth: 1 }, zlevel: MARKS, z2: dot.strong ? 1 : 0 }));
    }
  }

  /** Name lines below the plot, for pictures that stand alone. */
  setLegend(lines, more, { perRow, top }) {
    const { zrender, look } = this;
    const font = `11px ${look.font}`;
    const write = (text, x, y, fill) => this.zr.add(new zrender.Text({ style: { x, y, text, fill, font, width: 138, overflow: "truncate", verticalAlign: "middle" } }));
    lines.forEach((line, at) => {
      const x = 14 + (at % perRow) * 170;
      const y = top + 8 + Math.floor(at / perRow) * 18;
      const style = { stroke: line.colour, lineWidth: 2, lineDash: line.dash };
      this.zr.add(new zrender.Line({ shape: { x1: x, y1: y, x2: x + 18, y2: y }, style }));
      const last = at === lines.length - 1 && more > 0;
      write(last ? `and ${more + 1} more` : line.label, x + 24, y, last ? look.muted : look.text);
    });
  }

  /** @returns {string} */
  svg() {
    return this.zr.painter.renderToString();
  }

  /** Paint now what has changed, instead of in the library's next frame. */
  paint() {
    this.zr.refreshImmediately();
  }

  resize(width, height) {
    this.zr.resize({ width, height });
  }

  dispose() {
    this.disposed = true;
    this.zr.dispose();
  }
}

/** What of a line stands in which layer: where nothing is smoothed, all of it is what was recorded. */
function valuesOf(line, faint) {
  if (line.raw) return { recorded: line.raw, smoothed: line.y };
  return faint ? { recorded: null, smoothed: line.y } : { recorded: line.y, smoothed: null };
}

/** Several arrays of points as one, with a gap between them. */
function joined(several, size) {
  const made = new Float32Array(several.reduce((sum, points) => sum + points.length + size, 0));
  let at = 0;
  for (const points of several) {
    made.set(points, at);
    at += points.length;
    made.fill(NaN, at, at + size);
    at += size;
  }
  return made;
}

function styleOf(part, line, faint, layered) {
  const opacity = line.opacity ?? 1;
  if (part === "band") return { fill: line.colour, stroke: null, opacity: 0.16 * opacity };
  // but for its layer's opacity, what was recorded looks as it did before there was smoothing: it need not be drawn again
  return {
    fill: null,
    stroke: line.colour,
    lineWidth: line.width ?? 1.5,
    opacity: (faint && part === "recorded" && !layered ? FAINT : 1) * opacity,
    lineDash: line.dash ?? null,
    lineJoin: "bevel",
  };
}
