// The table itself: SlickGrid over the rows, kept in step with what is chosen.

import {classicScript} from "../classic.js";
import {effect, html, untracked, useLayoutEffect, useRef} from "../html.js";
import {now} from "../format.js";
import {lookOf} from "../palette.js";
import {selected, shown, visible} from "../selection.js";
import {theme} from "../theme.js";
import {filters, opened, sort, widths} from "./asked.js";
import {eyeCell, formatterOf, make, moveTimes, pickCell} from "./cells.js";
import {isNumeric, labelOf, pinned, showColumns, shownKeys, widthOf} from "./columns.js";
import {headOf, rove, walkHeads} from "./heads.js";
import {listenToGrid} from "./grid_events.js";
import {allPicked, eyesMenu, pickAll} from "./picking.js";
import {iconElement} from "../icons.js";
import {openMenu} from "../menu.js";

const AHEAD_ROWS = 12;
const AHEAD_PX = 300;

/** Loads SlickGrid once, and returns its class; it finds the mover of columns as a global. */
export async function loadGrid() {
  await Promise.all([import("../../vendor/slickgrid/sortable.js"), classicScript("vendor/slickgrid/slickgrid.js")]);
  return globalThis.Slick.Grid;
}

/** The table. `rows` is a Rows; `SlickGrid` its class, loaded before. */
export function Grid({rows, SlickGrid}) {
  const place = useRef(null);
  useLayoutEffect(() => {
    const made = mountGrid(place.current, rows, SlickGrid);
    return made;
  }, [rows, SlickGrid]);
  return html`<div ref=${place} class="grid" aria-label="Runs" data-keys="table"></div>`;
}

