// zrender, the library that ECharts draws with, loaded once and only when the first line panel is drawn; and the shapes
// of ours that it draws. Of ECharts a line panel would use little, and wait for five times as much.

// the radii of a dot's rings, in pixels
const DOT = [0.5, 1.25, 2];

let loading = null;

/** @returns {Promise<object>} the library */
export function loadZRender() {
  loading ??= import("../../vendor/zrender.js").then(
    () => globalThis.zrender, // it knows no modules
    () => {
      loading = null; // so that the next panel tries again
      throw new Error("The chart library could not be loaded. Is the server still running? Reload the page to try again.");
    },
  );
  return loading;
}

let shapes = null;

/**
 * Shapes of many points in pixels: `Curve` and `Band` take one flat array x0, y0, x1, y1, …, in which NaN breaks a line,
 * `Rules` straight lines as [x1, y1, x2, y2] each.
 *
 * @returns {{Curve: Function, Band: Function, Rules: Function}}
 */
export function shapesOf(zrender) {
  const made = (type, shape, buildPath) => zrender.Path.extend({ type, shape, buildPath });
  shapes ??= {
    Curve: made("epochalCurve", { points: [] }, curve),
    Band: made("epochalBand", { points: [] }, band),
    Rules: made("epochalRules", { lines: [] }, rules),
  };
  return shapes;
}

function rules(path, shape) {
  for (const [x1, y1, x2, y2] of shape.lines) {
    path.moveTo(x1, y1);
    path.lineTo(x2, y2);
  }
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
