// One line panel at work: asks when it is in view, draws what has come, and keeps what it has while it asks again.

import { computed, effect, signal } from "../html.js";
import { grown } from "../live.js";
import { makeAxis } from "./axes.js";
import { clipOf, extents } from "./extents.js";
import { draw, forget } from "./frames.js";
import { linePicture, lineTable } from "./line_export.js";
import { joinedNote } from "./joined_note.js";
import { needsServer, notesOf, prepared } from "./line_data.js";
import { asker, quiet } from "./loading.js";
import { followNear } from "./nearness.js";
import { currentLook } from "./look.js";
import { Plot } from "./plot.js";
import { bodyFor, fetchCurves, widthFor } from "./request.js";
import { followSize } from "./sizing.js";
import { loadZRender } from "./zrender.js";

// between two moves of a slider that is drawn along, at most, in ms
const DRAWN_ALONG = 250;

export class LineView {
  constructor(store, panel) {
    this.store = store;
    this.panel = signal(panel);
    this.near = signal(false);
    this.size = signal(null);
    this.plotReady = signal(false);
    this.base = signal(null);
    this.detail = signal(null);
    this.stale = signal(0);
    this.status = signal({ state: "waiting", notes: [], lines: 0 });
    /** The lines as drawn last; the pointer and the table read them. */
    this.drawn = signal([]);
    /** The axis under them: until an answer has come, another one than `how` wants. */
    this.axis = panel.x ?? store.x.peek();
    /** The values at the linked place: {rows, strongest, ours, place, pixel}, or null. */
    this.rows = signal(null);
    this.askers = { base: asker(), detail: asker() };
    this.loaded = { base: null, detail: null };
    this.busy = { base: false, detail: false };
    this.movedAt = -Infinity;
    this.needs = computed(() => needsServer(this.base.value));
    this.askSoon = quiet(60, () => this.load(true));
    this.stops = [];
  }

  /** @param {HTMLElement} element in which the plot is drawn */
  start(element) {
    this.element = element;
    this.stops.push(followNear(element, this.near), followSize(element, this.size));
    this.stops.push(effect(() => void this.load(false)));
    this.stops.push(effect(() => this.loadDetail()));
    this.stops.push(effect(() => this.grow(grown.value)));
    this.stops.push(effect(() => this.drawSoon()));
    const opening = effect(() => {
      if (this.near.value && this.size.value) this.open();
    });
    this.stops.push(opening);
  }

  stop() {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.askSoon.cancel();
    forget(this);
    this.askers.base.drop();
    this.askers.detail.drop();
    this.plot?.dispose();
  }

  async open() {
    if (this.opening) return;
    this.opening = true;
    try {
      const zrender = await loadZRender();
      if (this.stopped) return;
      this.plot = new Plot(zrender, this.element, this.size.peek());
      this.plotReady.value = true;
    } catch (error) {
      this.opening = false;
      this.fail(error);
    }
  }

  /** What this panel's axes are: its own choice, else the workspace's. */
  how() {
    const { store } = this;
    const panel = this.panel.value;
    return {
      x: panel.x ?? store.x.value,
      logx: panel.logx ?? store.logx.value,
      logy: panel.logy ?? store.logy.value,
      clip: panel.clip ?? store.clip.value,
      range: panel.range ?? null,
    };
  }

  group() {
    return this.store.group.value;
  }

  body(range, smoothing) {
    const { store } = this;
    const how = this.how();
    const keys = store.keysText.value ? store.keysText.value.split("\n") : [];
    const lines = keys.length * this.panel.value.series.length;
    const width = widthFor(this.size.value.width, lines);
    const asked = { ...how, keys, width, range, smoothing, ghosts: store.ghosts.value, group: this.group(), system: store.context.system };
    return bodyFor(this.panel.value, asked);
  }

  load(now) {
    if (!this.near.value || !this.size.value) return;
    const smoothing = this.store.smoothing.value;
    const body = this.body(null, smoothing);
    const what = JSON.stringify({ ...body, smoothing: 0 });
    const { base: loaded } = this.loaded;
    const stale = this.stale.value;
    if (loaded?.what === what && loaded.stale === stale) {
      if (!this.needs.value || loaded.smoothing === smoothing) return;
      // only the slider has moved: while it is drawn along it will move again in a moment
      const before = this.movedAt;
      this.movedAt = performance.now();
      if (!now && this.movedAt - before < DRAWN_ALONG) return void this.askSoon();
    }
    // a run that grows all the time must not break off each request by the next one
    if (this.busy.base && loaded?.what === what && loaded.smoothing === smoothing) return;
    this.loaded.base = { what, stale, smoothing };
    void this.ask("base", body, (answer) => (this.base.value = answer));
  }

