// Keyboard shortcuts: single keys and sequences such as "g r", and the sheet that lists them.

import {sheet} from "./dialog.js";
import {html, signal} from "./html.js";

const PATIENCE = 1200; // between the keys of a sequence, ms
const shortcuts = signal([]);
let pressed = [];
let last = 0;

/**
 * Binds keys to a function until the one that is returned is called. `keys` is one key or several with blanks between
 * them: "?", "g r", "Shift+ArrowDown", "Mod+k" (Mod is Cmd on a Mac and Ctrl elsewhere). Keys typed into fields are
 * left alone. options: group, the heading in the sheet; when, a function that says whether it holds now.
 */
export function shortcut(keys, title, run, {group = "Everywhere", when = null} = {}) {
  const mine = {keys, parts: keys.split(" "), title, run, group, when};
  shortcuts.value = [...shortcuts.value, mine];
  return () => (shortcuts.value = shortcuts.value.filter((one) => one !== mine));
}

/** Lists keys in the sheet that some other part handles itself, such as those of the table; of several any will do. */
export function mention(keys, title, group) {
  return shortcut(keys, title, null, {group});
}

/** Shows the sheet of all keys that hold here. */
export function showKeys() {
  const groups = Map.groupBy
    ? Map.groupBy(shortcuts.value, (one) => one.group)
    : shortcuts.value.reduce((all, one) => all.set(one.group, [...(all.get(one.group) ?? []), one]), new Map());
  const seen = new Set();
  const fresh = (one) => !seen.has(one.keys + one.title) && seen.add(one.keys + one.title);
  return sheet("Keyboard", html`
    <div class="key-groups">
      ${[...groups].map(([name, some]) => html`<section>
        <h3>${name}</h3>
        <dl>${some.filter(fresh).map((one) => html`<div><dt>${one.title}</dt><dd><${Keys} keys=${one.keys} between=${one.run ? "then" : "or"} /></dd></div>`)}</dl>
      </section>`)}
    </div>`, {wide: true});
}

/** Keys drawn as keys: html`<${Keys} keys="g r" />`; `between` says whether one follows another or stands for it. */
export function Keys({keys, between = "then"}) {
  return keys.split(" ").map((part, index) => html`${index > 0 && html`<span class="key-then"> ${between} </span>`}${part.split("+").map((key) => html`<kbd>${shown(key)}</kbd>`)}`);
}

/** Starts listening; app.js does so once. */
export function listen() {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || isTyping(event) || document.querySelector("dialog[open]")) return;
    const key = nameOf(event);
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    const time = performance.now();
    pressed = time - last < PATIENCE ? [...pressed.slice(-2), key] : [key];
    last = time;
    const holds = shortcuts.peek().filter((one) => one.run && (!one.when || one.when()));
    // the longest first: "g r" is not an "r"
    const found = holds.filter((one) => endsWith(pressed, one.parts)).sort((a, b) => b.parts.length - a.parts.length)[0];
    if (!found) return;
    pressed = [];
    event.preventDefault();
    found.run(event);
  });
  shortcut("?", "Show this list", showKeys);
}

function isTyping(event) {
  const {target} = event;
  if (event.key === "Escape") return false;
  return target.isContentEditable || target.matches?.("input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select");
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform ?? "");

function nameOf(event) {
  const key = event.key === " " ? "Space" : event.key;
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const shift = event.shiftKey && key.length > 1; // "?" is itself, whatever it takes to type it
  return [mod && "Mod", event.altKey && "Alt", shift && "Shift", key.length === 1 ? key.toLowerCase() : key].filter(Boolean).join("+");
}

function endsWith(all, some) {
  return some.length <= all.length && some.every((part, i) => part === all[all.length - some.length + i]);
}

function shown(key) {
  const signs = {ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Mod: isMac ? "⌘" : "Ctrl", Escape: "Esc", Plus: "+", Minus: "−", PageUp: "Page ↑", PageDown: "Page ↓"};
  return signs[key] ?? key;
}
