// One door to preact, its hooks, signals and htm: every module of ours imports them from here.

import {createContext, Fragment, h, render} from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export {createContext, Fragment, h, render};
export {
  useCallback, useContext, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useReducer, useRef, useState,
} from "../vendor/hooks.js";
export {
  batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect,
} from "../vendor/signals.js";
export {stylesheet} from "./stylesheet.js";

/** Markup as a tagged template: html`<p class="muted">${text}</p>`; text is always escaped. */
export const html = htm.bind(h);

/** Joins class names; what is false, null or "" is left out: classes("row", open && "is-open"). */
export function classes(...names) {
  return names.filter(Boolean).join(" ");
}
