// Mathematics in markdown: $…$ within a line and $$…$$ by itself, as rules for markdown-it.

/** Teach a markdown-it to read mathematics; returns it. Tokens are `math_inline` and `math_block`. */
export function addMath(reader) {
  reader.inline.ruler.after("escape", "math_inline", inline);
  reader.block.ruler.after("blockquote", "math_block", block, {alt: ["paragraph", "reference", "blockquote", "list"]});
  return reader;
}

/** As pandoc has it: no blank within the signs, and no digit behind the last, so that "$5 and $6" are prices. */
function inline(state, silent) {
  const {src, pos, posMax} = state;
  if (src[pos] !== "$") return false;
  const display = src[pos + 1] === "$";
  const marks = display ? "$$" : "$";
  const from = pos + marks.length;
  if (from >= posMax || (!display && /\s/.test(src[from]))) return false;
  let to = src.indexOf(marks, from);
  while (to >= 0 && escaped(src, to)) to = src.indexOf(marks, to + 1);
  if (to < 0 || to >= posMax || to === from) return false;
  if (!display && (/\s/.test(src[to - 1]) || /\d/.test(src[to + 1] ?? ""))) return false;
  if (!silent) {
    const token = state.push(display ? "math_block" : "math_inline", "span", 0);
    token.content = src.slice(from, to);
    token.markup = marks;
  }
  state.pos = to + marks.length;
  return true;
}

function escaped(text, at) {
  let count = 0;
  while (text[at - 1 - count] === "\\") count += 1;
  return count % 2 === 1;
}

function block(state, first, end, silent) {
  const lineOf = (line) => state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
  if (state.sCount[first] - state.blkIndent >= 4) return false;
  const opening = lineOf(first);
  if (!opening.startsWith("$$")) return false;
  const held = [];
  let line = first;
  let text = opening.slice(2);
  for (;;) {
    const close = text.indexOf("$$");
    if (close >= 0) {
      if (text.slice(close + 2).trim()) return false; // words behind it: a formula within a paragraph
      held.push(text.slice(0, close));
      break;
    }
    held.push(text);
    line += 1;
    if (line >= end || (state.sCount[line] < state.blkIndent && lineOf(line))) return false;
    text = lineOf(line);
  }
  if (silent) return true;
  const token = state.push("math_block", "math", 0);
  token.block = true;
  token.content = held.join("\n").trim();
  token.map = [first, line + 1];
  state.line = line + 1;
  return true;
}
