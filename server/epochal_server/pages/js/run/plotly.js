// A figure of Plotly as a chart of ours: its common traces on one pair of axes, and what of it is left out.
//
// Drawn are scatter (lines, markers, filled to zero), bar, histogram and heatmap. Everything else that a figure can hold
// is named in `left`, so that nobody takes a part of it for all of it.
import {baseAxis, cellText, RAMP, tooltip} from "../charts/column_looks.js";

/** So many points or cells are drawn of a figure; a trace that goes beyond is left out. */
const MOST = 200_000;
const LINES = new Set(["scatter", "scattergl"]);
const PARTS = ["annotations", "shapes", "images", "sliders", "updatemenus"];
const BINS = [5, 100];
/** Colours that mean something to a canvas, and nothing else. */
const COLOUR = /^(#[0-9a-f]{3,8}|rgba?\([\d\s.,%]+\)|[a-z]{3,20})$/i;
const DATE = /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Numbers as Plotly packs them: their type and, in base64, their little-endian bytes. */
const ARRAYS = {f8: Float64Array, f4: Float32Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array};

/**
 * @param {object} figure as `plotly.io.write_json` writes it @param {object} look of the page, as `currentLook` gives it
 * @returns {{option: object | null, left: string[]}} `option` for ECharts, null where nothing of it can be drawn
 */
export function readFigure(figure, look) {
  const traces = Array.isArray(figure?.data) ? figure.data.filter((trace) => trace && typeof trace === "object") : [];
  const layout = figure?.layout && typeof figure.layout === "object" ? figure.layout : {};
  const left = PARTS.filter((part) => layout[part]?.length);
  if (figure?.frames?.length) left.push("frames of an animation");
  const drawn = traces.filter((trace) => {
    const why = trace.visible === false ? "hidden traces" : reason(trace, traces);
    if (why && !left.includes(why)) left.push(why);
    return !why;
  });
  if (!drawn.length) return {option: null, left};
  const kind = typeOf(drawn[0]);
  const made = kind === "heatmap" ? heatmap(drawn[0], layout, look) : kind === "histogram" ? histogram(drawn, layout, look) : plain(drawn, layout, look);
  return {option: {...common(layout, look, made), ...made}, left};
}

function typeOf(trace) {
  return trace.type ?? "scatter";
}

/** Why a trace is left out; the first one decides what the others are drawn beside. */
function reason(trace, traces) {
  const type = typeOf(trace);
  const beside = typeOf(traces.find((each) => each.visible !== false));
  if ((trace.xaxis ?? "x") !== "x" || (trace.yaxis ?? "y") !== "y") return "subplots and second axes";
  if (type === "heatmap") {
    if (trace !== traces.find((each) => each.visible !== false)) return "a heat map beside other traces";
    const rows = matrix(trace.z);
    if (!rows?.length) return "heat maps without values";
    return rows.length * (rows[0]?.length ?? 0) > MOST ? "very large traces" : "";
  }
  if (beside === "heatmap") return "traces over a heat map";
  if (type === "histogram") {
    if (beside !== "histogram") return "histograms beside other traces";
    if (!list(trace.x)?.length || trace.orientation === "h") return "lying histograms";
    if (trace.histnorm || (trace.histfunc && trace.histfunc !== "count") || trace.cumulative?.enabled) return "histograms that do not count";
    return list(trace.x).length > MOST ? "very large traces" : "";
  }
  if (beside === "histogram") return "traces over a histogram";
  if (!LINES.has(type) && type !== "bar") return `traces of type ${type}`;
  if (!list(trace.y)?.length && !list(trace.x)?.length) return "empty traces";
  return Math.max(list(trace.y)?.length ?? 0, list(trace.x)?.length ?? 0) > MOST ? "very large traces" : "";
}

/** A list of values, whether it was written as one or packed. */
export function list(given) {
  if (Array.isArray(given)) return given;
  const Type = ARRAYS[given?.dtype];
  if (!Type || typeof given.bdata !== "string") return null;
  let bytes;
  try {
    bytes = Uint8Array.from(atob(given.bdata), (letter) => letter.charCodeAt(0));
  } catch {
    return null; // no base64
  }
  if (bytes.length % Type.BYTES_PER_ELEMENT) return null;
  return [...new Type(bytes.buffer)];
}

function matrix(given) {
  const values = list(given);
  if (!values || Array.isArray(given)) return values?.map((row) => list(row) ?? []) ?? null;
  const [rows, columns] = String(given.shape ?? "").split(",").map(Number);
  if (!(rows * columns === values.length)) return null;
  return Array.from({length: rows}, (_, row) => values.slice(row * columns, (row + 1) * columns));
}

function text(title) {
  const found = typeof title === "string" ? title : title?.text;
  return typeof found === "string" ? found.replace(/<br\s*\/?>/gi, " ").replace(/<[^>]*>/g, "") : "";
}

function colour(...given) {
  return given.find((each) => typeof each === "string" && COLOUR.test(each));
}

/** Lines, points and bars. */
function plain(traces, layout, look) {
  const lying = traces.every((trace) => typeOf(trace) === "bar" && trace.orientation === "h");
  const places = traces.map((trace) => {
    const [x, y] = [list(trace.x), list(trace.y)];
    const count = Math.max(x?.length ?? 0, y?.length ?? 0);
    const counted = (start, step) => Array.from({length: count}, (_, at) => (start ?? 0) + at * (step ?? 1));
    return {x: x ?? counted(trace.x0, trace.dx), y: y ?? counted(trace.y0, trace.dy)};
  });
  const bars = traces.some((trace) => typeOf(trace) === "bar");
  const kinds = ["x", "y"].map((side) => axisKind(places.flatMap((place) => place[side]), layout[`${side}axis`]?.type, bars && (side === "y") === lying));
  const names = ["x", "y"].map((side, at) => (kinds[at] === "category" ? [...new Set(places.flatMap((place) => place[side]).map(String))] : null));
  const series = traces.map((trace, at) => {
    const own = colour(trace.line?.color, trace.marker?.color) ?? look.palette(at);
    const data = places[at].x.map((x, index) => [value(x, kinds[0]), value(places[at].y[index], kinds[1])]);
    const base = {name: nameOf(trace, at), data, color: own, itemStyle: {color: own}, emphasis: {disabled: true}};
    if (typeOf(trace) === "bar") return {...base, type: "bar", barMaxWidth: 60, stack: stacks(layout) ? "all" : undefined};
    const mode = trace.mode ?? (data.length < 20 ? "lines+markers" : "lines");
    if (!mode.includes("lines")) return {...base, type: "scatter", symbolSize: sizeOf(trace), large: data.length > 5000};
    return {
      ...base,
      type: "line",
      step: trace.line?.shape === "hv" ? "end" : trace.line?.shape === "vh" ? "start" : undefined,
      smooth: trace.line?.shape === "spline" ? 0.3 : false,
      symbol: "circle",
      showSymbol: mode.includes("markers"),
      symbolSize: sizeOf(trace),
      lineStyle: {width: 1.6, type: {dash: "dashed", dot: "dotted"}[trace.line?.dash] ?? "solid"},
      areaStyle: trace.fill === "tozeroy" ? {opacity: 0.2} : undefined,
    };
  });
  return {
    xAxis: axis(layout.xaxis, kinds[0], names[0], look, bars),
    yAxis: axis(layout.yaxis, kinds[1], names[1], look, bars),
    series,
    tooltip: tooltip(look, ({seriesName, value: [x, y]}) => `${seriesName}\n${spoken(x, kinds[0])}: ${spoken(y, kinds[1])}`),
  };
}

function stacks(layout) {
  return layout.barmode === "stack" || layout.barmode === "relative";
}

function sizeOf(trace) {
  return typeof trace.marker?.size === "number" ? Math.min(Math.max(trace.marker.size, 2), 30) : 6;
}

function axisKind(values, told, isBars) {
  if (told === "log") return isBars ? "category" : "log";
  if (told === "category") return "category";
  const some = values.filter((each) => each !== null && each !== undefined);
  if (some.every((each) => typeof each === "number")) return isBars ? "category" : "value";
  return some.every((each) => typeof each === "string" && DATE.test(each)) ? "time" : "category";
}

function value(given, kind) {
  if (given === null || given === undefined) return null;
  if (kind === "category") return String(given);
  if (kind === "time") return Date.parse(given);
  return kind === "log" && given <= 0 ? null : given;
}

function spoken(given, kind) {
  return kind === "time" ? new Date(given).toISOString().replace("T", " ").replace(/(:00)?\.000Z$/, "") : cellText(given);
}

function axis(told, kind, names, look, fromZero = false) {
  const base = baseAxis(look, kind);
  if (kind === "time") delete base.axisLabel.formatter;
  const range = Array.isArray(told?.range) && kind === "value" && told.range.every((end) => typeof end === "number") ? told.range : null;
  return {
    ...base,
    name: text(told?.title),
    nameLocation: "middle",
    nameGap: 30,
    scale: !fromZero,
    inverse: told?.autorange === "reversed" || (range ? range[0] > range[1] : false),
    ...(range ? {min: Math.min(...range), max: Math.max(...range)} : {}),
    ...(names ? {data: names} : {}),
  };
}

/** Values counted into bins that all traces share; words are counted one by one. */
function histogram(traces, layout, look) {
  const all = traces.map((trace) => list(trace.x).filter((each) => each !== null && each !== undefined));
  const isNumbers = all.flat().every((each) => typeof each === "number");
  const numbers = isNumbers ? all.map((values) => values.filter(Number.isFinite)) : [];
  const bins = isNumbers ? binsOf(numbers, traces) : [...new Set(all.flat().map(String))];
  const counts = all.map((values, at) => {
    const count = bins.map(() => 0);
    if (!isNumbers) for (const each of values) count[bins.indexOf(String(each))] += 1;
    else for (const each of numbers[at]) count[Math.min(Math.max(Math.floor((each - bins[0]) / bins.step), 0), bins.length - 1)] += 1;
    return count;
  });
  const over = layout.barmode === "overlay";
  const series = counts.map((data, at) => {
    const own = colour(traces[at].marker?.color) ?? look.palette(at);
    return {
      type: "bar", name: nameOf(traces[at], at), data, color: own, itemStyle: {color: own, opacity: over ? 0.6 : 1}, emphasis: {disabled: true},
      barCategoryGap: "4%", barGap: over ? "-100%" : "0%", stack: stacks(layout) ? "all" : undefined,
    };
  });
  const words = bins.map((low) => (isNumbers ? short(low) : low));
  return {
    xAxis: axis(layout.xaxis, "category", words, look),
    yAxis: axis({title: "count", ...layout.yaxis}, "value", null, look, true),
    series,
    tooltip: tooltip(look, ({seriesName, dataIndex, value: count}) => `${seriesName}\n${isNumbers ? `${words[dataIndex]} to ${short(bins[dataIndex] + bins.step)}` : words[dataIndex]}: ${count}`),
  };
}

function short(number) {
  return String(Number(number.toPrecision(6)));
}

function binsOf(lists, traces) {
  let [low, high, count] = [Infinity, -Infinity, 0];
  for (const values of lists) {
    for (const each of values) [low, high] = [Math.min(low, each), Math.max(high, each)];
    count = Math.max(count, values.length);
  }
  if (!(low <= high)) return Object.assign([0], {step: 1});
  const wanted = traces.find((trace) => trace.nbinsx > 0)?.nbinsx ?? 2 * Math.cbrt(count);
  const rough = (high - low || 1) / Math.min(Math.max(wanted, BINS[0]), BINS[1]);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = traces[0].xbins?.size > 0 && (high - low) / traces[0].xbins.size < 1000 ? traces[0].xbins.size : power * [1, 2, 5, 10].find((part) => part * power >= rough * 0.999);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Object.assign(Array.from({length: last - first}, (_, at) => (first + at) * step), {step});
}

function heatmap(trace, layout, look) {
  const rows = matrix(trace.z);
  const width = Math.max(...rows.map((row) => row.length));
  const [x, y] = [list(trace.x), list(trace.y)].map((names, at) => Array.from({length: at ? rows.length : width}, (_, index) => String(names?.[index] ?? index)));
  const data = rows.flatMap((row, up) => row.map((each, across) => [across, up, typeof each === "number" ? each : null])).filter(([, , each]) => each !== null);
  const ends = data.reduce(([low, high], [, , each]) => [Math.min(low, each), Math.max(high, each)], [Infinity, -Infinity]);
  return {
    xAxis: axis(layout.xaxis, "category", x, look),
    yAxis: axis(layout.yaxis, "category", y, look),
    series: [{type: "heatmap", data, progressive: 0}],
    visualMap: {
      min: trace.zmin ?? ends[0], max: trace.zmax ?? ends[1], calculable: false, hoverLink: false, orient: "vertical", right: 4, top: "middle",
      itemHeight: 160, itemWidth: 12, text: [trace.zmax ?? ends[1], trace.zmin ?? ends[0]].map((end) => String(Number(end.toPrecision(3)))),
      textStyle: {color: look.muted, fontFamily: look.font}, inRange: {color: RAMP[look.name] ?? RAMP.light},
    },
    tooltip: tooltip(look, ({value: [across, up, each]}) => `${x[across]}, ${y[up]}: ${cellText(each)}`),
  };
}

function nameOf(trace, at) {
  return text(trace.name) || `trace ${at}`;
}

function common(layout, look, {series, visualMap}) {
  const title = text(layout.title);
  const legend = series.length > 1 && layout.showlegend !== false;
  const style = {color: look.text, fontFamily: look.font};
  return {
    animation: false,
    title: title ? {text: title, left: "center", top: 6, textStyle: {...style, fontSize: 14}} : undefined,
    legend: legend ? {type: "scroll", top: title ? 30 : 6, textStyle: {...style, fontSize: 12}} : undefined,
    grid: {left: 44, right: visualMap ? 84 : 24, top: 16 + (title ? 26 : 0) + (legend ? 26 : 0), bottom: 40, containLabel: true},
  };
}
