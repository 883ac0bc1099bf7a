// Parallel coordinates of runs over columns of config and summary; stretches chosen on its axes filter the table.

import { html } from "../html.js";
import { axisValues } from "./brush_keys.js";
import { baseAxis, cellText, RAMP, tooltip } from "./column_looks.js";
import { ColumnsPanel } from "./columns_panel.js";
import { asNumber, axisKind, wordOf } from "./run_columns.js";
import { columnTitle } from "./titles.js";

const KIND = { columns: (panel) => panel.columns ?? [], option, attach, after, axes, brush };

export function ParallelPanel(props) {
  const names = (props.panel.columns ?? []).map(columnTitle).join(", ");
  return html`<${ColumnsPanel} ...${props} kind=${KIND} label=${`Parallel coordinates over ${names}`} brushes empty="No run has a value of these columns." />`;
}

function option({ panel, data, size, look, byKey, brushed, own, top = 0 }) {
  const columns = panel.columns.filter((column) => data.columns[column]);
  const kinds = columns.map((column) => axisKind(data.columns[column]));
  const rows = [];
  const keys = [];
  data.keys.forEach((key, at) => {
    const value = columns.map((column, which) => cell(data.columns[column][at], kinds[which]));
    if (!value.some((one) => one !== "-")) return;
    keys.push(key);
    rows.push({ value, name: data.names[at], key });
  });
  const last = columns.length - 1;
  const ramp = last >= 0 && kinds[last] !== "category" ? rows.map(({ value }) => value[last]).filter((one) => one !== "-") : [];
  const low = ramp.reduce((one, other) => Math.min(one, other), Infinity);
  const high = ramp.reduce((one, other) => Math.max(one, other), -Infinity);
  const many = Math.max(0.15, Math.min(0.7, 60 / Math.max(1, rows.length)));
  for (const row of rows) {
    const dimmed = brushed && !own && !brushed.has(row.key);
    row.lineStyle = {
      color: ramp.length ? ramped(row.value[last], low, high, kinds[last], look) : (byKey.get(row.key)?.colour ?? look.muted),
      opacity: dimmed ? 0.04 : byKey.has(row.key) ? Math.max(0.85, many) : many,
      width: byKey.has(row.key) ? 2 : 1,
    };
  }
  const room = (size.width - 100) / Math.max(1, last);
  return {
    shown: rows.length,
    keys,
    option: {
      animation: false,
      parallel: { left: 50, right: 60, top: 34 + top, bottom: 16, axisExpandable: false },
      parallelAxis: columns.map((column, dim) => axis(column, dim, kinds[dim], data.columns[column], look, room)),
      tooltip: tooltip(look, ({ data: row }) => [row.name, ...columns.map((column, at) => `${columnTitle(column)}: ${cellText(row.value[at])}`)].join("\n")),
      series: [{ type: "parallel", data: rows, inactiveOpacity: 0.04, activeOpacity: Math.max(0.6, many), emphasis: { lineStyle: { width: 4, opacity: 1 } }, progressive: 400, smooth: false }],
    },
  };
}

/** A value as its axis takes it; "-" is what the library takes for a gap. */
function cell(value, kind) {
  if (value === null || value === undefined) return "-";
  if (kind === "category") return wordOf(value);
  const number = asNumber(value);
  return Number.isFinite(number) && (kind !== "log" || number > 0) ? number : "-";
}

function ramped(value, low, high, kind, look) {
  if (value === "-") return look.muted;
  const shared = kind === "log" ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low)) : (value - low) / (high - low);
  const ramp = RAMP[look.name];
  return ramp[Math.round((Number.isFinite(shared) ? shared : 0.5) * (ramp.length - 1))];
}

function axis(column, dim, kind, values, look, room) {
  const words = kind === "category" ? wordsOf(values) : undefined;
  const base = baseAxis(look, kind);
  return {
    ...base,
    id: column,
    dim,
    name: columnTitle(column),
    nameTruncate: { maxWidth: Math.max(40, room - 10) },
    nameGap: 12,
    scale: true,
    realtime: false,
    data: words,
    axisLine: { lineStyle: { color: look.muted } },
    axisLabel: { ...base.axisLabel, textBorderColor: look.ground, textBorderWidth: 2, width: Math.max(30, room - 16), overflow: "truncate" },
    areaSelectStyle: { width: 16, borderWidth: 1, borderColor: look.accent, color: look.accent, opacity: 0.3 },
  };
}

function wordsOf(values) {
  return [...new Set(values.filter((value) => value !== null && value !== undefined).map(wordOf))].sort();
}

/** The axes that the keyboard moves ranges on, the values from bottom to top. */
function axes({ panel, data }) {
  return panel.columns
    .filter((column) => data.columns[column])
    .map((column) => {
      const values = data.columns[column];
      const kind = axisKind(values);
      const there = values.map((value) => cell(value, kind)).filter((value) => value !== "-");
      return { column, title: columnTitle(column), kind, values: kind === "category" ? wordsOf(values) : axisValues(there) };
    });
}

/** A range of the keyboard, as the library takes what is drawn on an axis: a little wider than its outermost values. */
function brush(view, ends, { column, kind, values }) {
  const range = ends.get(column)?.map((value) => values.indexOf(value));
  const between = (one, other) => (values[one] + (values[other] ?? values[one])) / 2;
  const interval = range && (kind === "category" ? range : [between(range[0], range[0] - 1), between(range[1], range[1] + 1)]);
  view.chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId: column, intervals: interval ? [interval] : [] });
}

function attach(view) {
  view.intervals = new Map();
  view.clearBrush = () => {
    view.restoring = true;
    for (const id of view.intervals.keys()) view.chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId: id, intervals: [] });
    view.restoring = false;
    view.intervals.clear();
    view.ownBrush = null;
    view.drawSoon();
  };
  view.chart.on("axisareaselected", ({ parallelAxisId, intervals }) => {
    if (view.restoring) return;
    if (intervals?.length) view.intervals.set(parallelAxisId, intervals);
    else view.intervals.delete(parallelAxisId);
    const keys = [...view.order.keys()];
    const series = view.chart.getModel().getSeriesByIndex(0);
    const active = view.intervals.size ? new Set(series.getRawIndicesByActiveState("active").map((at) => keys[at])) : null;
    view.ownBrush = active;
    view.store.brushed.value = active;
  });
  view.chart.on("mouseover", ({ data }) => (view.store.highlighted.value = data?.key ?? null));
  view.chart.on("mouseout", () => (view.store.highlighted.value = null));
}

/** A new picture has no stretches chosen: they are put back. */
function after(view, { brushed, own }) {
  if (brushed === null || !own) view.intervals.clear();
  view.restoring = true;
  for (const [id, intervals] of view.intervals) view.chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId: id, intervals });
  view.restoring = false;
}

