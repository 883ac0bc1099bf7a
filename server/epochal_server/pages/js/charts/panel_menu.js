// The menu of a panel: everything that its buttons, its handles and its pointer do, for keyboards too.

import { toast } from "../dialog.js";
import { saveCsv, savePng, saveSvg } from "./exporting.js";
import { openPanelDialog } from "./panel_dialog.js";
import { moved } from "./moving.js";
import { reportItems } from "./report_item.js";
import { scatterKinds } from "./run_columns.js";
import { differing } from "./state.js";

/** @returns {object[]} items for menu.js */
export function menuOf({ panel, store, order, change, view, fill, full }) {
  const state = store.state.peek();
  const line = panel.kind === "line";
  const at = order.indexOf(panel.id);
  const rest = order.filter((id) => id !== panel.id);
  const move = (place) => store.change((held) => moved(held, panel.id, rest[place] ?? "", order));
  const pinned = state.pinned.includes(panel.id);
  const { alone, fixed } = store.context;
  return [
    ...(fixed ? [] : [{ label: "Edit…", run: () => openPanelDialog(store, panel) }]),
    { label: full ? "Leave full screen" : "Full screen", run: fill },
    ...(alone ? [] : [{ label: pinned ? "Unpin" : "Pin to the top", run: () => store.change({ pinned: differing(state.pinned, panel.id) }) }]),
    ...(line ? axesItems(panel, store, change) : []),
    ...(panel.kind === "scatter" && view?.drawn ? scatterItems(panel, view.drawn.data.columns, change) : []),
    ...(fixed ? [] : placeItems(panel, { at, order, move, change })),
    ...reportItems(panel, store),
    ...(view?.picture ? [{ line: true }, ...exportItems(panel, view)] : []),
    ...(fixed ? [] : [{ line: true }, endItem(panel, store)]),
  ];
}

function endItem(panel, store) {
  if (panel.own) return { label: "Delete panel", danger: true, run: () => remove(panel, store) };
  return { label: "Hide panel", run: () => hide(panel, store) };
}

function placeItems(panel, { at, order, move, change }) {
  return [
    { line: true },
    { label: "Move to the front", disabled: at === 0, run: () => move(0) },
    { label: "Move back by one", disabled: at === order.length - 1, run: () => move(at + 1) },
    { label: "Wider", run: () => change({ w: (panel.w ?? 1) + 1 }) },
    { label: "Narrower", disabled: !(panel.w > 1), run: () => change({ w: panel.w > 2 ? panel.w - 1 : undefined }) },
  ];
}

function axesItems(panel, store, change) {
  const own = (key) => panel[key] ?? store[key].peek();
  const flip = (key) => () => change({ [key]: !own(key) === store[key].peek() ? undefined : !own(key) });
  return [
    { line: true },
    { label: "Logarithmic y axis", checked: own("logy"), run: flip("logy") },
    { label: "Logarithmic x axis", checked: own("logx"), run: flip("logx") },
    { label: "Clip outliers", checked: own("clip"), run: flip("clip") },
    ...(panel.range ? [{ label: "Show all of the x axis", run: () => change({ range: undefined }) }] : []),
  ];
}

/** An axis of words has no such choice; one of numbers is logarithmic by itself where they differ by a hundred times. */
function scatterItems(panel, columns, change) {
  const own = scatterKinds(panel, columns);
  const bare = scatterKinds({ ...panel, logx: undefined, logy: undefined }, columns);
  const item = (label, key, at) => ({ label, checked: own[at] === "log", run: () => change({ [key]: (own[at] === "log") === (bare[at] === "log") ? own[at] !== "log" : undefined }) });
  const items = [item("Logarithmic y axis", "logy", 1), item("Logarithmic x axis", "logx", 0)].filter((_, at) => own[1 - at] !== "category");
  return items.length ? [{ line: true }, ...items] : [];
}

function exportItems(panel, view) {
  const saved = (save) => async () => {
    try {
      await save(view, panel.title);
    } catch (error) {
      toast(`The panel could not be saved: ${error.message}`, { kind: "bad" });
    }
  };
  return [
    { label: "Save as PNG", run: saved(savePng) },
    { label: "Save as SVG", run: saved(saveSvg) },
    { label: "Save as CSV", run: saved(saveCsv) },
  ];
}

function remove(panel, store) {
  const before = store.state.peek();
  store.change({ added: before.added.filter(({ id }) => id !== panel.id), full: "" });
  toast(`${panel.title} is deleted`, { action: { label: "Undo", run: () => store.change({ added: before.added }) } });
}

function hide(panel, store) {
  store.change((state) => ({ hidden: [...state.hidden, panel.id], full: "" }));
  const back = () => store.change((state) => ({ hidden: state.hidden.filter((id) => id !== panel.id) }));
  toast(`${panel.title} is hidden`, { action: { label: "Undo", run: back } });
}
