// A list of runs on the server of which parts are here: the whole table, or the members of one group.

import {post} from "../api.js";

const NOT_HERE = {key: null, at: () => undefined};

class Row {
  constructor(key, columns, index) {
    this.key = key;
    this.columns = columns;
    this.index = index;
  }

  /** The row's value in a column. */
  at(column) {
    return this.columns[column]?.[this.index];
  }

  isSame(other) {
    if (!other || this.key !== other.key) return false;
    for (const column in this.columns) if (!alike(this.at(column), other.at(column))) return false;
    return true;
  }
}

export class RunList {
  /** How many rows are asked for at once. */
  static PART = 250;

  /** `body` and `columns` are functions: what is asked for may change while the list lives. */
  constructor(body, columns) {
    this.body = body;
    this.columns = columns;
    this.parts = new Map(); // number of the part -> {rows, isOld, coming}
    this.length = 0;
    this.answer = null; // the newest
    this.facts = [];
  }

  row(index) {
    return this.parts.get(Math.floor(index / RunList.PART))?.rows[index % RunList.PART] ?? NOT_HERE;
  }

  resize(length) {
    this.length = length;
  }

  /** What was fetched may have changed: it is shown on, and asked for again when it is seen. */
  outdate() {
    for (const part of this.parts.values()) part.isOld = true;
  }

  /** The rows that came since the last call: [Row]. */
  fresh() {
    const found = this.facts;
    this.facts = [];
    return found;
  }

  /** Fetches what is missing or old of these rows, and returns the indices of those that differ from before. */
  async fetch(first, last, abort) {
    const waits = [];
    const end = Math.floor(Math.max(0, Math.min(last, Math.max(this.length, 1) - 1)) / RunList.PART);
    for (let number = Math.floor(first / RunList.PART); number <= end; number += 1) {
      const part = this.parts.get(number) ?? {rows: [], isOld: true, coming: null};
      this.parts.set(number, part);
      waits.push(this.#renew(number, part, abort));
    }
    return (await Promise.all(waits)).flat();
  }

  async #renew(number, part, abort) {
    if (part.coming) await part.coming; // what is on its way may be older than what made it old
    if (!part.isOld) return [];
    part.coming ??= this.#part(number, part, abort).finally(() => (part.coming = null));
    return part.coming;
  }

  async #part(number, part, abort) {
    part.isOld = false;
    let answer;
    try {
      answer = await post("/api/runs/query", {
        ...this.body(), columns: this.columns(), offset: number * RunList.PART, limit: RunList.PART,
      }, {signal: abort});
    } catch (error) {
      part.isOld = true;
      throw error;
    }
    const rows = answer.keys.map((key, index) => new Row(key, answer.columns, index));
    const differing = [];
    for (let i = 0; i < Math.max(rows.length, part.rows.length); i += 1) {
      if (!rows[i]?.isSame(part.rows[i])) differing.push(number * RunList.PART + i);
    }
    part.rows = rows;
    this.facts.push(...rows);
    this.length = answer.matched;
    this.answer = answer;
    return differing;
  }
}

function alike(one, other) {
  if (Object.is(one, other)) return true;
  return typeof one === "object" && typeof other === "object" && JSON.stringify(one) === JSON.stringify(other);
}
