// What the browser remembers between visits: signals kept in localStorage, which may be refused or full.

import {effect, signal} from "./html.js";

const known = new Map();

/** A signal that is remembered under a name; `plain` keeps a text as it is, for scripts that read it before us. */
export function remembered(name, initial, {plain = false} = {}) {
  if (known.has(name)) return known.get(name);
  const key = `epochal.${name}`;
  const made = signal(readOr(key, initial, plain));
  known.set(name, made);
  let first = true;
  effect(() => {
    const value = made.value;
    if (first) {
      first = false;
      return;
    }
    try {
      if (value === initial || value === undefined) localStorage.removeItem(key);
      else localStorage.setItem(key, plain ? value : JSON.stringify(value));
    } catch {
      // storage is refused or full: the choice holds until the page is left
    }
  });
  // another tab chose: what is remembered is the same everywhere
  addEventListener("storage", (event) => {
    if (event.key === key) made.value = readOr(key, initial, plain);
  });
  return made;
}

function readOr(key, initial, plain) {
  try {
    const text = localStorage.getItem(key);
    if (text === null) return initial;
    return plain ? text : JSON.parse(text);
  } catch {
    return initial;
  }
}
