// What lies over an image: boxes with their labels, and masks with a colour for each class.
import {number} from "../format.js";
import {html, useEffect, useRef} from "../html.js";

/** Colours that colour-blind eyes tell apart, for classes and labels; they lie on pictures, not on the page. */
const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#bbbbbb"];
/** How much of the picture a mask lets through, 0 to 255. */
const VEIL = 130;

/** The colour of a class of a mask; 0 is the ground and has none. */
export function colourOfClass(id) {
  return COLOURS[(id - 1 + COLOURS.length * 32768) % COLOURS.length];
}

function colourOfLabel(label) {
  let hash = 7;
  for (const sign of label ?? "") hash = (Math.imul(hash, 31) + sign.codePointAt(0)) >>> 0;
  return COLOURS[hash % COLOURS.length];
}

/** The boxes of an image, placed by shares of its size so that they grow with it. */
export function Boxes({item}) {
  return html`<span class="run-boxes">${item.boxes.map((box, at) => {
    const [x0, y0, x1, y1] = shares(box, item);
    const colour = colourOfLabel(box.label);
    const text = [box.label, typeof box.score === "number" && number(box.score, {digits: 3})].filter(Boolean).join(" ");
    return html`<span key=${at} class="run-box" style=${{
      left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%`, borderColor: colour,
    }}>${text && html`<span class=${`run-box-label${y0 < 0.08 ? " is-inside" : ""}`} style=${{background: colour}}>${text}</span>`}</span>`;
  })}</span>`;
}

function shares(box, item) {
  const [w, h] = box.relative ? [1, 1] : [item.width || 1, item.height || 1];
  const [x0, y0, x1, y1] = box.edges;
  const cut = (value) => Math.min(Math.max(value, 0), 1);
  return [cut(Math.min(x0, x1) / w), cut(Math.min(y0, y1) / h), cut(Math.max(x0, x1) / w), cut(Math.max(y0, y1) / h)];
}

/** A mask's ids as colours: read from the grey values of its PNG. */
export function MaskLayer({url}) {
  const canvas = useRef(null);
  useEffect(() => {
    let current = true;
    const image = new Image();
    image.onload = () => current && canvas.current && paint(canvas.current, image);
    image.src = url;
    return () => (current = false);
  }, [url]);
  return html`<canvas class="run-mask" ref=${canvas} aria-hidden="true"></canvas>`;
}

function paint(canvas, image) {
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const colours = Array.from({length: 256}, (_, id) => (id ? rgb(colourOfClass(id)) : [0, 0, 0]));
  for (let at = 0; at < pixels.data.length; at += 4) {
    const id = pixels.data[at];
    const [red, green, blue] = colours[id];
    pixels.data.set([red, green, blue, id ? VEIL : 0], at);
  }
  context.putImageData(pixels, 0, 0);
}

function rgb(hex) {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