function mountGrid(place, rows, SlickGrid) {
  const height = parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row"), 10) || 30;
  let grid = null;
  let drawn = ""; // what the columns were made from
  let byId = new Map();
  const fit = (key) => fitColumn(grid, key);

  const columns = () => {
    const keys = shownKeys.peek();
    byId = new Map(keys.map((key) => [idOf(key), key]));
    return [pickColumn(rows), eyeColumn(rows), ...keys.map((key) => column(key, fit))];
  };
  const frozen = () => 1 + shownKeys.peek().filter((key) => pinned.peek().includes(key)).length;
  const setColumns = () => {
    const now = JSON.stringify([shownKeys.value.map((key) => [key, widthOf(key), isNumeric(key)]), pinned.value]);
    if (now === drawn) return; // a column's statistics moved: nothing that is seen
    drawn = now;
    untracked(() => {
      const left = grid.getViewports().at(-1).scrollLeft;
      const differs = grid.getOptions().frozenColumn !== frozen();
      grid.setColumns(columns());
      if (differs) grid.setOptions({frozenColumn: frozen()});
      if (left) grid.scrollToX(left);
      rove(place);
    });
  };
  grid = new SlickGrid(place, rows, columns(), {
    nonce: document.querySelector("meta[name=style-nonce]")?.content ?? "",
    enableHtmlRendering: false, rowHeight: height, enableCellNavigation: true, enableColumnReorder: true,
    enableVariableRowHeight: false, explicitInitialization: true, frozenColumn: frozen(), skipFreezeColumnValidation: true,
    scrollRenderThrottling: 20, minRowBuffer: 4, enableMouseWheelScrollHandler: false, autosizeColsMode: "NOA", defaultColumnWidth: 110,
    dataItemColumnValueExtractor: () => null, // the formatters ask the row themselves
  });
  const redraw = (...some) => {
    if (some.length) grid.invalidateRows(some.flat());
    else grid.invalidateAllRows();
    grid.render();
  };

  // which runs are shown, and in which colour, is told by one cell of a row: the others stay
  const eyes = () => {
    const {top, bottom} = grid.getRenderedRange();
    for (let row = top; row <= Math.min(bottom, rows.getLength() - 1); row += 1) grid.updateCell(row, grid.getColumnIndex("eye"));
  };

  rows.told.onRows = (some) => redraw(some);
  rows.told.onAll = ({top}) => {
    const isGrouped = rows.isGrouped();
    if (grid.getOptions().enableVariableRowHeight !== isGrouped) grid.setOptions({enableVariableRowHeight: isGrouped}, true, true);
    if (isGrouped) grid.invalidateRowHeights();
    grid.updateRowCount();
    if (top) grid.scrollRowToTop(0);
    redraw();
    see();
  };
  const see = () => {
    const {top, bottom} = grid.getViewport();
    rows.see(Math.max(0, top - 20), bottom + 40);
  };
  let seeing = 0;
  grid.onViewportChanged.subscribe(() => {
    clearTimeout(seeing);
    // a fling passes thousands of rows that nobody reads
    seeing = setTimeout(see, 40);
  });
  grid.onColumnsReordered.subscribe(() => {
    showColumns(grid.getColumns().map(({id}) => byId.get(id)).filter(Boolean));
  });
  grid.onColumnsResized.subscribe(() => {
    const next = {...widths.signal.peek()};
    for (const {id, width} of grid.getColumns()) {
      const key = byId.get(id);
      if (key && width !== widthOf(key)) next[key] = width;
    }
    widths.set(next);
  });
  grid.onColumnsResizeDblClick?.subscribe((_event, {triggeredByColumn}) => byId.has(triggeredByColumn) && fit(byId.get(triggeredByColumn)));
  grid.onRendered.subscribe(() => rolesOf(place, rows));
  lighten(grid);
  grid.init();
  const unlink = linkPanes(place);
  place.addEventListener("keydown", walkHeads);
  const stops = [
    effect(setColumns),
    effect(() => {
      void [sort.value, filters.value, selected.value, rows.matched.value];
      untracked(() => reheads(grid, place, byId, fit, rows));
    }),
    effect(() => {
      void selected.value;
      untracked(() => redraw());
    }),
    effect(() => {
      void [visible.value, theme.value];
      for (const key of visible.value) lookOf(key); // a colour that was chosen shows at once
      untracked(eyes);
    }),
    effect(() => {
      const ids = opened.value;
      untracked(() => rows.open(ids));
    }),
    effect(() => {
      void now.value;
      untracked(() => moveTimes(place));
    }),
    listenToGrid(grid, place, rows),
  ];
  const sizes = new ResizeObserver(() => {
    grid.resizeCanvas();
    see();
  });
  sizes.observe(place);
  return () => {
    clearTimeout(seeing);
    sizes.disconnect();
    unlink();
    place.removeEventListener("keydown", walkHeads);
    for (const stop of stops) stop();
    rows.told.onRows = rows.told.onAll = () => {};
    grid.destroy();
  };
}

function column(key, fit) {
  return {
    id: idOf(key), field: key, name: headOf(key, {fit}), width: widthOf(key), minWidth: 48, formatter: formatterOf(key),
    cssClass: isNumeric(key) ? "is-number" : "", headerCssClass: isNumeric(key) ? "is-number" : "",
    headerCellAttrs: {"aria-sort": orderOf(key)},
  };
}

/**
 * Takes work from the grid that nobody sees: an event for each cell that is made, to which nobody listens, and cells
 * a whole page further on each side.
 */
function lighten(grid) {
  const silence = {getReturnValue: () => undefined};
  const trigger = grid.trigger.bind(grid);
  grid.trigger = (event, ...more) => (event === grid.onBeforeAppendCell ? silence : trigger(event, ...more));
  const rendered = grid.getRenderedRange.bind(grid);
  grid.getRenderedRange = (...where) => {
    const [range, seen] = [rendered(...where), grid.getVisibleRange(...where)];
    return {
      ...range,
      top: Math.max(range.top, seen.top - AHEAD_ROWS), bottom: Math.min(range.bottom, seen.bottom + AHEAD_ROWS),
      leftPx: Math.max(range.leftPx, seen.leftPx - AHEAD_PX), rightPx: Math.min(range.rightPx, seen.rightPx + AHEAD_PX),
    };
  };
}

