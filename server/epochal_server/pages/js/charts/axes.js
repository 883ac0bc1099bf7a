// Axes of line panels: where they begin and end, their ticks, and how a place on them is written.

const WHOLE = new Intl.NumberFormat("en-GB");
const UNITS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

/**
 * An axis from `low` to `high` in the values' own units.
 *
 * @param {number} low @param {number} high
 * @param {{log?: boolean, kind?: "number"|"relative"|"time", pad?: number, pixels: number, across?: boolean}} how
 * @returns {{min: number, max: number, log: boolean, kind: string, ticks: {at: number, label: string}[]}} in the axis'
 *   own units: logarithms to base 10 where it is logarithmic
 */
export function makeAxis(low, high, { log = false, kind = "number", pad = 0, pixels, across = false }) {
  let min = log ? Math.log10(low) : low;
  let max = log ? Math.log10(high) : high;
  if (!Number.isFinite(min) || !Number.isFinite(max)) [min, max] = [0, 1];
  if (max - min <= Math.abs(max) * 1e-12) {
    const room = log ? 0.5 : Math.abs(max) * 0.05 || 0.5;
    min -= room;
    max += room;
  }
  const room = (max - min) * pad;
  min -= room;
  max += room;
  const wanted = Math.max(2, Math.floor(pixels / (across ? 68 : 40)));
  return { min, max, log, kind, ticks: log ? logTicks(min, max, wanted) : ticksOf(min, max, wanted, kind) };
}

function ticksOf(min, max, wanted, kind) {
  if (kind === "time") return timeTicks(min, max, wanted);
  const step = kind === "relative" ? unitFor((max - min) / wanted) : niceStep((max - min) / wanted);
  const ticks = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9 && ticks.length < 50; i++) {
    const at = i * step;
    ticks.push({ at, label: kind === "relative" ? durationLabel(at, step) : numberLabel(at, step) });
  }
  return ticks;
}

export function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const share = rough / power;
  return (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10) * power;
}

function unitFor(rough) {
  if (rough < 1) return niceStep(rough);
  return UNITS.find((unit) => unit >= rough) ?? niceStep(rough / 86400) * 86400;
}

function logTicks(min, max, wanted) {
  const decades = max - min;
  if (decades < 0.5) {
    // less than half a decade: round numbers stand closer than powers
    const low = 10 ** min;
    const step = niceStep((10 ** max - low) / wanted);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= 10 ** max && found.length < 50; i++) {
      if (i > 0) found.push({ at: Math.log10(i * step), label: numberLabel(i * step, step) });
    }
    return found;
  }
  const shares = decades <= wanted / 3 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / wanted));
  const ticks = [];
  for (let power = Math.floor(min); power <= max; power++) {
    if (power % every !== 0) continue;
    for (const share of shares) {
      const at = power + Math.log10(share);
      if (at >= min && at <= max) ticks.push({ at, label: numberLabel(share * 10 ** power, 10 ** power) });
    }
  }
  return ticks;
}

function timeTicks(min, max, wanted) {
  const step = unitFor((max - min) / wanted);
  // ticks stand on round hours and days of this place, not of Greenwich
  const shift = new Date(min * 1000).getTimezoneOffset() * 60;
  const ticks = [];
  for (let at = Math.ceil((min - shift) / step) * step + shift; at <= max && ticks.length < 50; at += step) {
    const date = new Date(at * 1000);
    const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
    const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
    const clock = date.toLocaleTimeString("en-GB", step < 60 ? {} : { hour: "2-digit", minute: "2-digit" });
    ticks.push({ at, label: step >= 86400 || midnight ? day : clock });
  }
  return ticks;
}

/** A tick's number, with as many digits as its step needs. */
export function numberLabel(value, step) {
  if (Math.abs(value) < step * 1e-6) return "0";
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-5) return exponent(value, step);
  for (const [over, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= over && (over > 1e3 || size >= 1e4)) return `${fixed(value / over, step / over).replace(/\.0+$/, "")}${letter}`;
  }
  return fixed(value, step);
}

function fixed(value, step) {
  const digits = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return value.toFixed(digits).replace(/^-/, "−");
}

function exponent(value, step) {
  const power = Math.floor(Math.log10(Math.abs(value)) + 1e-9);
  const digits = Math.min(6, Math.max(0, power - Math.floor(Math.log10(step) + 1e-9)));
  return `${(value / 10 ** power).toFixed(digits)}e${power}`.replace(/-/g, "−");
}

function durationLabel(seconds, step) {
  const size = Math.abs(seconds);
  if (seconds === 0) return "0";
  const sign = seconds < 0 ? "−" : "";
  if (step < 1) return `${sign}${fixed(size, step)} s`;
  if (size < 60) return `${sign}${size} s`;
  const days = Math.floor(size / 86400);
  const hours = Math.floor((size % 86400) / 3600);
  const minutes = Math.floor((size % 3600) / 60);
  const rest = Math.round(size % 60);
  const parts = [days && `${days} d`, hours && `${hours} h`, minutes && `${minutes} min`, rest && `${rest} s`];
  return sign + parts.filter(Boolean).slice(0, 2).join(" ");
}

/** A place on an axis, as exactly as it is known. */
export function placeText(value, kind) {
  if (!Number.isFinite(value)) return "–";
  if (kind === "time") return new Date(value * 1000).toLocaleString("en-GB", { timeZoneName: "short" });
  if (kind === "relative") {
    if (value < 60) return `${Number(value.toFixed(3))} s`;
    return durationLabel(Math.round(value), 1);
  }
  return exact(value);
}

/** A value with all digits that tell it from its neighbours on a chart: whole numbers in full, others with six. */
export function exact(value) {
  if (value !== value) return "NaN";
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return WHOLE.format(value).replace("-", "−");
  const size = Math.abs(value);
  const shown = size !== 0 && (size < 1e-4 || size >= 1e9) ? value.toExponential(5) : String(Number(value.toPrecision(7)));
  return shown.replace(/-/g, "−");
}
