// Two ways to see lines: all of them behind one scroll bar, or some hundreds with long ones wrapped.
import {when} from "../format.js";
import {classes, html, useEffect, useLayoutEffect, useRef, useState} from "../html.js";
import {pieces} from "./ansi.js";
import {marked} from "./values.js";

/** The height of a line in pixels, as run.css has it. */
const HEIGHT = 20;
/** Browsers cut what is higher than this: beyond, the scroll bar moves by more than one line a pixel. */
const HIGHEST = 12_000_000;
/** Lines beyond what is seen, and lines of one stretch that is wrapped. */
const SPARE = 20;
const STRETCH = 300;

/** All lines, of which those are drawn that are in sight. */
export function Scrolling({lines, follow, setFollow, text, mark, times, choose}) {
  void lines.version.value; // what it holds changes, not what it is
  const place = useRef(null);
  const [[top, view], setSeen] = useState([0, 600]);
  const count = lines.matched;
  const height = Math.min(count * HEIGHT, HIGHEST);
  const isScaled = height < count * HEIGHT;
  const seenLines = Math.ceil(view / HEIGHT);
  const first = Math.max(0, isScaled ? Math.round((top / Math.max(height - view, 1)) * (count - seenLines)) : Math.floor(top / HEIGHT));
  const from = Math.max(0, first - SPARE);
  const to = Math.min(count - 1, first + seenLines + SPARE);
  const offset = isScaled ? top - (first - from) * HEIGHT : from * HEIGHT;
  const moved = useRef(false);

  const toPlace = (line) => {
    const target = isScaled ? (line / Math.max(count - seenLines, 1)) * (height - view) : line * HEIGHT - view / 2;
    place.current.scrollTop = Math.max(0, target);
  };
  useLayoutEffect(() => {
    const element = place.current;
    const observer = new ResizeObserver(() => setSeen([element.scrollTop, element.clientHeight]));
    observer.observe(element);
    // the newest line is what people come for, unless a link names another, to which the effect below goes
    if (mark === null || text) element.scrollTop = element.scrollHeight;
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (follow) place.current.scrollTop = place.current.scrollHeight;
  }, [follow, count]);
  useEffect(() => lines.want(from, to), [lines, from, to, lines.version.value]);
  useLayoutEffect(() => {
    if (mark !== null && !text && (mark < first || mark >= first + seenLines - 1)) toPlace(Math.min(mark, count - 1));
  }, [mark]);

  // a browser tells of it a frame later, when the lines may have given way to others
  const onScroll = ({currentTarget: element}) => {
    setSeen([element.scrollTop, element.clientHeight]);
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 2 * HEIGHT;
    if (moved.current && follow && !isAtEnd) setFollow(false); // whoever scrolls up wants to read
    moved.current = false;
  };
  const touched = () => (moved.current = true);
  return html`<div class="run-lines" ref=${place} tabindex="0" role="region" aria-label="Lines" onScroll=${onScroll}
      onWheel=${touched} onTouchMove=${touched} onKeyDown=${touched} onPointerDown=${touched}>
    <div class="run-lines-all" style=${{height: `${height}px`}}>
      <div class="run-lines-seen" style=${{transform: `translateY(${offset}px)`}}>
        ${range(from, to).map((at) => html`<${Line} key=${at} line=${lines.at(at)} ...${{text, mark, times, choose}} />`)}
      </div>
    </div>
  </div>`;
}

/** One stretch of lines, wrapped, with a way to those before and after it. */
export function Flowing({lines, follow, setFollow, text, mark, times, choose}) {
  void lines.version.value;
  const count = lines.matched;
  const end = Math.max(count - STRETCH, 0);
  const [start, setStart] = useState(mark !== null && !text ? Math.max(Math.min(mark - STRETCH / 2, end), 0) : end);
  const place = useRef(null);
  const from = follow ? end : Math.min(start, end);
  const to = Math.min(from + STRETCH, count) - 1;
  useEffect(() => lines.want(from, to), [lines, from, to, lines.version.value]);
  useLayoutEffect(() => {
    if (follow) place.current.scrollTop = place.current.scrollHeight;
  }, [follow, count, lines.version.value]);
  useLayoutEffect(() => {
    const target = place.current.querySelector(".is-marked");
    if (target) target.scrollIntoView({block: "center"});
    else place.current.scrollTop = place.current.scrollHeight; // the newest line is what people come for
  }, []);
  useLayoutEffect(() => {
    if (mark === null || text || (mark >= from && mark <= to)) return;
    go(Math.min(mark, count - 1) - 20);
  }, [mark]);
  const go = (to_) => {
    setFollow(false);
    setStart(Math.min(Math.max(to_, 0), end));
    place.current.scrollTop = 0;
  };
  return html`<div class="run-lines is-wrapped" ref=${place} tabindex="0" role="region" aria-label="Lines">
    ${from > 0 && html`<p class="run-bar"><button type="button" class="button" onClick=${() => go(0)}>First lines</button>
      <button type="button" class="button" onClick=${() => go(from - STRETCH + 20)}>Earlier lines</button></p>`}
    ${range(from, to).map((at) => html`<${Line} key=${at} line=${lines.at(at)} ...${{text, mark, times, choose}} />`)}
    ${to + 1 < count && html`<p class="run-bar"><button type="button" class="button" onClick=${() => go(from + STRETCH - 20)}>Later lines</button>
      <button type="button" class="button" onClick=${() => go(end)}>Last lines</button></p>`}
  </div>`;
}

function range(from, to) {
  return Array.from({length: Math.max(to - from + 1, 0)}, (_, at) => from + at);
}

function Line({line, text, mark, times, choose}) {
  if (!line) return html`<div class="run-line is-waiting"></div>`;
  return html`<div class=${classes("run-line", `is-${line.stream}`, line.n === mark && "is-marked", !line.final && "is-open")}>
    <button type="button" class="run-line-number" tabindex="-1" title=${`${when(line.time)}, ${line.stream}${line.rank ? `, rank ${line.rank}` : ""}`}
      aria-label=${`Line ${line.n + 1}`} onClick=${() => choose(line)}>${line.n + 1}</button>
    ${times && html`<time>${when(line.time).slice(11)}</time>`}
    <span class="run-line-text">${pieces(line.text).map((piece) => (piece.classes
      ? html`<span class=${piece.classes}>${marked(piece.text, text)}</span>` : marked(piece.text, text)))}${line.cut && html`<span class="run-faint"> … the line is longer</span>`}</span>
  </div>`;
}
