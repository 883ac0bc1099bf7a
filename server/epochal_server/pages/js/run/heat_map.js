// Histograms over steps: a heat map of all of them, and the one of the step that the slider is on.
import {number, stepText} from "../format.js";
import {html, useEffect, useMemo, useRef, useState} from "../html.js";
import {theme} from "../theme.js";
import {Exhibit} from "./exhibit.js";
import {runApi, useLoaded, Waiting} from "./load.js";

const BINS = 64;
const COLUMNS = 400;

/** `name`: the key; `item`: the histogram at `step`; `choose(step)` moves the slider. */
export function HeatMap({run, name, item, step, choose, tick}) {
  const of = useLoaded(runApi(run, "histograms", {key: name, index: item.index, rank: item.rank, width: COLUMNS, bins: BINS}), tick);
  const map = of.data;
  if (!map) return html`<${Waiting} of=${of} what="The histograms" />`;
  const at = Math.max(map.columns.findLastIndex((column) => column.first <= step), 0);
  const column = map.columns[at];
  return html`<${Exhibit} item=${item} facts=${factsOf(item)} wide>
    ${map.columns.length > 1 && html`<${Map} map=${map} at=${at} choose=${choose} name=${name} />`}
    ${column && html`<${Bars} map=${map} column=${column} />`}
    ${map.missing_count > 0 && html`<p class="run-faint">${number(map.missing_count)} could not be read: step ${stepText(map.missing[0].step)}, ${map.missing[0].why}.</p>`}
  <//>`;
}

function factsOf(item) {
  const named = (word, value) => typeof value === "number" && `${word} ${number(value)}`;
  return [
    typeof item.count === "number" && `${number(item.count)} values`,
    named("min", item.min), named("mean", item.mean), named("std", item.std), named("max", item.max),
    item.nan > 0 && `${number(item.nan)} NaN`, item.below > 0 && `${number(item.below)} −∞`, item.above > 0 && `${number(item.above)} ∞`,
    item.outside > 0 && `${number(item.outside)} outside the bins`,
  ];
}

function Map({map, at, choose, name}) {
  const canvas = useRef(null);
  const [hover, setHover] = useState(null);
  const shade = theme.value;
  // each column by its own sum: what counts is how the values are spread, not how many there were
  const shares = useMemo(() => map.columns.map(({counts}) => {
    const sum = counts.reduce((all, count) => all + count, 0) || 1;
    return counts.map((count) => count / sum);
  }), [map]);
  const most = useMemo(() => Math.max(...shares.map((column) => Math.max(...column)), 1e-12), [shares]);
  useEffect(() => paint(canvas.current, shares, most), [shares, most, shade]);
  const place = (event) => {
    const box = canvas.current.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * map.columns.length);
    const y = Math.floor((1 - (event.clientY - box.top) / box.height) * map.bins);
    return x >= 0 && x < map.columns.length && y >= 0 && y < map.bins ? [x, y] : null;
  };
  const click = (event) => {
    const found = place(event);
    if (found) choose(map.columns[found[0]].last);
  };
  const wide = 100 / map.columns.length;
  return html`<div class="run-heat">
    <div class="run-heat-scale" aria-hidden="true"><span>${number(map.high)}</span><span>${number((map.low + map.high) / 2)}</span><span>${number(map.low)}</span></div>
    <div class="run-heat-place">
      <canvas ref=${canvas} width=${map.columns.length} height=${map.bins} role="img"
        aria-label=${`Heat map of ${name}: ${map.total} steps, values from ${number(map.low)} to ${number(map.high)}; the slider above chooses a step`}
        onMouseMove=${(event) => setHover(place(event))} onMouseLeave=${() => setHover(null)} onClick=${click}></canvas>
      <span class="run-heat-mark" style=${{left: `${at * wide}%`, width: `${wide}%`}} aria-hidden="true"></span>
    </div>
    <div class="run-heat-steps" aria-hidden="true"><span>${stepText(map.columns[0].first)}</span><span>step</span><span>${stepText(map.columns.at(-1).last)}</span></div>
    <p class="run-heat-told run-faint">${hover ? told(map, hover) : map.reduced
      ? `Reduced: ${number(map.total)} steps in ${map.columns.length} columns.` : "The stronger the colour, the more of a step’s values; point to a place to read it."}</p>
  </div>`;
}

function told(map, [x, y]) {
  const column = map.columns[x];
  const span = (map.high - map.low) / map.bins;
  const steps = column.first === column.last ? `step ${stepText(column.first, {full: true})}` : `steps ${stepText(column.first, {full: true})} to ${stepText(column.last, {full: true})}`;
  return `${steps}: ${number(column.counts[y], {digits: 5})} values from ${number(map.low + y * span)} to ${number(map.low + (y + 1) * span)}`;
}

function paint(canvas, shares, most) {
  const context = canvas.getContext("2d");
  const bins = shares[0].length;
  const image = context.createImageData(shares.length, bins);
  const [low, high] = ["--sunken", "--accent"].map((name) => colour(canvas, name));
  shares.forEach((column, x) => column.forEach((share, bin) => {
    const weight = Math.sqrt(share / most); // thin tails are seen too
    const at = ((bins - 1 - bin) * shares.length + x) * 4;
    for (let part = 0; part < 3; part += 1) image.data[at + part] = low[part] + (high[part] - low[part]) * weight;
    image.data[at + 3] = 255;
  }));
  context.putImageData(image, 0, 0);
}

/** A colour of the theme as red, green and blue. */
function colour(element, name) {
  const probe = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  probe.fillStyle = getComputedStyle(element).getPropertyValue(name).trim() || "#888";
  probe.fillRect(0, 0, 1, 1);
  return probe.getImageData(0, 0, 1, 1).data;
}

function Bars({map, column}) {
  const most = Math.max(...column.counts, 1e-12);
  const label = `Histogram of step ${stepText(column.last, {full: true})}: ${map.bins} bins from ${number(map.low)} to ${number(map.high)}`;
  return html`<div class="run-bars">
    <svg viewBox=${`0 0 ${map.bins} 100`} preserveAspectRatio="none" role="img" aria-label=${label}>
      ${column.counts.map((count, bin) => count > 0 && html`<rect key=${bin} x=${bin + 0.04} width="0.92" y=${100 - (count / most) * 100} height=${(count / most) * 100} />`)}
    </svg>
    <div class="run-heat-steps" aria-hidden="true"><span>${number(map.low)}</span><span>value</span><span>${number(map.high)}</span></div>
  </div>`;
}
