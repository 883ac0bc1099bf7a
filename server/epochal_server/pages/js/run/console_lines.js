// The lines of a console as far as they are wanted: fetched in pages, kept, and asked for again when more have come.
import {get} from "../api.js";
import {signal} from "../html.js";
import {runApi} from "./load.js";

/** Lines in one request, and pages that are kept. */
const PAGE = 500;
const KEPT = 200;
/** Milliseconds after a failure in which nothing is asked for by itself. */
const PATIENCE = 2000;

/** Lines of one run that match a filter; `version` is a signal that changes when any came. */
export class Lines {
  constructor(run, filter) {
    Object.assign(this, {run, filter, matched: null, ended: 0, total: 0, base: null, error: null, failed: -Infinity});
    this.version = signal(0);
    this.pages = new Map();
    this.asked = new Map();
    this.control = new AbortController();
  }

  /** The line at a place among those that match; null where it is not here yet. */
  at(place) {
    return this.pages.get(Math.floor(place / PAGE))?.[place % PAGE] ?? null;
  }

  /** Ask for what is missing between two places. */
  want(first, last) {
    if (performance.now() - this.failed < PATIENCE) return;
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page += 1) {
      if (!this.pages.has(page)) this.fetch(page);
    }
  }

  /** Ask how many there are now, with the newest of them; resolves when they are here. */
  async refresh() {
    await this.fetch(this.matched === null ? -1 : Math.floor(Math.max(this.matched - 1, 0) / PAGE), true);
  }

  /** Call off what is under way. */
  close() {
    this.control.abort();
  }

  async fetch(page, anew = false) {
    const before = this.asked.get(page);
    if (before) {
      if (anew) before.again = true; // more may have come since it was asked
      return before.done;
    }
    const job = {again: false};
    this.asked.set(page, job);
    job.done = this.load(page, job);
    return job.done;
  }

  async load(page, job) {
    try {
      do {
        job.again = false;
        await this.ask(page < 0 ? {tail: PAGE} : {offset: page * PAGE}, PAGE);
      } while (job.again);
      this.error = null;
    } catch (error) {
      if (this.control.signal.aborted) return;
      this.error = error;
      this.failed = performance.now();
    } finally {
      this.asked.delete(page);
    }
    if (!this.control.signal.aborted) this.version.value += 1;
  }

  /** Ask for lines from a place on, again where an answer has no room for all: lines may be long. */
  async ask(from, count) {
    const path = runApi(this.run, "console", {rank: "all", ...this.filter, ...from, limit: count});
    const answer = await get(path, {signal: this.control.signal});
    this.take(answer);
    const left = count - answer.lines.length;
    if (answer.later > 0 && left > 0 && answer.lines.length > 0) await this.ask({offset: answer.earlier + answer.lines.length}, left);
  }

  take(answer) {
    // other numbers for the same lines, or fewer of them: nothing that was kept can be trusted
    if (this.base !== null && (answer.base !== this.base || answer.matched < this.ended)) this.pages.clear();
    // what stood at the end may not have ended then
    else if (answer.matched > this.ended) this.pages.delete(Math.floor(this.ended / PAGE));
    [this.base, this.ended, this.total] = [answer.base, answer.matched, answer.total];
    const {earlier, lines} = answer;
    // those that have not ended stand behind the others, at the end alone
    this.matched = answer.later === 0 ? earlier + lines.length : Math.max(this.matched ?? 0, answer.matched);
    const first = Math.floor(earlier / PAGE);
    lines.forEach((line, at) => {
      const page = Math.floor((earlier + at) / PAGE);
      if (!this.pages.has(page)) this.pages.set(page, []);
      this.pages.get(page)[(earlier + at) % PAGE] = line;
    });
    // a page of which only the end is here would look as if its beginning were
    if (this.pages.get(first)?.[0] === undefined) this.pages.delete(first);
    while (this.pages.size > KEPT) this.pages.delete(this.pages.keys().next().value);
  }
}
