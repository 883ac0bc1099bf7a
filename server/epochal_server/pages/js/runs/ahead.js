// What the page of runs asks first. It is asked as soon as this module is run, which is before those that draw the answers.

import {askEarly} from "../api.js";
import {firstDrawn, settled} from "../charts/frames.js";
import {isAsking} from "../charts/loading.js";
import {metricsQuestion} from "../charts/metrics.js";
import {MOST_SHOWN, shown} from "../selection.js";
import {viewOf} from "./asked.js";
import {columnsPath} from "./columns.js";
import {newestQuestion} from "./shown.js";

// for so long after it is known what they show the table lets the charts go first, and so long at most after it is known
// of which runs, in ms
const PATIENCE = 150;
const MOST = 500;

/** Resolves when the first charts, if any are shown, are seen: the table takes longer to make than their curves to come. */
export const chartsFirst = ask();

async function ask() {
  const newest = askEarly("/api/runs/query", newestQuestion());
  askEarly(columnsPath());
  if (viewOf() === "table") return;
  const state = {isOver: false};
  // whoever needs the answers is told what went wrong with them
  await Promise.race([charted(newest, state).catch(() => {}), newest.then(() => pause(MOST), () => {})]);
  state.isOver = true;
}

async function charted(newest, state) {
  const keys = Array.isArray(shown.peek()) ? shown.peek() : (await newest).keys;
  if (!keys.length || keys.length > MOST_SHOWN) return;
  const {metrics} = await askEarly("/api/metrics", metricsQuestion(keys));
  if (metrics.length) await Promise.race([firstSeen(state), pause(PATIENCE)]);
}

async function firstSeen(state) {
  await firstDrawn;
  while (!state.isOver && (isAsking() || !settled())) await frame();
  await frame(); // the one that shows what was drawn last
  await pause(0);
}

function frame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

function pause(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}
