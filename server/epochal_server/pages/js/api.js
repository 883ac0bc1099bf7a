// Asks the server: JSON and the binary of the curves, with errors that carry what the server said.

import {signal} from "./html.js";
import {isAbort, ProblemError} from "./problem.js";

export {isAbort, latest, ProblemError} from "./problem.js";

/** True once the server has refused this browser: its cookie is missing or of an earlier start. */
export const refused = signal(false);

// What was asked before whoever needs it asks: path and body -> the answer on its way.
const early = new Map();
const EARLY = 3000; // for so long, in ms: later its answer would be old news

/**
 * Asks what somebody is about to ask in the same words; the first who does gets this answer.
 *
 * @param {string} path @param {object} [body] posted as JSON; without one, the path is got
 * @returns {Promise<object>} the answer, for what must be asked after it
 */
export function askEarly(path, body) {
  const calling = new AbortController();
  const options = {signal: calling.signal};
  const answer = body === undefined ? get(path, options) : post(path, body, options);
  const words = wordsOf(path, body);
  const mine = {answer, calling};
  early.set(words, mine);
  setTimeout(() => early.get(words) === mine && early.delete(words), EARLY);
  answer.catch(() => {}); // whoever needs it is told
  return answer;
}

/** Returns the JSON at `path`; raises ProblemError. */
export async function get(path, {signal: abort} = {}) {
  return askedEarly(path, undefined, abort) ?? (await ask(path, {signal: abort})).json();
}

/** Returns the text at `path`, such as a patch. */
export async function getText(path, {signal: abort} = {}) {
  return (await ask(path, {signal: abort})).text();
}

/** Sends `body` as JSON and returns the JSON of the answer; raises ProblemError. */
export async function post(path, body, {signal: abort} = {}) {
  return askedEarly(path, body, abort) ?? (await send(path, body, abort)).json();
}

/** Puts `body` in the place of what is at `path` and returns the JSON of the answer; raises ProblemError. */
export async function put(path, body) {
  return (await send(path, body, undefined, "PUT")).json();
}

/** Removes what is at `path` and returns the JSON of the answer; raises ProblemError. */
export async function remove(path) {
  return (await ask(path, {method: "DELETE"})).json();
}

/** Returns the curves that `body` asks for: {…header, lines: [{…, x: Float64Array, y: Float64Array, …}]}. */
export async function curves(body, {signal: abort} = {}) {
  return decodeCurves(await (await send("/api/curves", body, abort)).arrayBuffer());
}

/** Reads `application/x-epochal-curves`; the arrays are views of the buffer, nothing is copied. */
export function decodeCurves(buffer) {
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== "EPC1") throw new ProblemError(200, {title: "the answer is no set of curves"});
  const length = view.getUint32(4, true);
  const {lines, ...header} = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const base = 8 + length;
  const opened = lines.map(({arrays, ...line}) => {
    for (const [name, [first, count]] of Object.entries(arrays ?? {})) {
      line[name] = new Float64Array(buffer, base + 8 * first, count);
    }
    return line;
  });
  return {...header, lines: opened};
}

function askedEarly(path, body, abort) {
  const words = wordsOf(path, body);
  const found = early.get(words);
  if (!found) return undefined;
  early.delete(words);
  const callOff = () => found.calling.abort();
  if (abort?.aborted) callOff();
  abort?.addEventListener("abort", callOff, {once: true});
  return found.answer;
}

function wordsOf(path, body) {
  return body === undefined ? path : `${path} ${JSON.stringify(body)}`;
}

function send(path, body, abort, method = "POST") {
  return ask(path, {
    method, headers: {"Content-Type": "application/json"}, body: JSON.stringify(body), signal: abort,
  });
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, {credentials: "same-origin", ...options});
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ProblemError(0, {
      title: "The server does not answer", detail: "The server does not answer. Is `epochal ui` still running?",
    });
  }
  if (answer.ok) return answer;
  if (answer.status === 401) refused.value = true;
  throw new ProblemError(answer.status, await problemOf(answer));
}

async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return {title: answer.statusText || `the server answered ${answer.status}`};
  }
}
