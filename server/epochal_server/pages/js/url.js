// The address bar as state: which page is shown, and signals bound to keys of the query string.
//
// Everything that a view shows is in the URL, so a link is enough to see the same. A value that equals its initial
// one is left out: links stay short. Links are plain <a href>; app.js turns a click into go().

import {batch, effect, signal} from "./html.js";

/** How values are written: each is {read(text) -> value, write(value) -> text}. */
export const text = {read: (written) => written, write: (value) => String(value)};
export const number = {
  read: (written) => (written.trim() === "" || Number.isNaN(Number(written)) ? undefined : Number(written)),
  write: (value) => String(value),
};
export const flag = {read: (written) => written === "1", write: (value) => (value ? "1" : "0")};
/** A list of texts; a comma or exclamation mark inside one is written with an exclamation mark before it. */
export const list = {
  read: (written) => {
    const found = [""];
    for (let i = 0; i < written.length; i += 1) {
      if (written[i] === "!" && i + 1 < written.length) found[found.length - 1] += written[(i += 1)];
      else if (written[i] === ",") found.push("");
      else found[found.length - 1] += written[i];
    }
    return written === "" ? [] : found;
  },
  write: (values) => values.map((value) => String(value).replace(/[!,]/g, "!$&")).join(","),
};
export const json = {
  read: (written) => {
    try {
      return JSON.parse(written);
    } catch {
      return undefined; // a link that was cut off: the initial value stands
    }
  },
  write: (value) => JSON.stringify(value),
};
/** One of a few texts; any other is as if the key were not there. */
export const oneOf = (...allowed) => ({
  read: (written) => (allowed.includes(written) ? written : undefined),
  write: (value) => value,
});

/** The page that is shown: {page: "runs" | "run" | "compare" | …, parts: decoded segments behind it, path}. */
export const route = signal(readRoute());

/** The query string that each page was left with: {runs: "?where=…"}, for the way back. */
export const leftAt = {};

const bound = new Map(); // key -> {signal, initial, read, write, push, written}

/**
 * Returns a signal that is one key of the query string. Asking twice for a key returns the same signal.
 * options: initial; read(text) (undefined means "as if absent") and write(value) -> text, or a codec from above spread
 * in; push: a change is a step of its own for the back button.
 */
export function param(name, {initial = "", read = text.read, write = text.write, push = false} = {}) {
  const known = bound.get(name);
  if (known) return known.signal;
  const entry = {initial, read, write, push, written: write(initial)};
  entry.signal = signal(valueOf(entry, new URLSearchParams(location.search).get(name)));
  entry.last = entry.write(entry.signal.peek());
  bound.set(name, entry);
  effect(() => {
    const now = entry.write(entry.signal.value);
    if (now === entry.last) return;
    entry.last = now;
    schedule(entry.push);
  });
  return entry.signal;
}

/** Shows another page: go("/run/p/r", {tab: "console"}); keys that are not given fall back to their initial values. */
export function go(path, params = {}, {replace = false} = {}) {
  flush();
  leftAt[route.peek().page] = location.search;
  const target = link(path, params);
  history[replace ? "replaceState" : "pushState"](null, "", target);
  follow();
}

/** The link to a page with these keys of the query string, for href. */
export function link(path, params = {}) {
  return path + queryOf(Object.entries(params).map(([key, value]) => [key, writtenOf(key, value)]));
}

/** The address of a run's page: runPath("project/run", "console"). */
export function runPath(key, tab = "") {
  return `/run/${key.split("/").map(encodeURIComponent).join("/")}${tab ? `/${encodeURIComponent(tab)}` : ""}`;
}

/** A query string that a person can read: only what would be misread is percent-encoded. */
export function queryOf(pairs) {
  const kept = pairs.filter(([, value]) => value !== undefined && value !== null);
  return kept.length ? `?${kept.map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join("&")}` : "";
}

function escaped(value) {
  return encodeURIComponent(value).replace(/%(2F|2C|3A|40|24|3B)/g, (code) => decodeURIComponent(code)).replace(/%20/g, "+");
}

function writtenOf(key, value) {
  if (Array.isArray(value)) return list.write(value);
  return value === undefined || value === null ? undefined : String(value);
}

function valueOf(entry, written) {
  if (written === null) return entry.initial;
  const value = entry.read(written);
  return value === undefined ? entry.initial : value;
}

function readRoute() {
  const parts = location.pathname.split("/").filter(Boolean).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return {page: parts[0] ?? "runs", parts: parts.slice(1), path: location.pathname};
}

function follow() {
  const search = new URLSearchParams(location.search);
  batch(() => {
    for (const [name, entry] of bound) {
      const value = valueOf(entry, search.get(name));
      const written = entry.write(value);
      if (written === entry.last) continue; // the same value anew would redraw what shows it
      entry.last = written;
      entry.signal.value = value;
    }
    if (location.pathname !== route.peek().path) route.value = readRoute();
  });
}

// A slider changes its value sixty times a second, and browsers refuse (with a warning) more than a few writes a second.
const PAUSE = 250;
let timer = 0;
let wrote = -Infinity;
let pushing = false;

function schedule(push) {
  pushing ||= push;
  if (timer) return;
  timer = setTimeout(flush, Math.max(0, wrote + PAUSE - performance.now()));
}

function flush() {
  if (!timer) return;
  clearTimeout(timer);
  timer = 0;
  wrote = performance.now();
  const search = new URLSearchParams(location.search);
  for (const [name, entry] of bound) {
    if (entry.last === entry.written) search.delete(name);
    else search.set(name, entry.last);
  }
  const target = location.pathname + queryOf([...search]) + location.hash;
  if (target !== location.pathname + location.search + location.hash) {
    history[pushing ? "pushState" : "replaceState"](null, "", target);
  }
  pushing = false;
}

addEventListener("popstate", follow);
addEventListener("pagehide", flush);
