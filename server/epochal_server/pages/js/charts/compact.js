// JSON-like values as short text that a person can read in an address: (smoothing:0.6,folded:!(system)).
//
// Objects are (key:value,…), lists !(a,b), true and false !t and !f, null !n, texts bare where they cannot be mistaken
// for something else, else in single quotes with ! before a quote or a !.

const BARE = /^[A-Za-z_][\w./-]*$/;

/** @param {unknown} value @returns {string} */
export function pack(value) {
  if (value === null || value === undefined) return "!n";
  if (value === true) return "!t";
  if (value === false) return "!f";
  if (typeof value === "number") return Number.isFinite(value) ? String(value).replace("e+", "e") : "!n";
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `!(${value.map(pack).join(",")})`;
  const parts = Object.entries(value).filter(([, held]) => held !== undefined);
  return `(${parts.map(([key, held]) => `${text(key)}:${pack(held)}`).join(",")})`;
}

function text(value) {
  return BARE.test(value) ? value : `'${value.replace(/[!']/g, "!$&")}'`;
}

/**
 * Read what `pack` wrote. An address may be typed or cut off by anybody: what cannot be read is an error, never a guess.
 *
 * @param {string} source @returns {unknown} @throws {SyntaxError}
 */
export function unpack(source) {
  const reader = { source, at: 0, depth: 0 };
  const value = read(reader);
  if (reader.at !== source.length) throw wrong(reader);
  return value;
}

function wrong(reader) {
  return new SyntaxError(`cannot read the address at character ${reader.at + 1}`);
}

function read(reader) {
  const { source } = reader;
  const sign = source[reader.at];
  if (++reader.depth > 24) throw wrong(reader);
  try {
    if (sign === "(") return object(reader);
    if (sign === "'") return quoted(reader);
    if (sign === "!") {
      const kind = source[reader.at + 1];
      if (kind === "(") return list(reader);
      reader.at += 2;
      if (kind === "t") return true;
      if (kind === "f") return false;
      if (kind === "n") return null;
      reader.at -= 1;
      throw wrong(reader);
    }
    const found = /[^,:()'!]*/y;
    found.lastIndex = reader.at;
    const word = found.exec(source)[0];
    if (!word) throw wrong(reader);
    reader.at += word.length;
    if (BARE.test(word)) return word;
    const number = Number(word);
    if (!Number.isFinite(number) || word.trim() !== word) throw wrong(reader);
    return number;
  } finally {
    reader.depth -= 1;
  }
}

function object(reader) {
  const made = {};
  members(reader, 1, () => {
    const key = reader.source[reader.at] === "'" ? quoted(reader) : read(reader);
    if (typeof key !== "string" || reader.source[reader.at] !== ":") throw wrong(reader);
    reader.at += 1;
    const held = read(reader);
    // a key of this name would change the object itself instead of being held by it
    if (key !== "__proto__") made[key] = held;
  });
  return made;
}

function list(reader) {
  const made = [];
  members(reader, 2, () => made.push(read(reader)));
  return made;
}

function members(reader, skip, one) {
  reader.at += skip;
  if (reader.source[reader.at] === ")") {
    reader.at += 1;
    return;
  }
  for (;;) {
    one();
    const sign = reader.source[reader.at];
    reader.at += 1;
    if (sign === ")") return;
    if (sign !== ",") {
      reader.at -= 1;
      throw wrong(reader);
    }
  }
}

function quoted(reader) {
  const { source } = reader;
  let made = "";
  for (let at = reader.at + 1; at < source.length; at++) {
    const sign = source[at];
    if (sign === "'") {
      reader.at = at + 1;
      return made;
    }
    if (sign === "!") at += 1;
    made += source[at] ?? "";
  }
  reader.at = source.length;
  throw wrong(reader);
}
