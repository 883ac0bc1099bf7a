// What was asked for and could not be had, and questions that newer ones overtake: with a server and without.

/** What the server answered where it did not do what was asked; status 0 where it did not answer at all. */
export class ProblemError extends Error {
  constructor(status, {title = "", detail = "", ...more} = {}) {
    super(detail || title || `the server answered ${status}`);
    this.name = "ProblemError";
    this.status = status;
    this.title = title;
    this.detail = detail;
    /** Further members of the problem, such as `at`, the place in an expression. */
    this.more = more;
  }
}

/** Whether an error is only a request that was called off. */
export function isAbort(error) {
  return error?.name === "AbortError";
}

/**
 * Wraps `ask(abortSignal, …args)` so that a newer call calls the older one off. A call that was overtaken resolves to
 * undefined: only the newest answer is ever shown, whatever order they come in.
 */
export function latest(ask_) {
  let running = null;
  return async (...args) => {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      const answer = await ask_(mine.signal, ...args);
      return mine === running ? answer : undefined;
    } catch (error) {
      if (mine !== running || isAbort(error)) return undefined;
      throw error;
    }
  };
}
