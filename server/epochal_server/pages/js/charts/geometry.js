// From values to pixels: arrays that the line shapes take, no longer than the pixels can show.

// far outside every panel, and still harmless for a rasteriser
const FAR = 20000;

/** Numbers that turn a value into a pixel; for logarithmic axes of its logarithm. */
export function projection(axis, from, to) {
  const per = (to - from) / (axis.max - axis.min);
  return { per, base: from - axis.min * per, log: axis.log };
}

export function toPixel({ per, base, log }, value) {
  return base + (log ? Math.log10(value) : value) * per;
}

export function fromPixel({ per, base, log }, pixel) {
  const value = (pixel - base) / per;
  return log ? 10 ** value : value;
}

function clamped(pixel) {
  return pixel > FAR ? FAR : pixel < -FAR ? -FAR : pixel;
}

/**
 * A line as x0, y0, x1, y1, … in pixels; NaN where the value is no number, and where a logarithm has none.
 *
 * @param {Float64Array} xs @param {Float64Array} ys
 * @param {number} columns how many pixels wide the panel is: of more than two points to a pixel the lowest and the
 *   highest are drawn, which covers the same pixels
 */
export function linePoints(xs, ys, px, py, columns) {
  const count = Math.min(xs.length, ys.length);
  const points = new Float32Array(count * 2);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const y = py.log ? Math.log10(ys[i]) : ys[i];
    const x = px.log ? Math.log10(xs[i]) : xs[i];
    const finite = y - y === 0 && x - x === 0;
    points[at++] = finite ? clamped(px.base + x * px.per) : NaN;
    points[at++] = finite ? clamped(py.base + y * py.per) : NaN;
  }
  return count > columns * 2 ? thinned(points, columns) : points;
}

/** Of each pixel column the lowest and the highest point, in their order: what stands between them is covered anyway. */
function thinned(points, columns) {
  const made = new Float32Array(Math.min(points.length, (columns + 4) * 8));
  let at = 0;
  let i = 0;
  while (i < points.length) {
    // a line that goes back and forth crosses more pixel columns than there are: then all of it is drawn
    if (at + 4 > made.length) return points;
    const column = Math.floor(points[i]);
    let low = i;
    let high = i;
    if (column === column) {
      for (i += 2; i < points.length && Math.floor(points[i]) === column; i += 2) {
        if (points[i + 1] < points[low + 1]) low = i;
        if (points[i + 1] > points[high + 1]) high = i;
      }
    } else {
      while (i < points.length && points[i] !== points[i]) i += 2;
    }
    const [first, second] = low < high ? [low, high] : [high, low];
    made[at++] = points[first];
    made[at++] = points[first + 1];
    if (first === second) continue;
    made[at++] = points[second];
    made[at++] = points[second + 1];
  }
  return made.subarray(0, at);
}

/** A band as x, low, high in threes, in pixels. */
export function bandPoints(xs, low, high, px, py) {
  const count = xs.length;
  const points = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) {
    const finite = low[i] - low[i] === 0 && high[i] - high[i] === 0;
    points[i * 3] = clamped(toPixel(px, xs[i]));
    let bottom = toPixel(py, low[i]);
    // the logarithm of nothing lies infinitely far below
    if (py.log && !(low[i] > 0) && high[i] > 0) bottom = FAR;
    points[i * 3 + 1] = finite ? clamped(bottom) : NaN;
    points[i * 3 + 2] = finite ? clamped(toPixel(py, high[i])) : NaN;
  }
  return points;
}

/**
 * The index of the point that lies nearest to a place; -1 without points.
 *
 * @param {Float64Array} xs ascending, unless `sorted` is false
 */
export function nearest(xs, place, sorted = true) {
  if (!xs.length) return -1;
  if (!sorted) {
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < xs.length; i++) {
      const far = Math.abs(xs[i] - place);
      if (far < least) [best, least] = [i, far];
    }
    return best;
  }
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < place) low = middle + 1;
    else high = middle;
  }
  if (low === xs.length) return low - 1;
  return low > 0 && place - xs[low - 1] <= xs[low] - place ? low - 1 : low;
}

export function isSorted(xs) {
  for (let i = 1; i < xs.length; i++) if (!(xs[i] >= xs[i - 1])) return false;
  return true;
}
