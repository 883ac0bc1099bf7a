// The tags of one or several runs: on for all, on for some, off.

import {html, useState} from "../html.js";
import {runsByKey} from "../selection.js";

/** The form in a sheet; closes with {add, remove}. */
export function TagForm({keys, known, close}) {
  const [changes, setChanges] = useState({});
  const [typed, setTyped] = useState("");
  const counts = new Map();
  for (const key of keys) for (const tag of runsByKey.value.get(key)?.tags ?? []) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  const all = [...new Set([...counts.keys(), ...known, ...Object.keys(changes)])].sort((a, b) => a.localeCompare(b));
  const before = (tag) => (counts.get(tag) ?? 0) === keys.length;
  const isOn = (tag) => changes[tag] ?? before(tag);
  const add = () => {
    const fresh = typed.split(",").map((tag) => tag.trim()).filter(Boolean);
    setTyped("");
    const next = {...changes, ...Object.fromEntries(fresh.map((tag) => [tag, true]))};
    setChanges(next);
    return next;
  };
  const save = (event) => {
    event.preventDefault();
    const last = typed.trim() ? add() : changes;
    close({
      add: Object.keys(last).filter((tag) => last[tag] && !before(tag)),
      remove: Object.keys(last).filter((tag) => !last[tag] && counts.has(tag)),
    });
  };
  return html`<form class="tag-form" onSubmit=${save}>
    <label class="field"><span>New tags, with commas between them</span>
      <input data-first value=${typed} autocomplete="off" onInput=${(event) => setTyped(event.target.value)}
        onKeyDown=${(event) => event.key === "," && typed.trim() && (event.preventDefault(), add())} /></label>
    ${all.length > 0 && html`<div class="tag-list" role="group" aria-label="Tags">
      ${all.map((tag) => html`<label key=${tag}><input type="checkbox" checked=${isOn(tag)}
        indeterminate=${changes[tag] === undefined && counts.has(tag) && !before(tag)}
        onChange=${(event) => setChanges({...changes, [tag]: event.target.checked})} /> ${tag}</label>`)}</div>`}
    <div class="form-foot">
      <button type="button" class="button" onClick=${() => close(null)}>Cancel</button>
      <button type="submit" class="button is-primary">Save</button>
    </div>
  </form>`;
}
