// A unified diff as files, hunks and lines, with the part of a line that was changed.

/** What git says between `diff --git` and the first hunk that is worth showing. */
const TOLD = /^(new file mode|deleted file mode|old mode|new mode|rename from|rename to|copy from|copy to|similarity index|Binary files|GIT binary patch)/;
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;

/** `text` as [{name, told: [lines], added, removed, hunks: [{head, lines: [{sort, old, new, text, marks?}]}]}]. */
export function parseDiff(text) {
  const files = [];
  let [file, hunk, left] = [null, null, {old: 0, new: 0}];
  let [before, after] = [0, 0];
  const opened = (name) => {
    file = {name, told: [], added: 0, removed: 0, hunks: []};
    hunk = null;
    files.push(file);
  };
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    const inside = hunk && (left.old > 0 || left.new > 0);
    if (inside && take(line)) continue;
    if (line.startsWith("diff --git ")) opened(nameIn(line));
    else if (line.startsWith("--- ") && (!file || file.hunks.length)) opened(cleaned(line.slice(4)));
    else if (line.startsWith("+++ ") && file) named(line);
    else if (HUNK.test(line)) begin(line.match(HUNK), line);
    else if (hunk && line.startsWith("\\")) hunk.lines.push({sort: "note", text: line.slice(2)});
    else if (file && TOLD.test(line)) file.told.push(line);
  }
  files.forEach((each) => each.hunks.forEach((one) => markPairs(one.lines)));
  return files;

  function begin(found, line) {
    if (!file) opened("");
    [before, after] = [Number(found[1]), Number(found[3])];
    left = {old: Number(found[2] ?? 1), new: Number(found[4] ?? 1)};
    hunk = {head: line.slice(0, line.indexOf("@@", 2) + 2), where: found[5], lines: []};
    file.hunks.push(hunk);
  }

  function take(line) {
    const [sign, rest] = [line[0] ?? " ", line.slice(1)];
    if (sign === "+") {
      hunk.lines.push({sort: "added", new: after++, text: rest});
      file.added += 1;
      left.new -= 1;
    } else if (sign === "-") {
      hunk.lines.push({sort: "removed", old: before++, text: rest});
      file.removed += 1;
      left.old -= 1;
    } else if (sign === " ") {
      hunk.lines.push({sort: "same", old: before++, new: after++, text: rest});
      left.old -= 1;
      left.new -= 1;
    } else if (sign === "\\") hunk.lines.push({sort: "note", text: rest.trim()});
    else return false;
    return true;
  }

  function named(line) {
    const name = cleaned(line.slice(4));
    if (name && name !== "/dev/null") file.name = name;
  }
}

function nameIn(line) {
  const rest = line.slice("diff --git ".length);
  const at = rest.lastIndexOf(" b/");
  return at < 0 ? rest : rest.slice(at + 3);
}

/** The name in a line of `---` or `+++`: without its prefix, and what stands after a tab. */
function cleaned(text) {
  return text.split("\t")[0].replace(/^[ab]\//, "");
}

/** Mark in a removed line and the added one that stands for it where they differ, if most of it is the same. */
function markPairs(lines) {
  for (let at = 0; at < lines.length; at += 1) {
    if (lines[at].sort !== "removed") continue;
    let removed = at;
    while (lines[removed]?.sort === "removed") removed += 1;
    let added = removed;
    while (lines[added]?.sort === "added") added += 1;
    if (removed - at === added - removed) {
      for (let each = 0; each < removed - at; each += 1) markPair(lines[at + each], lines[removed + each]);
    }
    at = added - 1;
  }
}

function markPair(one, other) {
  const [a, b] = [one.text, other.text];
  if (a.length > 2000 || b.length > 2000) return;
  let head = 0;
  while (head < Math.min(a.length, b.length) && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  if ((head + tail) * 2 < Math.min(a.length, b.length)) return; // another line, not a changed one
  one.marks = [head, a.length - tail];
  other.marks = [head, b.length - tail];
}
