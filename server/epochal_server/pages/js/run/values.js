// How single values are written: of configs, summaries and environments, with what was searched for marked.
import {toast} from "../dialog.js";
import {number} from "../format.js";
import {html} from "../html.js";
import {Icon} from "../icons.js";

/** Whether a value is written in one piece: no mapping, and no list but a short one of plain values. */
export function isLeaf(value) {
  if (value === null || typeof value !== "object") return true;
  const inner = Object.values(value);
  if (!inner.length) return true;
  return Array.isArray(value) && inner.length <= 12 && inner.every((each) => each === null || typeof each !== "object");
}

/** A value as one text, exact: what is copied, searched and compared. */
export function exact(value) {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

/** A value as it is shown: numbers short, everything else as it is. */
export function shown(value) {
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return `[${value.map((each) => (typeof each === "string" ? each : shown(each))).join(", ")}]`;
  return exact(value);
}

/** The class that colours a value by its type. */
export function kindOf(value) {
  if (value === null) return "is-null";
  if (Array.isArray(value)) return "is-list";
  return `is-${typeof value}`;
}

/** A text with each place marked where `find` stands in it. */
export function marked(text, find) {
  if (!find) return text;
  const [low, wanted] = [text.toLowerCase(), find.toLowerCase()];
  if (low.length !== text.length) return text; // a letter that grows when it is made small: places would not fit
  const parts = [];
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0 && parts.length < 200; at = low.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), html`<mark>${text.slice(at, at + wanted.length)}</mark>`);
    from = at + wanted.length;
  }
  return [...parts, text.slice(from)];
}

/** A value, coloured by its type, its exact form in the title where it is shortened. */
export function Value({value, find = ""}) {
  const text = shown(value);
  const whole = exact(value);
  return html`<span class=${`run-value ${kindOf(value)}`} title=${whole === text ? undefined : whole}>
    ${value === "" ? html`<span class="run-faint">empty text</span>` : marked(text, find)}
  </span>`;
}

/** Copy a text, and say so. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what.charAt(0).toUpperCase()}${what.slice(1)} copied`, {kind: "good"});
  } catch {
    toast("The browser does not allow copying here: select the text instead", {kind: "bad"});
  }
}

/** A digest or commit: its beginning, and all of it to copy. */
export function Digest({text, what, length = 12}) {
  return html`<span class="run-digest">
    <code title=${text}>${text.slice(0, length)}${text.length > length ? "…" : ""}</code>
    <button type="button" class="icon-button is-small" aria-label=${`Copy ${what}`} title=${`Copy ${what}`}
      onClick=${() => copy(text, what)}><${Icon} name="copy" size=${13} /></button>
  </span>`;
}