  loadDetail() {
    const base = this.base.value;
    const { range } = this.how();
    if (!range || !base || !this.near.value) {
      if (!range) {
        this.detail.value = null;
        this.loaded.detail = null;
      }
      return;
    }
    if (!needsServer(base)) return; // all points are here
    const body = this.body(range, this.store.smoothing.value);
    const what = JSON.stringify(body);
    if (this.loaded.detail?.what === what && this.loaded.detail.base === base) return;
    if (this.busy.detail && this.loaded.detail?.what === what) return;
    this.loaded.detail = { what, base };
    void this.ask("detail", body, (answer) => (this.detail.value = { range, answer }));
  }

  async ask(which, body, keep) {
    if (!body.runs.length) {
      keep({ lines: [], clip: null, x: body.x, group: body.group ?? null });
      return;
    }
    this.busy[which] = true;
    if (!this.base.peek()) this.status.value = { ...this.status.peek(), state: "loading" };
    const wanted = this.loaded[which];
    try {
      const known = which === "base" ? this.base.peek() : this.detail.peek()?.answer;
      const answer = await this.askers[which].ask((signal) => fetchCurves(body, signal, known));
      if (answer && !this.stopped) {
        this.busy[which] = false;
        keep(answer);
      }
    } catch (error) {
      if (!this.stopped) this.fail(error);
    } finally {
      if (this.loaded[which] === wanted) {
        this.busy[which] = false;
        // it grew again meanwhile
        if (which === "base" && wanted && this.stale.peek() !== wanted.stale && !this.stopped) this.load(false);
      }
    }
  }

  fail(error) {
    this.loaded = { base: null, detail: null };
    this.status.value = { ...this.status.peek(), state: "failed", error: error.detail || error.message };
  }

  /** Ask again after a failure. */
  retry() {
    this.status.value = { ...this.status.peek(), state: "loading", error: null };
    if (!this.plot) void this.open();
    this.stale.value += 1;
  }

  /** How far the lines reach, zoomed or not; null before there are any. */
  whole() {
    const base = this.base.peek();
    return base && extents(base.lines.filter((line) => line.x?.length), { ...this.how(), range: null, clip: null }).x;
  }

  /** @returns {Promise<string>} the panel as SVG */
  picture(title, width, height) {
    return linePicture(this, title, width, height);
  }

  /** @returns {{head: string[], rows: unknown[][]}} the points that are drawn */
  table() {
    return lineTable(this, this.panel.peek(), this.axis);
  }

  grow(news) {
    if (!news?.keys.length || news === this.news) return;
    this.news = news;
    const byKey = this.store.byKey.peek();
    if (news.keys.some((key) => byKey.has(key))) this.stale.value = this.stale.peek() + 1;
  }

  drawSoon() {
    if (!this.plotReady.value || !this.base.value || !this.near.value) return;
    // everything that a drawing depends on is read here, so that the effect comes again when it changes
    const { store } = this;
    const wanted = {
      how: this.how(),
      panel: this.panel.value,
      size: this.size.value,
      look: currentLook(),
      smoothing: store.smoothing.value,
      byKey: store.byKey.value,
      base: this.base.value,
      detail: this.detail.value,
    };
    draw(this, () => this.paint(wanted));
  }

  paint(wanted) {
    if (this.stopped) return;
    const { plot } = this;
    const { size, look, base, detail, smoothing } = wanted;
    const { range } = wanted.how;
    const answer = detail && range && String(detail.range) === String(range) ? detail.answer : base;
    const how = { ...wanted.how, x: answer.x };
    if (plot.width !== size.width || plot.height !== size.height) plot.resize(size.width, size.height);
    const lines = prepared(answer, smoothing, wanted);
    const found = this.extentsOf(answer, lines, how, smoothing);
    const kind = how.x === "relative" || how.x === "time" ? how.x : "number";
    const x = makeAxis(...found.x, { log: how.logx, kind, pixels: size.width, across: true });
    const y = makeAxis(...found.y, { log: how.logy, pad: 0.05, pixels: size.height });
    const moved = plot.setAxes(x, y, look);
    plot.setLines(lines, moved);
    plot.paint();
    this.last = { how, look, found };
    this.axis = how.x;
    this.drawn.value = lines;
    this.finish(answer, lines, found, how);
  }

  extentsOf(answer, lines, how, smoothing) {
    const clip = how.clip ? clipOf(answer) : null;
    // smoothing alone does not move the axes, but where only a stretch is seen, or the edges of a band are smoothed
    const of = answer.of ?? answer;
    const key = JSON.stringify([how, clip, how.range || answer.group ? smoothing : 0, lines.length]);
    if (this.extent?.of === of && this.extent.key === key) return this.extent.found;
    const found = extents(lines, { ...how, clip });
    this.extent = { of, key, found };
    return found;
  }

  finish(answer, lines, found, how) {
    const notes = [...notesOf(answer, lines, found, { ...how, clip: how.clip && clipOf(answer) }), ...joinedNote(answer)];
    const status = { state: lines.length ? "drawn" : "empty", notes, lines: lines.length, x: found.x, y: found.y };
    const before = this.status.peek();
    if (JSON.stringify(before) !== JSON.stringify(status)) this.status.value = status;
  }
}
