// Numbers, times and sizes as people read them; the exact value is always one hover away.

import {signal} from "./html.js";

const MINUS = "\u2212";
const THIN = "\u202f";
const NONE = "\u2013";

/** The time now in seconds, moving on every 15 s while the page is looked at: relative times read it. */
export const now = signal(Date.now() / 1000);
setInterval(() => {
  if (!document.hidden) now.value = Date.now() / 1000;
}, 15_000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) now.value = Date.now() / 1000;
});

/** A number to four significant digits: 0.1235, 12,350, 1.235e−7; NaN and infinities by name. */
export function number(value, {digits = 4} = {}) {
  if (value === null || value === undefined) return NONE;
  if (value === "NaN" || Number.isNaN(value)) return "NaN";
  if (value === "Infinity" || value === Infinity) return "∞";
  if (value === "-Infinity" || value === -Infinity) return `${MINUS}∞`;
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  let text;
  if (Number.isInteger(value) && size < 1e12) text = grouped(String(size));
  else if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    const [mantissa, power] = size.toExponential(digits - 1).split("e");
    text = `${trimmed(mantissa)}e${power.replace("+", "").replace("-", MINUS)}`;
  } else {
    const places = size === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
    text = trimmed(size.toFixed(Math.min(places, 12)));
    const [whole, rest] = text.split(".");
    text = rest ? `${grouped(whole)}.${rest}` : grouped(whole);
  }
  return value < 0 ? MINUS + text : text;
}

/** A number with every digit that it has, for titles and copying. */
export function exact(value) {
  return typeof value === "number" ? String(value) : value === null || value === undefined ? "" : String(value);
}

/** Any value of a config or summary in one line. */
export function valueText(value) {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (Array.isArray(value)) return value.map((item) => (typeof item === "string" ? item : valueText(item))).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Seconds as a length of time: 350 ms, 12 s, 3 m 20 s, 2 h 05 m, 4 d 3 h; `short` leaves it at one unit: 2.1 h. */
export function duration(seconds, {short = false} = {}) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return NONE;
  if (seconds < 0) return MINUS + duration(-seconds);
  if (seconds < 1) return `${Math.round(seconds * 1000)}${THIN}ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds)}${THIN}s`;
  if (short) {
    const [size, unit] = seconds < 3600 ? [60, "m"] : seconds < 86400 ? [3600, "h"] : [86400, "d"];
    return `${trimmed((seconds / size).toFixed(seconds < 10 * size ? 1 : 0))}${THIN}${unit}`;
  }
  const whole = Math.floor(seconds);
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days}${THIN}d ${hours}${THIN}h`;
  if (hours) return `${hours}${THIN}h ${pad(minutes)}${THIN}m`;
  return `${minutes}${THIN}m ${pad(whole % 60)}${THIN}s`;
}

/** Since when, in words: "just now", "12 min ago", "yesterday", "3 weeks ago"; moves on by itself in what renders it. */
export function ago(time) {
  if (time === null || time === undefined) return NONE;
  const passed = now.value - time;
  if (passed < -60) return when(time);
  if (passed < 45) return "just now";
  if (passed < 3570) return `${Math.max(1, Math.round(passed / 60))} min ago`;
  if (passed < 86400) return plural(Math.round(passed / 3600), "hour");
  if (passed < 2 * 86400) return "yesterday";
  if (passed < 14 * 86400) return plural(Math.floor(passed / 86400), "day");
  if (passed < 60 * 86400) return plural(Math.floor(passed / (7 * 86400)), "week");
  if (passed < 730 * 86400) return plural(Math.floor(passed / (30.44 * 86400)), "month");
  return plural(Math.floor(passed / (365.25 * 86400)), "year");
}

/** A moment, to the second, in the browser's time zone: 2026-03-01 14:05:09. */
export function when(time) {
  if (time === null || time === undefined) return NONE;
  const date = new Date(time * 1000);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** A number of bytes: 999 B, 1.4 kB, 12 MB. */
export function bytes(count) {
  if (count === null || count === undefined) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let [size, unit] = [count, 0];
  while (size >= 999.5 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${unit && size < 9.95 ? size.toFixed(1) : Math.round(size)}${THIN}${units[unit]}`;
}

/** A step on an axis: 950, 12k, 1.5M; `full` writes all digits: 1,500,000. */
export function stepText(step, {full = false} = {}) {
  if (step === null || step === undefined) return NONE;
  if (full || Math.abs(step) < 10_000) return number(step);
  const [size, unit] = Math.abs(step) < 1e6 ? [step / 1e3, "k"] : Math.abs(step) < 1e9 ? [step / 1e6, "M"] : [step / 1e9, "G"];
  return trimmed(size.toFixed(2)).replace("-", MINUS) + unit;
}

/** "1 run", "1,200 runs". */
export function counted(count, word, words = `${word}s`) {
  return `${number(count)} ${count === 1 ? word : words}`;
}

function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"} ago`;
}

function pad(value) {
  return String(value).padStart(2, "0");
}

function grouped(digits) {
  return digits.length > 4 ? digits.replace(/\B(?=(\d{3})+$)/g, ",") : digits;
}

function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
