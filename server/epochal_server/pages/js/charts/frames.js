// Drawing in turns: what many panels want to draw is spread over frames, so that the page is never held up for long.

const waiting = new Map();
let asked = false;
let turn = 0;

// as long as one frame may take before the rest waits for the next one
const BUDGET = 45;

/**
 * Draw soon: in the next frame, or in a later one where this frame is full. Of several under one key the last counts.
 *
 * @param {object} key whoever draws @param {() => void} draw
 */
export function draw(key, draw) {
  waiting.set(key, draw);
  if (!asked) {
    asked = true;
    requestAnimationFrame(run);
  }
}

/** @param {object} key whose drawing is no longer wanted */
export function forget(key) {
  waiting.delete(key);
}

let tellFirst;
/** Resolves when something has been drawn for the first time since the page was loaded. */
export const firstDrawn = new Promise((resolve) => (tellFirst = resolve));

/** Whether nothing waits to be drawn. */
export function settled() {
  return waiting.size === 0;
}

function run() {
  const start = performance.now();
  turn += 1;
  for (const [key, draw] of waiting) {
    waiting.delete(key);
    draw();
    if (performance.now() - start > BUDGET) break;
  }
  tellFirst();
  asked = waiting.size > 0;
  if (asked) requestAnimationFrame(run);
}

/** @returns {number} how many frames have drawn something */
export function turns() {
  return turn;
}
