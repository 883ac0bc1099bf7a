// Moving a panel: by dragging its grip, or by arrow keys on it.

import { withMove } from "./state.js";

/** The listeners of a panel's grip. @param {string[]} order the ids of its section, as they stand */
export function grip(panel, store, order) {
  const to = (before, said) => {
    store.change((state) => moved(state, panel.id, before, order));
    store.said.value = said;
    refocus(panel.id, ".panel-grip");
  };
  return {
    onPointerDown: (event) => drag(event, panel, order, to),
    onKeyDown: (event) => {
      const at = order.indexOf(panel.id);
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -at, End: order.length - 1 - at }[event.key];
      if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const place = Math.max(0, Math.min(order.length - 1, at + by));
      const rest = order.filter((id) => id !== panel.id);
      if (place !== at) to(rest[place] ?? "", `${panel.title} is now ${place + 1} of ${order.length}`);
    },
  };
}

/** The state after a move; pinned panels stand in the order in which they are pinned. */
export function moved(state, id, before, order) {
  if (order.length && order.every((held) => state.added.some((panel) => panel.id === held)) && !state.pinned.includes(id)) {
    return { ...state, added: reordered(state.added, id, before) };
  }
  if (!state.pinned.includes(id)) return withMove(state, id, before);
  const pinned = order.filter((held) => held !== id);
  pinned.splice(before ? pinned.indexOf(before) : pinned.length, 0, id);
  const others = state.pinned.filter((held) => !pinned.includes(held));
  return { ...state, pinned: [...pinned, ...others] };
}

/** Panels that a person made are a list: it keeps their order itself. */
function reordered(added, id, before) {
  const rest = added.filter((panel) => panel.id !== id);
  const at = before ? rest.findIndex((panel) => panel.id === before) : rest.length;
  return [...rest.slice(0, at), added.find((panel) => panel.id === id), ...rest.slice(at)];
}

/** A moved element may lose the focus: it gets it back when it stands where it stands. */
function refocus(id, selector) {
  requestAnimationFrame(() => document.querySelector(`[data-panel="${CSS.escape(id)}"] ${selector}`)?.focus());
}

function drag(event, panel, order, to) {
  if (event.button !== 0) return;
  const handle = event.currentTarget;
  const own = handle.closest(".panel");
  const from = { x: event.clientX, y: event.clientY };
  let place = null; // {panel, after}
  let mark = null;
  handle.setPointerCapture(event.pointerId);
  const move = (at) => {
    if (!mark && Math.hypot(at.clientX - from.x, at.clientY - from.y) < 5) return;
    if (!mark) {
      mark = document.createElement("div");
      mark.className = "panel-drop";
      document.body.append(mark);
      own.classList.add("is-moving");
    }
    const over = document.elementsFromPoint(at.clientX, at.clientY).map((one) => one.closest(".panel")).find((one) => one && one !== own && order.includes(one.dataset.panel));
    place = over ? { over, after: after(over, at) } : null;
    show(mark, place);
  };
  const end = (at) => {
    handle.removeEventListener("pointermove", move);
    handle.removeEventListener("pointerup", end);
    handle.removeEventListener("pointercancel", end);
    mark?.remove();
    own.classList.remove("is-moving");
    if (at.type !== "pointerup" || !place) return;
    const rest = order.filter((id) => id !== panel.id);
    const next = rest[rest.indexOf(place.over.dataset.panel) + (place.after ? 1 : 0)] ?? "";
    to(next, `${panel.title} has been moved`);
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", end);
  handle.addEventListener("pointercancel", end);
}

function after(over, at) {
  const box = over.getBoundingClientRect();
  // in a single column panels stand below one another
  const column = over.parentElement.getBoundingClientRect().width < box.width * 1.5;
  return column ? at.clientY > box.top + box.height / 2 : at.clientX > box.left + box.width / 2;
}

function show(mark, place) {
  mark.hidden = !place;
  if (!place) return;
  const box = place.over.getBoundingClientRect();
  Object.assign(mark.style, {
    left: `${(place.after ? box.right : box.left) + (place.after ? 3 : -6)}px`,
    top: `${box.top}px`,
    height: `${box.height}px`,
  });
}
