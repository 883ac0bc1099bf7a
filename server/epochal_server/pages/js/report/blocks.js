// The text of a report, split into markdown and grids, and put together again byte for byte: as reports_format.py does.
// Both are held to tests/server/report_examples.json.

const LINES = /[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+/g;
const OPENS = /^( {0,3})(?:(`{3,})([^`]*)|(~{3,})([^]*))$/;
const CLOSES = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;
const HEADING = /^ {0,3}#(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$/su;
const UNDERLINE = /^ {0,3}=+[ \t]*$/;
const NO_PARAGRAPH = /^(?: {4}|\t| {0,3}(?:[>#]|[-+*][ \t]|\d{1,9}[.)][ \t]|`{3}|~{3}))/;
/** A grid is written in lines of at most so many characters, where it can be. */
const WIDEST = 100;

const linesOf = (text) => text.match(LINES) ?? [];
const bare = (line) => line.replace(/[\r\n]+$/, "");

/**
 * The blocks of a report; what they hold as `text` or `source` is, one after the other, the whole text.
 *
 * @returns {({kind: "text", text: string} | {kind: "grid", source: string, grid: object | null,
 *   error: {message: string, line: number, column: number} | null})[]}
 */
export function parse(text) {
  const blocks = [];
  const lines = linesOf(text);
  let before = "";
  for (let at = 0; at < lines.length;) {
    const fence = fenceOf(lines[at]);
    if (!fence) {
      before += lines[at];
      at += 1;
      continue;
    }
    const first = at;
    let closed = false;
    for (at += 1; at < lines.length && !closed; at += 1) closed = closes(lines[at], fence.marks);
    const held = lines.slice(first, at);
    if (!fence.isGrid) {
      before += held.join("");
      continue;
    }
    if (before) blocks.push({kind: "text", text: before});
    before = "";
    blocks.push(gridBlock(held, first + 1, closed, fence.marks));
  }
  if (before) blocks.push({kind: "text", text: before});
  return blocks;
}

/** The text of a report from its blocks. */
export function write(blocks) {
  return blocks.map((block) => (block.kind === "grid" ? block.source : block.text)).join("");
}

/** The heading of the first level that a report begins with, or null. */
export function titleOf(text) {
  const lines = linesOf(text.replace(/^\ufeff/, "")).map(bare);
  const at = lines.findIndex((line) => line.replace(/[ \t]/g, ""));
  if (at < 0) return null;
  const heading = lines[at].match(HEADING);
  if (heading) return trimmed(heading[1] ?? "") || null;
  if (UNDERLINE.test(lines[at + 1] ?? "") && !NO_PARAGRAPH.test(lines[at])) return trimmed(lines[at]);
  return null;
}

/** A grid as JSON that a person can read: what fits into a line stands in one, but for the grid and its panels. */
export function gridText(grid) {
  const members = Object.entries(grid).map(([name, value]) => {
    const begin = `  ${JSON.stringify(name)}: `;
    return begin + (name === "panels" ? broken(value, 2) : written(value, 2, begin.length));
  });
  return members.length ? `{\n${members.join(",\n")}\n}` : "{}";
}

/** A grid as a block of a report. */
export function gridBlockOf(grid) {
  const text = gridText(grid);
  const marks = "`".repeat(Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  return {kind: "grid", source: `${marks}epochal\n${text}\n${marks}\n`, grid, error: null};
}

const trimmed = (text) => text.replace(/^[ \t]+|[ \t]+$/g, "");

function fenceOf(line) {
  const found = bare(line).match(OPENS);
  if (!found) return null;
  const [, indent, ticks, info, tildes, other] = found;
  const word = (ticks ? info : other).trim().split(/\s+/)[0];
  return {marks: ticks ?? tildes, isGrid: !indent && word === "epochal"};
}

function closes(line, marks) {
  const end = bare(line).match(CLOSES);
  return Boolean(end) && end[1][0] === marks[0] && end[1].length >= marks.length;
}

function gridBlock(held, first, closed, marks) {
  const source = held.join("");
  const fault = (message, line, column = 1) => ({kind: "grid", source, grid: null, error: {message, line, column}});
  if (!closed) return fault(`the grid does not end: a line with ${marks} is missing behind it`, first);
  const inside = held.slice(1, -1).join("");
  let grid;
  try {
    grid = JSON.parse(inside);
  } catch (error) {
    const {line, column} = placeOf(error, inside);
    return fault(`this is no JSON: ${error.message.split(/ in JSON| at position|, "|, \.\.\."|\n/)[0]}`, first + line, column);
  }
  if (typeof grid !== "object" || grid === null || Array.isArray(grid)) return fault("a grid is a JSON object: {…}", first + 1);
  return {kind: "grid", source, grid, error: null};
}

/** Where a browser says that JSON goes wrong: the line within the text, and the column, both from 1. */
function placeOf(error, text) {
  const named = error.message.match(/line (\d+) column (\d+)/);
  if (named) return {line: Number(named[1]), column: Number(named[2])};
  const found = error.message.match(/position (\d+)/);
  const before = linesOf(text.slice(0, found ? Number(found[1]) : faultIn(text)));
  if (!before.length || /[\r\n]$/.test(before.at(-1))) return {line: before.length + 1, column: 1};
  return {line: before.length, column: before.at(-1).length + 1};
}

/** Where the text stops to be the beginning of JSON, for browsers that do not say: with all that is longer, it is wrong. */
function faultIn(text) {
  if (!isWrong(text)) return text.length;
  let fine = 0;
  let wrong = text.length;
  while (wrong - fine > 1) {
    const half = (fine + wrong) >> 1;
    if (isWrong(text.slice(0, half))) wrong = half;
    else fine = half;
  }
  return wrong - 1;
}

/** Whether a text is more than the beginning of JSON. */
function isWrong(text) {
  try {
    JSON.parse(text);
    return false;
  } catch ({message}) {
    return /^Unexpected token|not valid JSON$|^JSON Parse error: (?!Unexpected EOF|Unterminated)/.test(message);
  }
}

/** JSON in one line, with the blanks that people write. */
function spaced(value) {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${spaced(each)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

const isEmpty = (value) => typeof value !== "object" || value === null || Object.keys(value).length === 0;

function written(value, indent, used) {
  const line = spaced(value);
  return isEmpty(value) || used + line.length + 1 <= WIDEST ? line : broken(value, indent);
}

function broken(value, indent) {
  if (isEmpty(value)) return spaced(value);
  const within = " ".repeat(indent + 2);
  const end = `\n${" ".repeat(indent)}`;
  if (Array.isArray(value)) return `[\n${value.map((each) => within + written(each, indent + 2, indent + 2)).join(",\n")}${end}]`;
  const parts = Object.entries(value).map(([name, each]) => {
    const begin = `${within}${JSON.stringify(name)}: `;
    return begin + written(each, indent + 2, begin.length);
  });
  return `{\n${parts.join(",\n")}${end}}`;
}
