// Nested values as the rows of a tree: what is open, what a search finds, in the order in which they stand.
import {exact, isLeaf} from "./values.js";

/** A name's place among others: parts joined by a character that no name of a config has. */
const JOINT = "\u0001";

/**
 * The rows of a tree: {id, name, dotted, depth, value, leaf, open, count, parent}.
 *
 * `opened` is a Map of ids to booleans, which a person has chosen; else `byDefault(depth)` says. A search shows what it
 * finds, in names or values, with all that leads there.
 */
export function treeRows(value, {find = "", opened = new Map(), byDefault = () => true} = {}) {
  const rows = [];
  const wanted = find.toLowerCase();
  walk(value, {id: "", dotted: "", depth: 0, parent: null}, {rows, wanted, opened, byDefault, all: !wanted});
  return rows;
}

function walk(value, place, how) {
  let found = false;
  for (const [name, inner] of entries(value)) {
    const id = place.id + JOINT + name;
    const dotted = Array.isArray(value) ? `${place.dotted}[${name}]` : join(place.dotted, name);
    const leaf = isLeaf(inner);
    const hit = how.all || dotted.toLowerCase().includes(how.wanted) || (leaf && exact(inner).toLowerCase().includes(how.wanted));
    const open = !leaf && (how.opened.get(id) ?? (how.wanted ? true : how.byDefault(place.depth)));
    const row = {id, name, dotted, depth: place.depth, value: inner, leaf, open, count: leaf ? 0 : entries(inner).length, parent: place.id || null};
    const at = how.rows.push(row) - 1;
    let below = false;
    if (!leaf) {
      const length = how.rows.length;
      // a group that was found by its own name shows all that it holds
      below = walk(inner, {id, dotted, depth: place.depth + 1, parent: id}, {...how, all: how.all || (hit && how.wanted !== "")});
      if (!open) how.rows.length = length;
    }
    if (hit || below) found = true;
    else how.rows.splice(at);
  }
  return found;
}

function join(dotted, name) {
  const part = name.includes(".") ? `["${name}"]` : name;
  return dotted && !part.startsWith("[") ? `${dotted}.${part}` : dotted + part;
}

function entries(value) {
  return Array.isArray(value) ? value.map((each, at) => [String(at), each]) : Object.entries(value ?? {});
}

/** How many single values there are. */
export function leaves(value) {
  if (isLeaf(value)) return 1;
  return entries(value).reduce((sum, [, inner]) => sum + leaves(inner), 0);
}
