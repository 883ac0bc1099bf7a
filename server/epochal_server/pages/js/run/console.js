// What a run has printed: filtered by stream and text, followed while it grows, any line a link.
import {counted, number} from "../format.js";
import {html, useEffect, useMemo, useState} from "../html.js";
import {remembered} from "../memory.js";
import {Empty, Failed, Loading} from "../states.js";
import {flag, number as asNumber, oneOf, param} from "../url.js";
import {Flowing, Scrolling} from "./console_views.js";
import {Lines} from "./console_lines.js";

const search = param("search", {initial: ""});
const stream = param("stream", {initial: "both", ...oneOf("both", "stdout", "stderr")});
const rank = param("rank", {initial: "all"});
const marked = param("line", {initial: null, read: asNumber.read, write: (value) => (value === null ? "" : String(value))});
const wrap = param("wrap", {initial: globalThis.matchMedia?.("(max-width: 700px)").matches ?? false, ...flag});
const times = remembered("console times", false);
/** Milliseconds that a search waits for the next key. */
const PAUSE = 200;
/** Milliseconds between two looks for new lines, while the run goes on and the page is seen. */
const LOOK = 1500;

export function Console({run, tick}) {
  const text = useLater(search.value, PAUSE);
  const filter = {stream: stream.value === "both" ? null : stream.value, rank: rank.value === "all" ? null : rank.value, search: text};
  const lines = useMemo(() => new Lines(run.key, filter), [run.key, stream.value, rank.value, text]);
  const [follow, setFollow] = useState(run.state === "running" && marked.value === null);
  useEffect(() => () => lines.close(), [lines]);
  useEffect(() => void lines.refresh(), [lines, tick]);
  useEffect(() => {
    if (run.state !== "running") return undefined;
    // what is printed is no point of a journal, of which the server tells by itself
    const timer = setInterval(() => document.hidden || lines.refresh(), LOOK);
    return () => clearInterval(timer);
  }, [lines, run.state]);
  void lines.version.value;
  const isFiltered = Boolean(text || filter.stream || filter.rank);
  /** Show a line among the others: what was filtered for goes. */
  const show = (line) => {
    search.value = "";
    stream.value = "both";
    rank.value = "all";
    marked.value = line.n;
    setFollow(false);
  };
  const View = wrap.value ? Flowing : Scrolling;
  return html`<section class="run-card run-console" aria-label="Console">
    <${Bar} run=${run} lines=${lines} follow=${follow} setFollow=${setFollow} isFiltered=${isFiltered} show=${show} />
    ${lines.matched === null ? (lines.error ? html`<${Failed} title="The console could not be loaded" error=${lines.error} retry=${() => lines.refresh()} />` : html`<${Loading} />`)
      : lines.matched === 0 ? html`<${Nothing} isFiltered=${isFiltered} text=${text} run=${run} />`
        : html`<${View} key=${lines} ...${{lines, follow, setFollow, text}} mark=${marked.value} times=${times.value}
            choose=${(line) => (isFiltered ? show(line) : (marked.value = marked.value === line.n ? null : line.n))} />`}
  </section>`;
}

function Bar({run, lines, follow, setFollow, isFiltered, show}) {
  void lines.version.value;
  const goTo = (event) => {
    const wanted = Number(event.target.value.replaceAll(",", ""));
    if (event.key === "Enter" && Number.isInteger(wanted) && wanted > 0) show({n: wanted - 1});
  };
  const streams = {both: "Both", stdout: "stdout", stderr: "stderr"};
  return html`<div class="run-bar">
    <input class="input" type="search" placeholder="Search lines" aria-label="Search console" value=${search.value} onInput=${(event) => (search.value = event.target.value)} />
    <div class="segments" role="group" aria-label="Stream">
      ${Object.entries(streams).map(([name, words]) => html`<button key=${name} type="button" aria-pressed=${stream.value === name} onClick=${() => (stream.value = name)}>${words}</button>`)}
    </div>
    ${run.ranks?.length > 1 && html`<select class="select" aria-label="Rank" value=${rank.value} onChange=${(event) => (rank.value = event.target.value)}>
      <option value="all">All ranks</option>${run.ranks.map((one) => html`<option key=${one} value=${String(one)}>Rank ${one}</option>`)}</select>`}
    <input class="input run-goto" inputmode="numeric" aria-label="Go to line" placeholder="Go to line" onKeyDown=${goTo} />
    <span class="run-faint num" role="status">${lines.matched === null ? "" : isFiltered ? `${number(lines.matched)} of ${counted(lines.total, "line")}` : counted(lines.matched, "line")}</span>
    <span class="run-bar-end">
      <label class="run-inline"><input type="checkbox" checked=${times.value} onChange=${() => (times.value = !times.value)} /> Times</label>
      <label class="run-inline"><input type="checkbox" checked=${wrap.value} onChange=${() => (wrap.value = !wrap.value)} /> Wrap</label>
      <label class="run-inline" title="Keep the newest line in sight"><input type="checkbox" checked=${follow} onChange=${() => setFollow(!follow)} /> Follow</label>
    </span>
  </div>`;
}

function Nothing({isFiltered, text, run}) {
  if (isFiltered) {
    return html`<${Empty} title="No line matches" icon="search" action=${{label: "Show all lines", run: () => {
      search.value = "";
      stream.value = "both";
      rank.value = "all";
    }}}>${text && html`No line has “${text}” in it.`}<//>`;
  }
  return html`<${Empty} title="Nothing was printed" icon="note">${run.state === "running"
    ? "What the training prints appears here by itself." : "Or its output was not recorded: the setting console = false turns that off."}<//>`;
}

/** A value that has stood for a while. */
function useLater(value, pause) {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), pause);
    return () => clearTimeout(timer);
  }, [value]);
  return late;
}
