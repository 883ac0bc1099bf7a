// What clicks and keys do in the table.

import {effect} from "../html.js";
import {mention} from "../keys.js";
import {hovered, select, selected, selectNone, toggle} from "../selection.js";
import {go, runPath} from "../url.js";
import {deleteRuns, editNotes, openRunMenu, renameRun, tagRuns} from "./actions.js";
import {opened} from "./asked.js";
import {pickAll} from "./picking.js";

/** Listens to a grid; returns the way to stop. */
export function listenToGrid(grid, place, rows) {
  let anchor = null; // the row that a range of ticks begins at

  const ticked = (from, to, on) => {
    const keys = [];
    for (let i = Math.min(from, to); i <= Math.max(from, to); i += 1) if (rows.getItem(i)?.key) keys.push(rows.getItem(i).key);
    select(keys, on);
  };
  const pick = (row, range) => {
    const {key} = rows.getItem(row) ?? {};
    if (!key) return;
    const on = !selected.peek().has(key);
    if (range && anchor !== null) ticked(anchor, row, true);
    else select([key], on);
    anchor = row;
  };
  const open = (id) => {
    opened.value = opened.peek().includes(id) ? opened.peek().filter((one) => one !== id) : [...opened.peek(), id];
  };
  // what a menu of one run acts on: all that are ticked, where it is one of them
  const meant = (key) => (selected.peek().has(key) ? [...selected.peek()] : [key]);

  grid.onClick.subscribe((event, {row}) => {
    const item = rows.getItem(row);
    const native = event.getNativeEvent?.() ?? event;
    const what = native.target.closest("[data-do]")?.dataset.do;
    if (item?.group) open(item.id);
    else if (!item?.key) return;
    else if (what === "eye") toggle(item.key);
    else if (what === "menu") openRunMenu(native.target.closest("button"), meant(item.key), rows);
    else if (what === "pick") {
      pick(row, native.shiftKey);
    } else if (native.target.closest("a")) return;
    else if (native.ctrlKey || native.metaKey || native.shiftKey) pick(row, native.shiftKey);
    else return;
    event.stopPropagation();
  });
  grid.onMouseEnter.subscribe((event) => {
    const cell = grid.getCellFromEvent(event.getNativeEvent?.() ?? event);
    hovered.value = (cell && rows.getItem(cell.row)?.key) ?? null;
  });
  const leave = () => (hovered.value = null);
  place.addEventListener("pointerleave", leave);
  const unmark = effect(() => {
    const key = hovered.value;
    for (const row of place.querySelectorAll(".slick-row")) row.classList.toggle("is-hovered", key !== null && rows.getItem(Number(row.dataset.row))?.key === key);
  });
  grid.onDblClick.subscribe((_event, {row}) => {
    const {key} = rows.getItem(row) ?? {};
    if (key) go(runPath(key));
  });
  grid.onContextMenu.subscribe((event) => {
    const native = event.getNativeEvent?.() ?? event;
    const cell = grid.getCellFromEvent(native);
    const {key} = (cell && rows.getItem(cell.row)) ?? {};
    if (!key) return;
    native.preventDefault();
    grid.setActiveCell(cell.row, cell.cell);
    openRunMenu({x: native.clientX, y: native.clientY}, meant(key), rows);
  });
  grid.onKeyDown.subscribe((event, {row, cell}) => {
    const native = event.getNativeEvent?.() ?? event;
    const item = rows.getItem(row);
    const done = () => {
      native.preventDefault();
      native.stopPropagation();
      event.stopImmediatePropagation();
    };
    // Tab leaves the table: cells are walked with the arrows
    if (native.key === "Tab") return event.stopImmediatePropagation();
    if ((native.ctrlKey || native.metaKey) && native.key === "a") {
      pickAll(rows, true);
      return done();
    }
    if (native.key === "Escape" && selected.peek().size) {
      selectNone();
      return done();
    }
    if (!item || native.ctrlKey || native.metaKey || native.altKey) return;
    if (item.group) {
      const wanted = {ArrowRight: true, ArrowLeft: false, Enter: !item.isOpen, " ": !item.isOpen}[native.key];
      if (wanted !== undefined && wanted !== item.isOpen) {
        open(item.id);
        done();
      }
      return;
    }
    if (!item.key) return;
    if (native.shiftKey && (native.key === "ArrowDown" || native.key === "ArrowUp")) {
      const next = row + (native.key === "ArrowDown" ? 1 : -1);
      if (!rows.getItem(next)?.key) return done();
      ticked(row, next, true);
      grid.setActiveCell(next, cell);
      return done();
    }
    const act = {
      " ": () => pick(row, native.shiftKey), Enter: () => go(runPath(item.key)), v: () => toggle(item.key),
      F2: () => renameRun(item.key, rows), "#": () => tagRuns(meant(item.key), rows), n: () => editNotes(item.key, rows),
      Delete: () => deleteRuns(meant(item.key), rows),
      ContextMenu: () => openRunMenu(grid.getActiveCellNode(), meant(item.key), rows),
      F10: native.shiftKey ? () => openRunMenu(grid.getActiveCellNode(), meant(item.key), rows) : null,
    }[native.key];
    if (!act) return;
    act();
    done();
  });

  const group = "In the table";
  const stops = [
    mention("ArrowUp ArrowDown", "Go through the cells", group), mention("Enter", "Open the run, or the group", group),
    mention("Space", "Select", group), mention("Shift+ArrowDown", "Select downwards", group),
    mention("Mod+a", "Select all that match", group), mention("v", "Show or hide in charts", group),
    mention("F2", "Rename", group), mention("#", "Tags", group), mention("n", "Notes", group),
    mention("Delete", "Move to the trash", group), mention("Shift+F10", "Menu of the run", group),
  ];
  return () => {
    place.removeEventListener("pointerleave", leave);
    for (const stop of [...stops, unmark]) stop();
  };
}
