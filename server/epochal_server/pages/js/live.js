// What happens while the page is open: one event stream tells which runs changed, grew, appeared or went.

import {effect, signal, untracked} from "./html.js";

/** Whether the stream is open. */
export const connected = signal(false);
/** Grows whenever any run of the folder changed; what shows lists asks again. */
export const revision = signal(0);
/** The last change: {changed: [{key, name, state}], gone: [key], at}. */
export const changed = signal({changed: [], gone: [], at: 0});
/** Watched runs whose journals got new points: {keys, at}. */
export const grown = signal({keys: [], at: 0});
/** Reports whose files changed or went: {changed: [name], gone: [name], at}. */
export const reportsChanged = signal({changed: [], gone: [], at: 0});
/** Differs after the server was started anew: caches of the page are then worth nothing. */
export const boot = signal(null);

// A browser opens six connections to a server, all tabs together: tabs that nobody sees give theirs back.
const HIDDEN_FOR = 20_000;
const RETRY = [500, 1000, 2000, 4000, 8000];
const MOST_WATCHED = 200; // they are in the address of the stream

const watches = new Set();
let source = null;
let watched = "";
let failures = 0;
let timer = 0;
let hideTimer = 0;

/** Watches these runs for new points until the function that is returned is called. */
export function watch(keys) {
  const mine = {keys};
  watches.add(mine);
  rewatch();
  return () => {
    watches.delete(mine);
    rewatch();
  };
}

/** Opens the stream; app.js does so once. */
export function connect() {
  open();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hideTimer);
    if (document.hidden) hideTimer = setTimeout(close, HIDDEN_FOR);
    else if (!source) open();
  });
}

/** Calls `fn` after changes, never for the state at the time of the call; returns the way to stop. */
export function onChange(read, fn) {
  let first = true;
  return effect(() => {
    const value = read.value;
    if (first) first = false;
    else untracked(() => fn(value));
  });
}

function wanted() {
  const keys = new Set();
  for (const {keys: some} of watches) for (const key of some) if (keys.size < MOST_WATCHED) keys.add(key);
  return [...keys].sort().join(",");
}

let asked = false;
function rewatch() {
  if (asked) return;
  asked = true;
  // pages come and go in one go: the stream is opened once for all that they watch
  queueMicrotask(() => {
    asked = false;
    if (source && wanted() !== watched) open();
  });
}

function open() {
  close();
  watched = wanted();
  const mine = (source = new EventSource(`/api/events${watched ? `?watch=${encodeURIComponent(watched)}` : ""}`));
  const on = (name, fn) => mine.addEventListener(name, (event) => mine === source && fn(JSON.parse(event.data)));
  on("hello", (told) => {
    failures = 0;
    connected.value = true;
    boot.value = told.boot;
    if (told.revision !== undefined) revision.value = told.revision;
  });
  on("runs", (told) => {
    changed.value = {changed: told.changed ?? [], gone: told.gone ?? [], at: Date.now()};
    revision.value = told.revision;
  });
  on("grown", (told) => {
    grown.value = {keys: told.keys, at: Date.now()};
  });
  on("reports", (told) => {
    reportsChanged.value = {...told, at: Date.now()};
  });
  mine.onerror = () => {
    if (mine !== source) return;
    // the browser's own second try gives up where a restarting server answers with an error: ours does not
    close();
    timer = setTimeout(open, RETRY[Math.min(failures, RETRY.length - 1)]);
    failures += 1;
  };
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
  connected.value = false;
}
