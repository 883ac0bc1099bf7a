// A shape in space that can be turned: by dragging, by the arrow keys, and nearer by plus and minus.
import {html, useEffect, useRef, useState} from "../html.js";
import {Failed, Loading} from "../states.js";
import {theme} from "../theme.js";
import {readPly} from "./ply.js";
import {drawShape, extent} from "./shape_drawing.js";

const START = {turn: 0.6, tilt: 0.5, zoom: 1};
const KEYS = {ArrowLeft: {turn: -0.15}, ArrowRight: {turn: 0.15}, ArrowUp: {tilt: 0.15}, ArrowDown: {tilt: -0.15}, "+": {zoom: 1.2}, "-": {zoom: 1 / 1.2}};

/** `url`: of a PLY; `label`: what it is. */
export function ShapeView({url, label}) {
  const [shape, setShape] = useState(null);
  const [error, setError] = useState(null);
  const [look, setLook] = useState(START);
  const canvas = useRef(null);
  const shade = theme.value;
  useEffect(() => {
    const control = new AbortController();
    read(url, control.signal).then(setShape, (problem) => control.signal.aborted || setError(problem));
    return () => control.abort();
  }, [url]);
  useEffect(() => {
    if (!shape) return undefined;
    const frame = requestAnimationFrame(() => fit(canvas.current) && drawShape(canvas.current, shape, shape.extent, look, ink(canvas.current)));
    return () => cancelAnimationFrame(frame);
  }, [shape, look, shade]);
  if (error) return html`<${Failed} title="The shape could not be drawn" error=${error} />`;
  if (!shape) return html`<${Loading} what="Loading the shape" />`;
  const move = ({turn = 0, tilt = 0, zoom = 1}) => setLook((old) => ({
    turn: old.turn + turn,
    tilt: Math.min(Math.max(old.tilt + tilt, -Math.PI / 2), Math.PI / 2),
    zoom: Math.min(Math.max(old.zoom * zoom, 0.2), 40),
  }));
  const onKeyDown = (event) => {
    const by = KEYS[event.key === "=" ? "+" : event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(by);
  };
  const onPointerMove = (event) => event.buttons === 1 && move({turn: event.movementX * 0.01, tilt: event.movementY * 0.01});
  return html`<div class="run-shape">
    <canvas ref=${canvas} tabindex="0" role="img" aria-label=${`${label}: turn it with the arrow keys, plus and minus`} onKeyDown=${onKeyDown}
      onPointerDown=${(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove=${onPointerMove}></canvas>
    <p class="run-bar"><span class="run-faint">Drag to turn it.</span>
      <button type="button" class="button" onClick=${() => move(KEYS["+"])}>Nearer</button>
      <button type="button" class="button" onClick=${() => move(KEYS["-"])}>Farther</button>
      <button type="button" class="button" onClick=${() => setLook(START)}>Reset</button></p>
  </div>`;
}

async function read(url, signal) {
  const answer = await fetch(url, {signal});
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const shape = readPly(await answer.arrayBuffer());
  return {...shape, extent: extent(shape.points)};
}

/** Give a canvas as many pixels as it has on the screen. */
function fit(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  [canvas.width, canvas.height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  return canvas.width > 0;
}

/** The theme's accent as red, green and blue. */
function ink(canvas) {
  const probe = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  probe.fillStyle = getComputedStyle(canvas).getPropertyValue("--accent").trim() || "#888";
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