/** Lets the pinned pane be scrolled by wheel and touch as the other is: the grid only moves it along. */
function linkPanes(place) {
  const [left, right] = [".slick-viewport-top.slick-viewport-left", ".slick-viewport-top.slick-viewport-right"].map((name) => place.querySelector(name));
  const follow = () => {
    if (Math.abs(right.scrollTop - left.scrollTop) > 0.5) right.scrollTop = left.scrollTop;
  };
  const sideways = (event) => {
    const by = event.shiftKey ? event.deltaY : event.deltaX;
    if (by) right.scrollLeft += by;
  };
  left.addEventListener("scroll", follow, {passive: true});
  left.addEventListener("wheel", sideways, {passive: true});
  return () => {
    left.removeEventListener("scroll", follow);
    left.removeEventListener("wheel", sideways);
  };
}

/** Draws the heads anew where the grid has them, which costs far less than setting its columns. */
function reheads(grid, place, byId, fit, rows) {
  const reached = place.querySelector('.head-name[tabindex="0"]')?.dataset.head;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.head : null;
  for (const [id, key] of byId) {
    const head = grid.getHeaderColumn(id);
    if (!head) continue;
    head.setAttribute("aria-sort", orderOf(key));
    head.querySelector(".slick-column-name").replaceChildren(headOf(key, {fit}));
    const name = head.querySelector("[data-head]");
    name.tabIndex = key === reached ? 0 : -1;
    if (key === focused) name.focus();
  }
  rove(place);
  grid.getHeaderColumn("pick")?.querySelector(".slick-column-name").replaceChildren(pickColumn(rows).name);
}

function orderOf(key) {
  return {asc: "ascending", desc: "descending"}[sort.peek().find(([one]) => one === key)?.[1]] ?? "none";
}

function pickColumn(rows) {
  const box = make("input", {type: "checkbox", "aria-label": "Select all runs that match"});
  box.checked = allPicked(rows);
  box.indeterminate = !box.checked && selected.peek().size > 0;
  box.addEventListener("change", () => pickAll(rows, box.checked));
  return {id: "pick", name: box, width: 34, minWidth: 34, maxWidth: 34, resizable: false, reorderable: false, formatter: pickCell, cssClass: "is-tool", headerCssClass: "is-tool"};
}

function eyeColumn(rows) {
  const button = make("button", {type: "button", class: "head-eye", "aria-label": "Which runs the charts show", title: "Which runs the charts show", "aria-haspopup": "menu", "aria-expanded": "false"}, iconElement("eye"));
  button.addEventListener("click", () => openMenu(button, eyesMenu(rows, shown.peek()), {label: "Show in charts"}));
  return {id: "eye", name: button, width: 30, minWidth: 30, maxWidth: 30, resizable: false, reorderable: false, formatter: eyeCell, cssClass: "is-tool", headerCssClass: "is-tool"};
}

/** An id that may stand in HTML and in selectors, whatever a config's names hold. */
function idOf(key) {
  return `c_${key.replace(/[^A-Za-z0-9]/g, (sign) => `_${sign.codePointAt(0).toString(16)}_`)}`;
}

function fitColumn(grid, key) {
  const index = grid.getColumnIndex(idOf(key));
  const {top, bottom} = grid.getViewport();
  let width = labelOf(key).length * 7.4 + 44;
  for (let row = top; row <= bottom; row += 1) {
    const cell = grid.getCellNode(row, index);
    if (!cell) continue;
    const range = document.createRange();
    range.selectNodeContents(cell);
    width = Math.max(width, range.getBoundingClientRect().width + 22, [...cell.children].reduce((most, child) => Math.max(most, child.scrollWidth + 22), 0));
  }
  widths.set({...widths.signal.peek(), [key]: Math.min(600, Math.round(width))});
}

/** What the grid leaves out for screen readers: rows of heads, and where a row stands. */
function rolesOf(place, rows) {
  for (const head of place.querySelectorAll(".slick-header-columns")) head.setAttribute("role", "row");
  if (!rows) return;
  place.setAttribute("aria-rowcount", String(rows.getLength() + 1));
  for (const row of place.querySelectorAll(".slick-row:not([aria-rowindex])")) row.setAttribute("aria-rowindex", String(Number(row.dataset.row) + 2));
}

