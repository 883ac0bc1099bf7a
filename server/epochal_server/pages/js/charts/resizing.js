// Resizing a panel: by dragging its corner, or by arrow keys on it. Widths are columns of the grid, heights pixels.

const STEP = 40;
const LEAST = 140;
const MOST = 1200;

/** The listeners of a panel's corner. */
export function resizer(panel, store, change) {
  const size = { w: panel.w ?? 1, h: panel.h ?? store.height.peek() };
  const to = (w, h, element) => {
    const columns = element ? columnsOf(element.closest(".panel-grid")) : 12;
    const wide = Math.max(1, Math.min(columns, w));
    const high = Math.max(LEAST, Math.min(MOST, Math.round(h / 10) * 10));
    change({ w: wide === 1 ? undefined : wide, h: high === store.height.peek() ? undefined : high });
    store.said.value = `${panel.title}: ${wide} ${wide === 1 ? "column" : "columns"} wide, ${high} pixels high`;
  };
  return {
    onPointerDown: (event) => drag(event, size, to),
    onKeyDown: (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      to(size.w + by[0], size.h + by[1], event.currentTarget);
    },
    onDblClick: () => change({ w: undefined, h: undefined }),
  };
}

/** How many columns a grid has now. */
export function columnsOf(grid) {
  return getComputedStyle(grid).gridTemplateColumns.split(" ").length;
}

function drag(event, size, to) {
  if (event.button !== 0) return;
  event.preventDefault();
  const handle = event.currentTarget;
  const panel = handle.closest(".panel");
  const grid = panel.closest(".panel-grid");
  const columns = columnsOf(grid);
  const column = grid.getBoundingClientRect().width / columns;
  const box = panel.getBoundingClientRect();
  const from = { x: event.clientX, y: event.clientY };
  let last = "";
  handle.setPointerCapture(event.pointerId);
  const move = (at) => {
    const w = Math.max(1, Math.min(columns, Math.round((box.width + at.clientX - from.x) / column)));
    const h = size.h + at.clientY - from.y;
    const wanted = `${w} ${Math.round(h / 10)}`;
    if (wanted !== last) to(w, h, handle);
    last = wanted;
  };
  const end = () => {
    handle.removeEventListener("pointermove", move);
    handle.removeEventListener("pointerup", end);
    handle.removeEventListener("pointercancel", end);
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", end);
  handle.addEventListener("pointercancel", end);
}
