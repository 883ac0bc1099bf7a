// Keeps a signal as large as an element is.

// an element that is folded away, or not laid out yet, has next to no size
const LEAST = 20;

/** Keeps the signal `size` {width, height} as an element is, in whole pixels; returns what ends it. */
export function followSize(element, size) {
  const observer = new ResizeObserver(([entry]) => {
    const { width, height } = entry.contentRect;
    if (width > LEAST && height > LEAST) size.value = { width: Math.round(width), height: Math.round(height) };
  });
  observer.observe(element);
  return () => observer.disconnect();
}
