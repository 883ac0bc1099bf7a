// One request a panel: at most a few at a time, the latest wish of a panel wins, and what nobody wants is broken off.

const AT_ONCE = 4;
let running = 0;
const queue = [];

/**
 * A place through which one panel asks. `ask` breaks off what it asked before.
 *
 * @returns {{ask: (work: (signal: AbortSignal) => Promise<T>) => Promise<T | undefined>, drop: () => void}}
 *   `ask` gives undefined where a later wish has overtaken it
 */
export function asker() {
  let current = null;
  return {
    ask(work) {
      current?.abort();
      const own = new AbortController();
      current = own;
      return enqueue(own.signal, work).then(
        (answer) => (current === own ? answer : undefined),
        (error) => {
          if (current !== own || own.signal.aborted) return undefined;
          throw error;
        },
      );
    },
    drop() {
      current?.abort();
      current = null;
    },
  };
}

function enqueue(signal, work) {
  return new Promise((done, failed) => {
    queue.push({ signal, work, done, failed });
    next();
  });
}

function next() {
  while (running < AT_ONCE && queue.length) {
    const { signal, work, done, failed } = queue.shift();
    if (signal.aborted) {
      done(undefined);
      continue;
    }
    running += 1;
    work(signal).then(done, failed).finally(() => {
      running -= 1;
      next();
    });
  }
}

/** Whether a panel waits for an answer. */
export function isAsking() {
  return running > 0 || queue.length > 0;
}

/** Keys in parts of at most a thousand, which is what one request may name. */
export function parts(keys, most = 1000) {
  const made = [];
  for (let at = 0; at < keys.length; at += most) made.push(keys.slice(at, at + most));
  return made;
}

/** Run after things have been quiet for a while. */
export function quiet(wait, run) {
  let timer = 0;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), wait);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
