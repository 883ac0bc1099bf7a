// What stands in front of the page: questions, sheets and short notes that go away by themselves.

import {html, render, signal, useEffect, useRef, useState} from "./html.js";

const dialogs = signal([]); // the one on top is the last
const toasts = signal([]);
let count = 0;

/**
 * Asks yes or no; resolves to a boolean. options: title, text (may be markup), action (the button's words), danger,
 * again (words of a second press that is asked for), word (a text that must be typed before the button works).
 */
export function confirm({title, text, action = "OK", danger = false, again = "", word = ""}) {
  return asked((answer) => html`<${Question} ...${{title, text, action, danger, again, word, answer}} />`, false, {title});
}

/** Asks for a text; resolves to it, or to null. options: title, label, value, action, multiline, hint, suggestions. */
export function prompt({title, label, value = "", action = "Save", multiline = false, hint = "", suggestions = []}) {
  return asked((answer) => html`<${Entry} ...${{title, label, value, action, multiline, hint, suggestions, answer}} />`, null, {title});
}

/** Shows a panel with any content: sheet("Keyboard", html`…`) or, where it closes itself, (close) => html`…`;
 * it resolves to what close() was given, or to null. */
export function sheet(title, content, {wide = false} = {}) {
  return asked((answer) => html`
    <div class="dialog-head">
      <h2>${title}</h2>
      <button class="icon-button" aria-label="Close" onClick=${() => answer(null)}><${Cross} /></button>
    </div>
    <div class="dialog-body">${typeof content === "function" ? content(answer) : content}</div>`, null, {title, wide});
}

/** Says something in the corner; kind is "info", "good" or "bad"; bad ones stay until they are closed. */
export function toast(text, {kind = "info", action = null} = {}) {
  const mine = {id: (count += 1), text, kind, action};
  toasts.value = [...toasts.value.slice(-3), mine];
  const close = () => (toasts.value = toasts.value.filter((other) => other !== mine));
  if (kind !== "bad") setTimeout(close, action ? 10_000 : 5_000);
  return close;
}

/** Where dialogs and notes are drawn; app.js puts it at the end of the page. */
export function Layer() {
  return html`
    ${dialogs.value.map((one) => html`<${Frame} key=${one.id} one=${one} />`)}
    <div class="toasts" role="status" aria-live="polite">
      ${toasts.value.map((one) => html`
        <div key=${one.id} class=${`toast is-${one.kind}`}>
          <span>${one.text}</span>
          ${one.action && html`<button class="text-button" onClick=${() => { close_(one); one.action.run(); }}>${one.action.label}</button>`}
          <button class="icon-button" aria-label="Dismiss" onClick=${() => close_(one)}><${Cross} /></button>
        </div>`)}
    </div>`;
}

/** Puts the layer on the page; called once by whoever starts it. */
export function mountLayer(place = document.body) {
  const host = document.createElement("div");
  place.append(host);
  render(html`<${Layer} />`, host);
}

/** The cross of a close button. */
export function Cross() {
  return html`<svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" /></svg>`;
}

function close_(one) {
  toasts.value = toasts.value.filter((other) => other !== one);
}

function asked(content, none, {title = "", wide = false} = {}) {
  return new Promise((resolve) => {
    const id = (count += 1);
    const answer = (value) => {
      dialogs.value = dialogs.value.filter((one) => one.id !== id);
      resolve(value);
    };
    dialogs.value = [...dialogs.value, {id, content, answer, none, title, wide}];
  });
}

function Frame({one}) {
  const box = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    const element = box.current;
    element.showModal();
    (element.querySelector("[data-first]") ?? element.querySelector("button, input"))?.focus();
    return () => {
      element.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  return html`
    <dialog ref=${box} class=${`dialog ${one.wide ? "is-wide" : ""}`} aria-label=${one.title}
        onCancel=${(event) => { event.preventDefault(); one.answer(one.none); }}
        onMouseDown=${(event) => event.target === box.current && one.answer(one.none)}>
      <div class="dialog-inner">${one.content(one.answer)}</div>
    </dialog>`;
}

function Question({title, text, action, danger, again, word, answer}) {
  const [pressed, setPressed] = useState(false);
  const [typed, setTyped] = useState("");
  const press = () => (again && !pressed ? setPressed(true) : answer(true));
  return html`
    <div class="dialog-head"><h2>${title}</h2></div>
    <div class="dialog-body">
      ${typeof text === "string" ? html`<p>${text}</p>` : text}
      ${word && html`<label class="field"><span>Type <b>${word}</b> to go on</span>
        <input data-first value=${typed} onInput=${(event) => setTyped(event.target.value)} autocomplete="off" /></label>`}
      ${pressed && html`<p class="dialog-warning" role="alert">Press once more to go on.</p>`}
    </div>
    <div class="dialog-foot">
      <button class="button" data-first=${!word || null} onClick=${() => answer(false)}>Cancel</button>
      <button class=${`button ${danger ? "is-danger" : "is-primary"} ${pressed ? "is-pressed" : ""}`}
          disabled=${Boolean(word) && typed !== word} onClick=${press}>${pressed ? again : action}</button>
    </div>`;
}

function Entry({title, label, value, action, multiline, hint, suggestions, answer}) {
  const [typed, setTyped] = useState(value);
  const save = (event) => {
    event?.preventDefault();
    answer(typed);
  };
  const keys = (event) => {
    if (event.key === "Enter" && (!multiline || event.ctrlKey || event.metaKey)) save(event);
  };
  const common = {
    "data-first": true, value: typed, onInput: (event) => setTyped(event.target.value), onKeyDown: keys,
    spellcheck: false, autocomplete: "off",
  };
  return html`
    <div class="dialog-head"><h2>${title}</h2></div>
    <div class="dialog-body">
      <label class="field"><span>${label}</span>
        ${multiline ? html`<textarea rows="8" ...${common}></textarea>` : html`<input ...${common} />`}
      </label>
      ${suggestions.length > 0 && html`<div class="chips" role="group" aria-label="Suggestions">
        ${suggestions.map((one) => html`<button type="button" class="chip" onClick=${() => setTyped(typed.trim() ? `${typed.replace(/[,\s]*$/, "")}, ${one}` : one)}>${one}</button>`)}</div>`}
      ${hint && html`<p class="muted small">${hint}</p>`}
    </div>
    <div class="dialog-foot">
      <button class="button" onClick=${() => answer(null)}>Cancel</button>
      <button class="button is-primary" onClick=${save}>${action}</button>
    </div>`;
}
