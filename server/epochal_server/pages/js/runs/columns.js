// The columns that there are, those that are shown, and how wide they are.

import {get} from "../api.js";
import {computed, signal} from "../html.js";
import {columnKeys, group, pins, project, widths} from "./asked.js";

/** What the server knows of columns: [{key, source, kind, count, distinct, min?, max?, values?, differs}]. */
export const known = signal(null);

const byKey = computed(() => new Map((known.value ?? []).map((column) => [column.key, column])));

/** What cannot be asked for and is shown anyway, and what every row needs. */
export const ALWAYS = ["name", "state", "reason", "started", "tags", "notes", "project"];
const FIRST = ["name", "state", "started", "duration"];
const LABELS = {
  name: "Name", id: "Id", project: "Project", state: "State", reason: "Reason", started: "Started", finished: "Finished",
  duration: "Duration", group: "Group", job_type: "Job type", tags: "Tags", notes: "Notes", host: "Host",
  ranks: "Ranks", metrics: "Metrics",
};
const KINDS = {started: "time", finished: "time", duration: "duration", tags: "list", metrics: "list", ranks: "number"};
const WIDTHS = {name: 210, state: 104, started: 106, finished: 106, duration: 92, tags: 150, notes: 200, id: 190, host: 130, project: 130, metrics: 200};
const GROUPED = 138;
const BY_KIND = {number: 92, bool: 74, time: 112, list: 150, text: 124, mixed: 110};

/** Where the columns of the runs of the chosen project are. */
export function columnsPath() {
  return project.peek() ? `/api/columns?project=${encodeURIComponent(project.peek())}` : "/api/columns";
}

/** Asks for the columns of the runs of a project, and returns the answer; one of a project that was left since is not shown. */
export async function loadColumns(abort) {
  const path = columnsPath();
  const answer = await get(path, {signal: abort});
  if (path === columnsPath()) known.value = answer.columns;
  return answer;
}

// what says how good a run is comes first, what only says how far or how it went last
const TELLING = /(^|[/_.])(val|valid|validation|eval|test)([/_.]|$)/i;
const GOAL = /loss|acc|f1|auc|error|score|bleu|rouge|perplexity|reward|map$|mae|mse|rmse|r2/i;
const PROGRESS = /(^|[/_.])(epoch|step|steps|lr|learning_rate|seconds|time|runtime|samples|tokens|global_step)([/_.]|$)|_per_second$/i;
const SETTING = /^config\.(datasets|environment|trainer|model\.summary|git|system)\b|\b(sha|hash|path|dir|file|fingerprint|seed)\w*$/i;

function tellingOf({key, count}) {
  const from = key.replace(/^(config|summary)\./, "");
  return [PROGRESS.test(from) ? 1 : 0, GOAL.test(from) ? 0 : 1, TELLING.test(from) ? 0 : 1, -count];
}

function bySeveral(ranks) {
  return (one, other) => {
    const [a, b] = [ranks(one), ranks(other)];
    const at = a.findIndex((rank, i) => rank !== b[i]);
    return at < 0 ? 0 : a[at] - b[at];
  };
}

/** Columns that nobody chose: what every run has, then the summary, the tags, and the config where runs differ. */
const automatic = computed(() => {
  const numbers = (known.value ?? []).filter((column) => column.source === "summary" && column.kind === "number");
  const config = (known.value ?? []).filter((column) => column.source === "config" && column.differs);
  const tagged = byKey.value.get("tags")?.count > 0 ? ["tags"] : [];
  const best = [...numbers].sort(bySeveral(tellingOf)).slice(0, 5);
  const settings = [...config].sort(bySeveral((column) => [SETTING.test(column.key) ? 1 : 0, -column.count])).slice(0, 8);
  return [...FIRST, ...best.map(({key}) => key), ...tagged, ...settings.map(({key}) => key)];
});

/** Keys of the columns that are shown, pinned ones first. */
export const shownKeys = computed(() => {
  const keys = columnKeys.signal.value ?? automatic.value;
  const fixed = pinned.value;
  return [...keys.filter((key) => fixed.includes(key)), ...keys.filter((key) => !fixed.includes(key))];
});

/** Keys of the pinned columns. */
export const pinned = computed(() => pins.signal.value ?? ["name"]);

/** Whether the columns are those that nobody chose. */
export const isAutomatic = computed(() => columnKeys.signal.value === null);

/** What is known of one column; a column that no run has any more is still one. */
export function columnOf(key) {
  const source = key.startsWith("config.") ? "config" : key.startsWith("summary.") ? "summary" : "field";
  return {key, source, count: 0, distinct: 0, differs: false, ...byKey.value.get(key), kind: KINDS[key] ?? byKey.value.get(key)?.kind ?? "text"};
}

/** What stands over a column: its name without where it comes from. */
export function labelOf(key) {
  return LABELS[key] ?? key.replace(/^(config|summary)\./, "");
}

/** How wide a column is: as somebody made it, or as its kind and its name need it. */
export function widthOf(key) {
  const given = widths.signal.value?.[key];
  if (given) return given;
  if (key === "name" && innerWidth < 600) return 150;
  const {kind} = columnOf(key);
  const base = WIDTHS[key] ?? BY_KIND[kind] ?? 120;
  if (group.value.length && isNumeric(key)) return Math.max(GROUPED, base); // mean ± deviation, and the range
  if (group.value.length && key === "state") return 180;
  return WIDTHS[key] ? base : Math.min(190, Math.max(base, Math.round(labelOf(key).length * 7.2) + 40));
}

/** Whether a column's values are numbers that stand one under the other. */
export function isNumeric(key) {
  return ["number", "duration"].includes(columnOf(key).kind);
}

export function showColumns(keys) {
  columnKeys.set(keys.includes("name") ? keys : ["name", ...keys]);
}

export function showColumn(key, on = true) {
  const keys = shownKeys.peek().filter((other) => other !== key);
  showColumns(on ? [...keys, key] : keys);
}

/** Moves a column by some places among those of its side. */
export function moveColumn(key, by) {
  const keys = [...shownKeys.peek()];
  const from = keys.indexOf(key);
  const to = from + by;
  const fixed = pinned.peek();
  if (to < 0 || to >= keys.length || fixed.includes(keys[to]) !== fixed.includes(key)) return;
  keys.splice(from, 1);
  keys.splice(to, 0, key);
  showColumns(keys);
}

export function pinColumn(key, on = true) {
  const others = pinned.peek().filter((other) => other !== key);
  pins.set(on ? [...others, key] : others);
}

/** Columns, widths and pins as nobody had chosen them. */
export function resetColumns() {
  columnKeys.set(null);
  widths.set(null);
  pins.set(null);
}
