// A line panel as a picture with title and legend, and as a table of its points.

import { makeAxis } from "./axes.js";
import { stepText } from "./hover.js";
import { Plot } from "./plot.js";
import { loadZRender } from "./zrender.js";

const HEAD = 34;
const LEGEND_ROW = 18;

/** @returns {Promise<string>} SVG */
export async function linePicture(view, title, width, height) {
  const { last } = view;
  if (!last) throw new Error("nothing is drawn yet");
  const entries = [...new Map(view.drawn.peek().filter((line) => line.kind !== "ghost").map((line) => [line.label, line])).values()];
  const perRow = Math.max(1, Math.floor((width - 20) / 170));
  const shown = entries.slice(0, perRow * 6);
  const rows = Math.ceil(shown.length / perRow);
  const plot = new Plot(await loadZRender(), null, { renderer: "svg", width, height: height + HEAD + rows * LEGEND_ROW, top: HEAD, bottom: rows * LEGEND_ROW });
  try {
    const { how, look, found } = last;
    const kind = how.x === "relative" || how.x === "time" ? how.x : "number";
    plot.setAxes(
      makeAxis(...found.x, { log: how.logx, kind, pixels: width, across: true }),
      makeAxis(...found.y, { log: how.logy, pad: 0.05, pixels: height }),
      { ...look, title },
    );
    plot.setLines(view.drawn.peek());
    plot.setLegend(shown, entries.length - shown.length, { perRow, top: height + HEAD });
    return plot.svg();
  } finally {
    plot.dispose();
  }
}

/** @returns {{head: string[], rows: unknown[][]}} the points as drawn: of reduced lines one row for each stretch */
export function lineTable(view, panel, axis) {
  const lines = view.drawn.peek();
  const own = axis !== "step" && axis !== "time";
  const banded = lines.some((line) => line.low);
  const smoothed = lines.some((line) => line.raw);
  const head = ["run", "metric", "kind", "step", "time", ...(own ? [axis.replace(/^metric:/, "")] : []), "value"];
  if (smoothed) head.push("smoothed");
  if (banded) head.push("low", "high");
  const rows = [];
  for (const line of lines) {
    const series = panel.series[line.series];
    const values = line.raw ?? line.y;
    for (let i = 0; i < line.x.length; i++) {
      const row = [line.name, series?.metric ?? series?.formula, line.reduced ? "reduced" : line.kind, line.stepBase === null ? line.step?.[i] : stepText(line, i).replace(/,/g, ""), line.time?.[i]];
      if (own) row.push(line.x[i]);
      row.push(values[i]);
      if (smoothed) row.push(line.y[i]);
      if (banded) row.push(line.low?.[i] ?? null, line.high?.[i] ?? null);
      rows.push(row);
    }
  }
  return { head, rows };
}
