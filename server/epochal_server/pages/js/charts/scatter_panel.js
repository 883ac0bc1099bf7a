// A scatter plot of runs over two columns of config and summary; a rectangle drawn in it filters the table.

import { html } from "../html.js";
import { exact } from "./axes.js";
import { axisValues, keysWithin } from "./brush_keys.js";
import { ColumnsPanel } from "./columns_panel.js";
import { asNumber, axisKind, scatterKinds, wordOf } from "./run_columns.js";
import { baseAxis, RAMP, tooltip } from "./column_looks.js";
import { columnTitle } from "./titles.js";

const KIND = {
  columns: (panel) => [panel.across, panel.up, panel.colour].filter(Boolean),
  option,
  attach,
  axes,
  brush,
};

export function ScatterPanel(props) {
  const { panel } = props;
  const label = `Scatter plot of ${columnTitle(panel.up)} over ${columnTitle(panel.across)}`;
  return html`<${ColumnsPanel} ...${props} kind=${KIND} label=${label} brushes empty="No run has a value of both columns." />`;
}

/** The points that can be drawn: a run needs a value in both columns, and a number above zero on a logarithmic axis. */
function points({ panel, data }) {
  const across = data.columns[panel.across];
  const up = data.columns[panel.up];
  const kinds = scatterKinds(panel, data.columns);
  const colours = panel.colour ? data.columns[panel.colour] : null;
  const found = [];
  data.keys.forEach((key, at) => {
    const place = [across[at], up[at]].map((value, which) => (kinds[which] === "category" ? (value === null ? null : wordOf(value)) : asNumber(value)));
    const fine = place.every((value, which) => (typeof value === "string" ? true : value !== null && Number.isFinite(value) && (kinds[which] !== "log" || value > 0)));
    if (fine) found.push({ key, name: data.names[at], value: [...place, colours ? asNumber(colours[at]) : 0], word: colours && wordOf(colours[at]) });
  });
  return { found, kinds, left: data.keys.length - found.length };
}

