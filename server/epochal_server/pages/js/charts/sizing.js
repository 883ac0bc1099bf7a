// Keeps a signal as large as an element is.

// an element that is folded away, or not laid out yet, has next to no size
const LEAST = 20;

/** Keeps the signal `size` {width, height} as an element is, in whole pixels; returns what ends it. */
export function followSize(element, size) {
  const take = (width, height) => {
    const before = size.peek();
    if (width <= LEAST || height <= LEAST || (before?.width === width && before.height === height)) return;
    size.value = { width, height };
  };
  // an observer tells only after the next frame
  take(element.clientWidth, element.clientHeight);
  const observer = new ResizeObserver(([{ contentRect }]) => take(Math.round(contentRect.width), Math.round(contentRect.height)));
  observer.observe(element);
  return () => observer.disconnect();
}
