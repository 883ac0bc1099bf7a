// Stands for live.js in an exported report: nothing changes there any more.

import {signal} from "../html.js";

export const connected = signal(false);
export const revision = signal(0);
export const changed = signal({changed: [], gone: [], at: 0});
export const grown = signal({keys: [], at: 0});
export const boot = signal(null);

export function watch() {
  return () => {};
}
