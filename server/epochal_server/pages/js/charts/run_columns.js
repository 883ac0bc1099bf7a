// Columns of config and summary for panels that show runs as points, lines or bars; asked for as the table asks.

import { post } from "../api.js";

const PAGE = 1000;
const MOST = 10_000;

/**
 * @param {{context: object, keysText: object}} store @param {string[]} columns such as "config.lr", "summary.loss"
 * @returns {Promise<{keys: string[], names: string[], columns: Record<string, unknown[]>, total: number}>}
 */
export async function fetchColumns(store, columns, signal) {
  const { context } = store;
  const query = context.query?.value ?? (context.project ? { project: context.project } : {});
  const wanted = [...new Set(["name", ...columns])];
  const ask = (offset) => post("/api/runs/query", { ...query, columns: wanted, offset, limit: PAGE }, { signal });
  const pages = [await ask(0)];
  for (let at = PAGE; at < Math.min(pages[0].matched, MOST); at += PAGE) pages.push(await ask(at));
  const found = { keys: pages.flatMap(({ keys }) => keys), columns: {}, total: pages[0].matched };
  for (const column of wanted) found.columns[column] = pages.flatMap((page) => page.columns[column]);
  return onlyShown({ ...found, names: found.columns.name.map((name, at) => name ?? found.keys[at]) }, store);
}

/** Where there is no table that asks, as in a report, the runs are those that were given. */
function onlyShown(found, { context, keysText }) {
  if (context.query) return found;
  const given = new Set(keysText.value.split("\n"));
  const kept = found.keys.map((key, at) => (given.has(key) ? at : -1)).filter((at) => at >= 0);
  const pick = (values) => kept.map((at) => values[at]);
  const columns = Object.fromEntries(Object.entries(found.columns).map(([name, values]) => [name, pick(values)]));
  return { keys: pick(found.keys), names: pick(found.names), columns, total: kept.length };
}

/** A column's values as numbers; the texts "NaN" and "Infinity", which stand for what JSON has not, as what they mean. */
export function asNumber(value) {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return NaN;
}

/** What kind of axis a column needs: numbers, powers of numbers, or words. */
export function axisKind(values) {
  const there = values.filter((value) => value !== null && value !== undefined && value !== "NaN");
  if (!there.length) return "value";
  if (there.some((value) => typeof value !== "number" && typeof value !== "boolean" && !/^-?Infinity$/.test(value))) return "category";
  const numbers = there.map(asNumber).filter(Number.isFinite);
  const low = least(numbers);
  const high = -least(numbers.map((value) => -value));
  return low > 0 && high / low >= 100 ? "log" : "value";
}

/** What kinds of axes a scatter plot has, across and up: as its panel says, or else as its values need. */
export function scatterKinds(panel, columns) {
  return [
    [panel.across, panel.logx],
    [panel.up, panel.logy],
  ].map(([column, log]) => {
    const kind = axisKind(columns[column]);
    return kind === "category" || log === undefined ? kind : log ? "log" : "value";
  });
}

function least(numbers) {
  return numbers.reduce((one, other) => (other < one ? other : one), Infinity);
}

export function wordOf(value) {
  if (value === null || value === undefined) return "–";
  return Array.isArray(value) || typeof value === "object" ? JSON.stringify(value) : String(value);
}
