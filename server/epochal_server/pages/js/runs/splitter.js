// The line between the table and the charts: dragged, or moved with the arrow keys.

import {html, useRef} from "../html.js";
import {split} from "./asked.js";

const LEAST = 0.15;
const MOST = 0.85;
const STEP = 0.02;

export function Splitter() {
  const line = useRef(null);
  const value = split.signal.value ?? 0.46;
  const put = (share) => split.set(Math.min(MOST, Math.max(LEAST, share)));
  const drag = (event) => {
    if (event.button) return;
    event.preventDefault();
    line.current.setPointerCapture(event.pointerId);
    const box = line.current.parentElement.getBoundingClientRect();
    const move = (moved) => put((moved.clientX - box.left) / box.width);
    line.current.addEventListener("pointermove", move);
    line.current.addEventListener("lostpointercapture", () => line.current?.removeEventListener("pointermove", move), {once: true});
  };
  const keys = (event) => {
    const to = {ArrowLeft: value - STEP, ArrowRight: value + STEP, Home: LEAST, End: MOST}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    put(to);
  };
  return html`<div ref=${line} class="splitter" role="separator" tabindex="0" aria-orientation="vertical" aria-label="Width of the table"
    aria-valuenow=${Math.round(value * 100)} aria-valuemin=${LEAST * 100} aria-valuemax=${MOST * 100} onPointerDown=${drag} onKeyDown=${keys} onDblClick=${() => split.set(null)}></div>`;
}
