// ECharts, loaded once and only when the first chart is drawn, and the one shape of ours that it draws lines with.

// the radii of a dot's rings, in pixels
const DOT = [0.5, 1.25, 2];

let loading = null;

/** @returns {Promise<object>} the library */
export function loadECharts() {
  loading ??= import("../../vendor/echarts.js").catch(() => {
    loading = null; // so that the next panel tries again
    throw new Error("The chart library could not be loaded. Is the server still running? Reload the page to try again.");
  });
  return loading;
}

let shapes = null;

/**
 * Shapes that take their points in pixels as one flat array x0, y0, x1, y1, …; NaN breaks a line.
 *
 * ECharts' own line series costs several times as much per point, since it keeps, compares and lays out each.
 *
 * @returns {{Curve: Function, Band: Function}}
 */
export function lineShapes(echarts) {
  shapes ??= {
    Curve: echarts.graphic.extendShape({ type: "epochalCurve", shape: { points: [] }, buildPath: curve }),
    Band: echarts.graphic.extendShape({ type: "epochalBand", shape: { points: [] }, buildPath: band }),
  };
  return shapes;
}

function curve(path, shape) {
  const { points } = shape;
  let open = false;
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i];
    const y = points[i + 1];
    if (y !== y || x !== x) {
      open = false;
      continue;
    }
    if (open) path.lineTo(x, y);
    else {
      path.moveTo(x, y);
      const next = points[i + 3];
      // a point with a gap on both sides would be invisible
      if (next !== next || next === undefined) dot(path, x, y);
    }
    open = true;
  }
}

/** A dot of a line's own colour: rings that touch, since a line fills nothing. */
function dot(path, x, y) {
  for (const radius of DOT) {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
  }
}

/** Points are x, low, high in threes. */
function band(path, shape) {
  const { points } = shape;
  const count = points.length / 3;
  let from = 0;
  while (from < count) {
    while (from < count && points[from * 3 + 1] !== points[from * 3 + 1]) from += 1;
    let to = from;
    while (to < count && points[to * 3 + 1] === points[to * 3 + 1]) to += 1;
    if (to > from) {
      path.moveTo(points[from * 3], points[from * 3 + 2]);
      for (let i = from + 1; i < to; i++) path.lineTo(points[i * 3], points[i * 3 + 2]);
      for (let i = to - 1; i >= from; i--) path.lineTo(points[i * 3], points[i * 3 + 1]);
      path.closePath();
    }
    from = to;
  }
}
