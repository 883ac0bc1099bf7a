// Which runs are ticked and which are shown, for many at once.

import {toast} from "../dialog.js";
import {counted} from "../format.js";
import {MOST_SHOWN, select, selected, selectNone, show, showLatest, showOnly, shown, visible} from "../selection.js";

/** Whether every run that matches is ticked. */
export function allPicked(rows) {
  const matched = rows.matched.peek();
  return Boolean(matched) && selected.peek().size >= matched;
}

/** Ticks all runs that match, those that were never in sight too. */
export async function pickAll(rows, on) {
  if (!on) return selectNone();
  try {
    select(await rows.keys());
  } catch (error) {
    toast(`The runs could not be selected: ${error.message}`, {kind: "bad"});
  }
}

/** The menu over the column of eyes. */
export function eyesMenu(rows, now) {
  const ticked = [...selected.peek()];
  const matched = rows.matched.peek() ?? 0;
  return [
    {heading: "Show in charts"},
    {label: "The latest ten", checked: now === null, run: showLatest},
    {label: matched > MOST_SHOWN ? `The latest ${MOST_SHOWN} that match` : "All that match", checked: now === "all", run: () => (shown.value = "all")},
    {label: "None", checked: Array.isArray(now) && now.length === 0, run: () => showOnly([])},
    {line: true},
    {label: `Only the ${counted(ticked.length, "selected run")}`, disabled: !ticked.length, run: () => showOnly(ticked)},
    {label: "Select what is shown", disabled: !visible.peek().length, run: () => select(visible.peek())},
    {line: true},
    {label: "Show the selected as well", disabled: !ticked.length, run: () => show(ticked)},
    {label: "Hide the selected", disabled: !ticked.length, run: () => show(ticked, false)},
  ];
}

