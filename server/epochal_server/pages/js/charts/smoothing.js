// TensorBoard's smoothing, as core/epochal/smoothing.py has it: lines that are here whole need no request for a slider.

/**
 * Smooth by index; NaN and infinities stay where they are and are not counted.
 *
 * @param {Float64Array} values
 * @param {number} weight 0 leaves the values as they are; below 1
 * @returns {Float64Array} the same array where there is nothing to smooth
 */
export function smooth(values, weight) {
  const count = values.length;
  if (!(weight > 0) || constant(values)) return values;
  const out = new Float64Array(count);
  const share = 1 - weight;
  let last = 0;
  let left = 1; // weight ** n: what the average still owes to its start at zero
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (value - value !== 0) {
      out[i] = value;
      continue;
    }
    last = last * weight + share * value;
    left *= weight;
    out[i] = last / (1 - left);
  }
  return out;
}

function constant(values) {
  const first = values[0];
  for (let i = 1; i < values.length; i++) if (values[i] !== first) return false;
  return true;
}