function option(wanted) {
  const { panel, look, byKey, brushed, top = 0 } = wanted;
  const { found, kinds, left } = points(wanted);
  const ramp = panel.colour && axisKind(wanted.data.columns[panel.colour]) !== "category";
  const words = panel.colour && !ramp ? [...new Set(found.map(({ word }) => word))].sort((one, other) => one.localeCompare(other, "en", { numeric: true })) : null;
  const data = found.map((point) => ({
    value: point.value,
    name: point.name,
    key: point.key,
    word: point.word,
    symbolSize: byKey.has(point.key) ? 9 : 6,
    itemStyle: {
      ...(ramp ? {} : { color: words ? look.palette(words.indexOf(point.word)) : (byKey.get(point.key)?.colour ?? look.muted) }),
      opacity: brushed && !brushed.has(point.key) ? 0.12 : byKey.has(point.key) ? 1 : 0.5,
      borderColor: look.ground,
      borderWidth: byKey.has(point.key) ? 1 : 0,
    },
  }));
  const notes = left ? [{ kind: "missing", text: `${left.toLocaleString("en-GB")} without a place`, title: "Runs that lack one of the values, or have one that the axis has no place for, are left out." }] : [];
  const numbers = ramp ? found.map(({ value }) => value[2]).filter(Number.isFinite) : [];
  return {
    shown: found.length,
    keys: found.map(({ key }) => key),
    notes,
    legend: words?.map((label, at) => ({ label, colour: look.palette(at) })),
    option: {
      animation: false,
      grid: { left: 12, right: ramp ? 74 : 18, top: 26 + top, bottom: 24, containLabel: true, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { ...placed(look, kinds[0], found, 0), name: columnTitle(panel.across), nameLocation: "middle", nameGap: 24, scale: true },
      yAxis: { ...placed(look, kinds[1], found, 1), name: columnTitle(panel.up), nameLocation: "end", nameGap: 8, nameTextStyle: { align: "left", color: look.muted, fontFamily: look.font }, scale: true },
      ...(ramp && numbers.length ? rampMap(numbers, look, panel.colour, top) : {}),
      tooltip: tooltip(look, ({ data: one }) => [one.name, `${columnTitle(panel.up)}: ${shown(one.value[1])}`, `${columnTitle(panel.across)}: ${shown(one.value[0])}`, ...(panel.colour ? [`${columnTitle(panel.colour)}: ${one.word}`] : [])].join("\n")),
      series: [{ type: "scatter", data, cursor: "crosshair", emphasis: { scale: 1.6 } }],
    },
  };
}

function shown(value) {
  return typeof value === "number" ? exact(value) : value;
}

/** An axis; a logarithmic one ends near its points where the library's own would go on to the next powers of ten. */
function placed(look, kind, found, at) {
  const axis = baseAxis(look, kind);
  if (kind !== "log" || !found.length) return axis;
  const values = found.map(({ value }) => value[at]);
  const min = Math.min(...values) / 1.25;
  const max = Math.max(...values) * 1.25;
  const powers = Math.floor(Math.log10(max)) - Math.ceil(Math.log10(min)) + 1;
  return powers < 2 ? axis : { ...axis, min, max, axisLabel: { ...axis.axisLabel, showMinLabel: false, showMaxLabel: false } };
}

/** The ramp of colours with its ends, and above it the column's name. */
function rampMap(numbers, look, column, top) {
  const min = Math.min(...numbers);
  const max = Math.max(...numbers);
  const said = (value) => exact(Number(value.toPrecision(3)));
  const style = { color: look.muted, fontFamily: look.font, fontSize: 10 };
  return {
    title: [{ text: columnTitle(column), right: 4, top: 16 + top, textStyle: { ...style, fontWeight: "normal", width: 68, overflow: "truncate" } }],
    visualMap: {
      type: "continuous",
      dimension: 2,
      min,
      max,
      right: 4,
      top: 34 + top,
      itemHeight: 110,
      itemWidth: 10,
      text: [said(max), said(min)],
      textStyle: style,
      calculable: false,
      inRange: { color: RAMP[look.name] },
    },
  };
}

/** The axes that the keyboard moves ranges on; words in the order that the library gives them, which is as they come. */
function axes(drawn) {
  const { found } = points(drawn);
  return [drawn.panel.across, drawn.panel.up].map((column, at) => ({ column, title: columnTitle(column), values: axisValues(found.map(({ value }) => value[at])) }));
}

function brush(view, ends) {
  const found = ends.size ? keysWithin(axes(view.drawn), ends, points(view.drawn).found) : null;
  view.ownBrush = found;
  view.store.brushed.value = found;
}

/** A rectangle drawn over the points brushes the runs within; a double click shows all again. */
function attach(view) {
  const { element, store } = view;
  let from = null;
  const box = document.createElement("div");
  box.className = "brush-box";
  box.hidden = true;
  element.parentElement.append(box);
  const at = (event) => {
    const { left, top } = element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const within = (one, other) => [0, 1].map((side) => [Math.min(one[side], other[side]), Math.max(one[side], other[side])]);
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = at(event);
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = within(from, at(event));
    box.hidden = x[1] - x[0] < 5 && y[1] - y[0] < 5;
    Object.assign(box.style, { left: `${x[0]}px`, top: `${y[0]}px`, width: `${x[1] - x[0]}px`, height: `${y[1] - y[0]}px` });
  });
  const end = (event) => {
    if (!from) return;
    const [x, y] = within(from, at(event));
    from = null;
    if (!box.hidden && event.type === "pointerup") {
      const inside = new Set();
      for (const { key, value } of points(view.drawn).found) {
        const [px, py] = view.chart.convertToPixel({ gridIndex: 0 }, value.slice(0, 2));
        if (px >= x[0] && px <= x[1] && py >= y[0] && py <= y[1]) inside.add(key);
      }
      store.brushed.value = inside.size ? inside : null;
    }
    box.hidden = true;
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("dblclick", () => (store.brushed.value = null));
  view.stops.push(() => box.remove());
  view.chart.on("mouseover", ({ data }) => (store.highlighted.value = data?.key ?? null));
  view.chart.on("mouseout", () => (store.highlighted.value = null));
}
