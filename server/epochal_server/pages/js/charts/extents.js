// How far the lines of a panel reach, and what of them an axis cannot show.

/**
 * @param {object[]} lines as `curves` gives them
 * @param {{logx: boolean, logy: boolean, range: [number, number] | null, clip: [number, number] | null}} how
 * @returns {{x: [number, number], y: [number, number], outside: number, missing: number, impossible: number}}
 *   `outside`: points beyond the clipping; `missing`: points that are NaN or infinite; `impossible`: points that a
 *   logarithmic axis has no place for
 */
export function extents(lines, { logx, logy, range, clip }) {
  const found = { x: [Infinity, -Infinity], y: [Infinity, -Infinity], outside: 0, missing: 0, impossible: 0 };
  for (const line of lines) {
    reach(found.x, line.x, null, logx, null);
    // the original is in view whatever the slider says: the axis stays still while it moves
    const ys = line.raw ?? line.y;
    reach(found.y, ys, line.x, logy, range);
    if (line.raw) reach(found.y, line.y, line.x, logy, range);
    if (line.low && line.high) {
      reach(found.y, line.low, line.x, logy, range);
      reach(found.y, line.high, line.x, logy, range);
    }
    count(found, line, ys, { logx, logy, range, clip });
  }
  if (range) found.x = [...range];
  if (clip) {
    // what lies within the clipping altogether keeps its own, narrower axis
    const low = logy && !(clip[0] > 0) ? found.y[0] : Math.max(clip[0], found.y[0]);
    const high = Math.min(clip[1], found.y[1]);
    if (high >= low) found.y = [low, high];
  }
  return found;
}

/**
 * The values that are left without outliers, as TensorBoard leaves them out: from the 5th to the 95th of 100.
 *
 * Where all points are here they are counted here, unsmoothed: the axis then stands still while a slider moves.
 *
 * @returns {[number, number] | null}
 */
export function clipOf(answer) {
  if (answer.lines.some((line) => line.reduced || line.raw || line.low)) return answer.clip ?? null;
  if (answer.counted !== undefined) return answer.counted;
  const shown = answer.lines.filter((line) => line.kind === "line" && line.y?.length);
  const all = new Float64Array(shown.reduce((sum, line) => sum + line.y.length, 0));
  let count = 0;
  for (const line of shown) for (const value of line.y) if (value - value === 0) all[count++] = value;
  const values = all.subarray(0, count).sort();
  answer.counted = count > 2 ? [values[Math.ceil((count - 1) * 0.05)], values[Math.floor((count - 1) * 0.95)]] : null;
  return answer.counted;
}

function reach(into, values, xs, log, range) {
  let [low, high] = into;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value - value !== 0 || (log && !(value > 0))) continue;
    if (range && (xs[i] < range[0] || xs[i] > range[1])) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  into[0] = low;
  into[1] = high;
}

function count(found, line, ys, { logx, logy, range, clip }) {
  for (let i = 0; i < ys.length; i++) {
    const x = line.x[i];
    if (range && (x < range[0] || x > range[1])) continue;
    const low = line.reduced && line.low ? line.low[i] : ys[i];
    const high = line.reduced && line.high ? line.high[i] : ys[i];
    if (ys[i] - ys[i] !== 0) found.missing += 1;
    else if ((logy && !(low > 0)) || (logx && !(x > 0))) found.impossible += 1;
    else if (clip && (low < clip[0] || high > clip[1])) found.outside += 1;
  }
}
