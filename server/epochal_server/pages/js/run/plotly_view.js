// A figure of Plotly: drawn where its traces are of the common kinds, with what is left out, and all of it as a tree.
import {loadECharts} from "../charts/echarts.js";
import {currentLook} from "../charts/look.js";
import {html, useEffect, useMemo, useRef, useSignal, useState} from "../html.js";
import {Exhibit, spoken} from "./exhibit.js";
import {useLoaded, Waiting} from "./load.js";
import {readFigure} from "./plotly.js";
import {Tree} from "./tree.js";

/** A larger file is not read unasked, in bytes. */
const MOST_READ = 8 << 20;

export function PlotlyFigure({item}) {
  const isSmall = !(item.bytes > MOST_READ);
  const of = useLoaded(isSmall && !item.missing ? item.url : null);
  const look = currentLook();
  const {option, left} = useMemo(() => (of.data === null ? {option: null, left: []} : readFigure(of.data, look)), [of.data, look]);
  return html`<${Exhibit} item=${item} facts=${[option ? "Plotly, drawn by Epochal" : "Plotly, as JSON"]} wide>
    ${isSmall && of.data === null ? html`<${Waiting} of=${of} what="The figure" />` : html`
      ${option && html`<${Drawn} option=${option} label=${spoken(item)} />`}
      ${option && left.length > 0 && html`<p class="run-missing">Left out here: ${left.join(", ")}.</p>`}
      ${!option && html`<p class="run-missing"><span>${isSmall ? `Nothing of this figure can be drawn here${left.length ? ` (${left.join(", ")})` : ""}` : "This figure is too large to be drawn here"}: save it, and
        <code>plotly.io.read_json(file)</code> opens it, still interactive.</span></p>`}
      <${Parts} item=${item} />`}
  <//>`;
}

function Drawn({option, label}) {
  const place = useRef(null);
  const chart = useRef(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    let isGone = false;
    const resized = new ResizeObserver(() => chart.current?.resize());
    loadECharts().then((echarts) => {
      if (isGone) return;
      chart.current ??= echarts.init(place.current);
      chart.current.setOption(option, {notMerge: true});
      place.current.dataset.state = "drawn";
      resized.observe(place.current);
    }).catch((error) => isGone || setProblem(error));
    return () => {
      isGone = true;
      resized.disconnect();
    };
  }, [option]);
  useEffect(() => () => {
    chart.current?.dispose();
    chart.current = null;
  }, []);
  if (problem) return html`<p class="run-missing" role="alert">${problem.message}</p>`;
  return html`<div class="run-plotly" ref=${place} role="img" aria-label=${label}></div>`;
}

/** What a figure is made of. */
function Parts({item}) {
  const [open, setOpen] = useState(false);
  const of = useLoaded(open ? item.url : null);
  const find = useSignal("");
  return html`<details open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>Its traces and layout</summary>
    ${open && (of.data === null ? html`<${Waiting} of=${of} what="The figure" />` : html`<${Tree} value=${of.data} label="figure" find=${find} closed />`)}
  </details>`;
}
