// The rows of the table: fetched in parts as they come into sight, kept while newer ones are on their way.

import {isAbort, post} from "../api.js";
import {signal} from "../html.js";
import {selected} from "../selection.js";
import {RunList} from "./run_list.js";

/**
 * A source of rows for the grid: getLength, getItem, getItemMetadata. A row is {key, at(column)} or a group
 * {group: {values, count, states, stats}, id, isOpen}; what is not here yet is {key: null}.
 */
export class Rows {
  constructor({onRows, onAll, onFacts}) {
    this.told = {onRows, onAll, onFacts};
    this.matched = signal(null);
    this.total = signal(null);
    this.left = signal(0); // runs that the server has still to read
    this.error = signal(null);
    this.busy = signal(false);
    this.body = null;
    this.revision = null; // of the newest answer
    this.columns = [];
    this.segments = []; // in order: {first, list} or {first, group}
    this.length = 0;
    this.abort = new AbortController();
    this.sight = [0, 60];
    this.opened = new Set();
  }

  getLength() {
    return this.length;
  }

  getItem(index) {
    const segment = this.#segmentAt(index);
    if (!segment) return null;
    return segment.group ? segment : segment.list.row(index - segment.first);
  }

  getItemMetadata(index) {
    const item = this.getItem(index);
    if (item?.group) return GROUP_ROW;
    return item && item.key !== null && selected.peek().has(item.key) ? PICKED_ROW : null;
  }

  /** Whether what is shown now is groups. */
  isGrouped() {
    return this.segments.length > 0 && Boolean(this.segments[0].group);
  }

  /** Asks something new: what is shown stays until the first answer is there, then gives way to it. */
  async ask(body, columns) {
    this.abort.abort();
    this.abort = new AbortController();
    const top = JSON.stringify(body) !== JSON.stringify(this.body); // a column more is no reason to lose one's place
    const {signal: mine} = this.abort;
    this.body = body;
    this.columns = columns;
    this.busy.value = true;
    try {
      const segments = body.group ? await this.#groups(mine) : [{list: await this.#list(mine)}];
      if (mine.aborted) return;
      this.#put(segments);
      this.error.value = null;
      this.told.onAll({top});
    } catch (error) {
      if (isAbort(error) || mine.aborted) return;
      this.error.value = error;
    } finally {
      if (!mine.aborted) this.busy.value = false;
    }
  }

  /** Asks the same again because runs have changed: rows stay in place, only what differs is drawn anew. */
  async refresh() {
    if (!this.body) return;
    if (this.error.peek()) return this.ask(this.body, this.columns);
    const {signal: mine} = this.abort;
    try {
      if (this.body.group) {
        this.#put(await this.#groups(mine));
        if (!mine.aborted) this.told.onAll({top: false});
      } else {
        for (const {list} of this.segments) list?.outdate();
      }
      await this.#fetch(mine);
    } catch (error) {
      if (!isAbort(error) && !mine.aborted) this.error.value = error;
    }
  }

  /** Says which rows can be seen; those that are missing come. */
  see(first, last) {
    this.sight = [first, last];
    return this.#fetch(this.abort.signal).catch((error) => {
      if (!isAbort(error)) this.error.value = error;
    });
  }

  /** Opens groups: those whose id is in the set. */
  async open(ids) {
    this.opened = new Set(ids);
    if (!this.body?.group || !this.segments.length) return;
    this.#put(this.segments.filter(({group}) => group).flatMap((segment) => this.#withMembers(segment)));
    this.told.onAll({top: false});
    await this.see(...this.sight);
  }

  /** All keys that match, in order, up to a number; for what is done to all. */
  async keys(most = 100_000) {
    const {group, ...body} = this.body;
    const found = [];
    while (found.length < most) {
      const answer = await post("/api/runs/query", {...body, columns: [], offset: found.length, limit: 1000});
      found.push(...answer.keys);
      if (!answer.keys.length || found.length >= answer.matched) break;
    }
    return found.slice(0, most);
  }

  close() {
    this.abort.abort();
  }

  async #groups(abort) {
    const groups = [];
    for (;;) {
      const answer = await post("/api/runs/query", {...this.body, columns: this.columns, offset: groups.length, limit: GROUPS}, {signal: abort});
      this.#tally(answer);
      groups.push(...answer.groups);
      if (!answer.groups.length || groups.length >= Math.min(answer.group_count, MOST_GROUPS)) break;
    }
    const before = new Map(this.segments.filter(({group}) => group).map((segment) => [segment.id, segment.members]));
    return groups.flatMap((group) => {
      const id = JSON.stringify(group.values);
      const members = before.get(id);
      members?.outdate();
      return this.#withMembers({id, group, members});
    });
  }

  #withMembers({id, group, members}) {
    const isOpen = this.opened.has(id);
    const list = isOpen ? members ?? this.#listOf(group) : members;
    list?.resize(group.count);
    const head = {id, group, isOpen, members: list, key: null};
    return isOpen ? [head, {list}] : [head];
  }

  #listOf(group) {
    const list = new RunList(() => ({...this.body, within: group.values}), () => this.columns);
    list.resize(group.count);
    return list;
  }

  async #list(abort) {
    const list = new RunList(() => this.body, () => this.columns);
    await list.fetch(0, RunList.PART, abort);
    this.#counted(list);
    return list;
  }

  #counted(list) {
    if (!this.body.group && list.answer) this.#tally(list.answer);
  }

  #tally({matched, total, left, revision}) {
    this.revision = revision;
    this.matched.value = matched;
    this.total.value = total;
    this.left.value = left ?? 0;
  }

  #put(segments) {
    let first = 0;
    this.segments = segments.map((segment) => {
      const placed = {...segment, first};
      first += segment.list ? segment.list.length : 1;
      return placed;
    });
    this.length = first;
    for (const {list} of segments) if (list) this.told.onFacts(list.fresh());
  }

  async #fetch(abort) {
    const [first, last] = this.sight;
    const waits = [];
    for (const segment of this.segments) {
      const {list} = segment;
      if (!list || segment.first > last || segment.first + list.length < first) continue;
      waits.push(this.#fetchPart(segment, Math.max(0, first - segment.first), last - segment.first, abort));
    }
    await Promise.all(waits);
  }

  async #fetchPart(segment, first, last, abort) {
    const {list} = segment;
    const before = list.length;
    const differing = await list.fetch(first, last, abort);
    if (abort.aborted || !this.segments.some((one) => one.list === list)) return;
    this.told.onFacts(list.fresh());
    this.#counted(list);
    if (list.length !== before) {
      this.#put(this.segments.map(({first: _, ...rest}) => rest));
      this.told.onAll({top: false});
    } else if (differing.length) {
      const at = this.segments.find((one) => one.list === list).first;
      this.told.onRows(differing.map((row) => row + at));
    }
  }

  #segmentAt(index) {
    let [low, high] = [0, this.segments.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.segments[middle].first <= index) low = middle;
      else high = middle - 1;
    }
    return index < 0 || index >= this.length ? null : this.segments[low];
  }
}

const GROUPS = 1000;
const MOST_GROUPS = 5000;
const GROUP_ROW = {cssClasses: "is-group", height: 46};
const PICKED_ROW = {cssClasses: "is-picked"};
