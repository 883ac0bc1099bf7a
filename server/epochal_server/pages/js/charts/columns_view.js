// A panel over config and summary at work: asks when it is in view, draws with ECharts, shares what is brushed.

import { effect, signal, untracked } from "../html.js";
import { revision } from "../live.js";
import { legendBelow } from "./column_looks.js";
import { loadECharts } from "./echarts.js";
import { draw, forget } from "./frames.js";
import { asker, quiet } from "./loading.js";
import { followNear } from "./nearness.js";
import { currentLook } from "./look.js";
import { fetchColumns } from "./run_columns.js";
import { followSize } from "./sizing.js";

export class ColumnsView {
  /**
   * @param {object} store @param {object} panel
   * @param {{columns: (panel: object) => string[], option: (wanted: object) => object, attach?: (view: object) => void}} kind
   */
  constructor(store, panel, kind) {
    this.store = store;
    this.kind = kind;
    this.panel = signal(panel);
    this.near = signal(false);
    this.size = signal(null);
    this.ready = signal(false);
    this.data = signal(null);
    this.stale = signal(0);
    this.status = signal({ state: "waiting", notes: [] });
    this.asker = asker();
    this.refresh = quiet(1500, () => (this.stale.value += 1));
    this.stops = [];
  }

  start(element) {
    this.element = element;
    let first = true;
    this.stops.push(
      followNear(element, this.near),
      followSize(element, this.size),
      effect(() => this.load()),
      effect(() => void (this.near.value && this.size.value && this.open())),
      effect(() => this.drawSoon()),
      effect(() => this.lift(this.store.highlighted.value)),
      effect(() => {
        void revision.value;
        if (!first) this.refresh();
        first = false;
      }),
    );
  }

  stop() {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.refresh.cancel();
    this.asker.drop();
    forget(this);
    this.chart?.dispose();
  }

  async open() {
    if (this.opening) return;
    this.opening = true;
    try {
      this.echarts = await loadECharts();
      if (this.stopped) return;
      this.chart = this.echarts.init(this.element, null, this.size.peek());
      this.kind.attach?.(this);
      this.ready.value = true;
    } catch (error) {
      this.opening = false;
      this.fail(error);
    }
  }

  load() {
    if (!this.near.value) return;
    const { store } = this;
    const columns = this.kind.columns(this.panel.value);
    const query = JSON.stringify(store.context.query?.value ?? store.keysText.value);
    const what = `${query} ${columns} ${this.stale.value}`;
    if (what === this.loaded) return;
    this.loaded = what;
    untracked(() => this.ask(columns));
  }

  async ask(columns) {
    if (!this.data.peek()) this.status.value = { state: "loading", notes: [] };
    try {
      const found = await this.asker.ask((abort) => fetchColumns(this.store, columns, abort));
      if (found && !this.stopped) this.data.value = found;
    } catch (error) {
      if (!this.stopped) this.fail(error);
    }
  }

  fail(error) {
    this.loaded = null;
    this.status.value = { state: "failed", notes: [], error: error.detail || error.message };
  }

  retry() {
    this.status.value = { state: "loading", notes: [] };
    if (!this.chart) void this.open();
    this.stale.value += 1;
  }

  /** Everything that a picture depends on. */
  wanted() {
    const { store } = this;
    return {
      panel: this.panel.value,
      data: this.data.value,
      size: this.size.value,
      look: currentLook(),
      byKey: store.byKey.value,
      brushed: store.brushed.value,
      own: store.brushed.value !== null && store.brushed.value === this.ownBrush,
    };
  }

  drawSoon() {
    if (!this.ready.value || !this.data.value || !this.near.value) return;
    const wanted = this.wanted();
    draw(this, () => this.paint(wanted));
  }

  paint(wanted) {
    if (this.stopped) return;
    const { chart } = this;
    const { width, height } = wanted.size;
    if (chart.getWidth() !== width || chart.getHeight() !== height) chart.resize({ width, height, silent: true });
    const { option, shown, legend, notes = [], keys = [] } = this.kind.option(wanted);
    this.order = new Map(keys.map((key, at) => [key, at]));
    this.lifted = undefined;
    this.drawn = wanted;
    chart.setOption(option, { notMerge: true });
    this.kind.after?.(this, wanted);
    this.lift(this.store.highlighted.peek());
    const limited = wanted.data.total > wanted.data.keys.length;
    const text = `first ${wanted.data.keys.length.toLocaleString("en-GB")} of ${wanted.data.total.toLocaleString("en-GB")} runs`;
    const all = limited ? [...notes, { kind: "reduced", text, title: "Filter the table to see others." }] : notes;
    const status = { state: shown ? "drawn" : "empty", notes: all, lines: shown, legend };
    if (JSON.stringify(status) !== JSON.stringify(this.status.peek())) this.status.value = status;
  }

  /** Show one run strongly without drawing the others anew. */
  lift(key) {
    if (!this.drawn || key === this.lifted || this.kind.still) return;
    this.lifted = key;
    this.chart.dispatchAction({ type: "downplay", seriesIndex: 0 });
    const dataIndex = key === null ? -1 : (this.order?.get(key) ?? -1);
    if (dataIndex >= 0) this.chart.dispatchAction({ type: "highlight", seriesIndex: 0, dataIndex });
  }

  /** @returns {Promise<string>} the panel as SVG */
  async picture(title, width, height) {
    if (!this.drawn) throw new Error("nothing is drawn yet");
    const echarts = await loadECharts();
    const { look } = this.drawn;
    const made = this.kind.option({ ...this.drawn, size: { width, height: height + 34 }, top: 34 });
    const below = made.legend ? legendBelow(made.legend, width, look) : { height: 0 };
    const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height: height + 34 + below.height });
    try {
      const option = below.height ? below.under(made.option) : made.option;
      const heading = { text: title, left: 12, top: 8, textStyle: { color: look.text, fontFamily: look.font, fontSize: 14, fontWeight: 600 } };
      chart.setOption({ ...option, backgroundColor: look.ground, title: [heading, ...(option.title ?? [])] });
      return chart.renderToSVGString();
    } finally {
      chart.dispose();
    }
  }

  /** @returns {{head: string[], rows: unknown[][]}} */
  table() {
    const { keys, columns } = this.data.peek();
    const names = Object.keys(columns);
    return { head: ["run", ...names], rows: keys.map((key, at) => [key, ...names.map((name) => columns[name][at])]) };
  }
}
