// Asks the server: JSON and the binary of the curves, with errors that carry what the server said.

import {signal} from "./html.js";
import {isAbort, ProblemError} from "./problem.js";

export {isAbort, latest, ProblemError} from "./problem.js";

/** True once the server has refused this browser: its cookie is missing or of an earlier start. */
export const refused = signal(false);

/** Returns the JSON at `path`; raises ProblemError. */
export async function get(path, {signal: abort} = {}) {
  return (await ask(path, {signal: abort})).json();
}

/** Returns the text at `path`, such as a patch. */
export async function getText(path, {signal: abort} = {}) {
  return (await ask(path, {signal: abort})).text();
}

/** Sends `body` as JSON and returns the JSON of the answer; raises ProblemError. */
export async function post(path, body, {signal: abort} = {}) {
  return (await send(path, body, abort)).json();
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
