// The colours of runs: stable for each run, told apart by colour-blind eyes, readable in both themes.
//
// Eight hues, searched for so that the two that are nearest to one another are as far apart as they can be, seen with
// normal, protanopic, deuteranopic and tritanopic eyes (simulated after Machado, Oliveira and Fernandes 2009, all of it
// missing). Least distances in OKLab (1 is black to white) are, in that order of eyes,
//
//   LIGHT       0.152  0.110  0.108  0.108      LIGHT_MORE  0.124  0.089  0.091  0.089
//   DARK        0.183  0.132  0.131  0.130      DARK_MORE   0.165  0.119  0.118  0.120
//
// and each stands out 3:1 or more from page and panel. tests/server/test_palette.py works the figures out again. The
// same hues lighter or darker are dashed, and the first ones once more dotted: 24 looks, of which the first eight are
// given out first.

import {signal} from "./html.js";
import {remembered} from "./memory.js";
import {theme} from "./theme.js";

export const HUES = ["blue", "vermilion", "green", "purple", "amber", "steel", "olive", "grey"];
const LIGHT = ["#625de5", "#b74101", "#01a084", "#8a27a2", "#b98417", "#004263", "#503a00", "#606167"];
const DARK = ["#685fe8", "#fe767d", "#8fffa8", "#c4338c", "#f6b603", "#0aa7ec", "#927304", "#c1c7dc"];
const LIGHT_MORE = ["#0560d9", "#813303", "#066855", "#982da3", "#776a09", "#051d3a", "#3a2900", "#3a4252"];
const DARK_MORE = ["#2f62dd", "#e17812", "#00dcbe", "#a13c95", "#dabd12", "#5ca0fa", "#686817", "#8a8a8a"];
const DASHES = ["solid", "dashed", "dotted"];

/** How many looks there are. */
export const LOOKS = 3 * HUES.length;

const chosen = remembered("colours", {}); // key -> look, as the user chose
const given = new Map(); // key -> look, given out on this page
const MOST_CHOSEN = 2000;
const version = signal(0);

/** The colour of a run in the theme that is shown, such as "#0067b8". */
export function colourOf(key) {
  return colourOfLook(lookOf(key));
}

/** The dash of a run's line: "solid", "dashed" or "dotted". */
export function dashOf(key) {
  return DASHES[Math.floor(lookOf(key) / HUES.length)];
}

/** The colour of a look in the theme that is shown. */
export function colourOfLook(look) {
  const dark = theme.value === "dark";
  const hue = look % HUES.length;
  if (Math.floor(look / HUES.length) === 1) return (dark ? DARK_MORE : LIGHT_MORE)[hue];
  return (dark ? DARK : LIGHT)[hue];
}

/** What a look is called: "blue", "blue, dashed". */
export function nameOfLook(look) {
  const dash = DASHES[Math.floor(look / HUES.length)];
  return dash === "solid" ? HUES[look % HUES.length] : `${HUES[look % HUES.length]}, ${dash}`;
}

/** The number of a run's look, 0 to LOOKS - 1; redraws whoever asked when it changes. */
export function lookOf(key) {
  void version.value;
  return chosen.value[key] ?? given.get(key) ?? preferred(key);
}

/** Lets the runs that are shown together differ: each keeps its look where it is free, and else takes the next. */
export function tellApart(keys) {
  const taken = new Set(keys.map((key) => chosen.peek()[key]).filter((look) => look !== undefined));
  let moved = false;
  const waiting = [];
  for (const key of keys) {
    if (chosen.peek()[key] !== undefined) continue;
    const look = given.get(key);
    if (look !== undefined && !taken.has(look)) taken.add(look);
    else waiting.push(key);
  }
  for (const key of waiting) {
    const start = preferred(key);
    let look = start;
    // of the eight plain ones first, the run's own hue before all
    for (let i = 0; i < LOOKS; i += 1) {
      const round = Math.floor(i / HUES.length);
      look = round * HUES.length + ((start + i) % HUES.length);
      if (!taken.has(look)) break;
      if (i === LOOKS - 1) look = start;
    }
    taken.add(look);
    if (given.get(key) !== look) moved = true;
    given.set(key, look);
  }
  if (moved) version.value += 1;
}

/** Gives a run a look for good; null lets it have its own again. */
export function chooseLook(key, look) {
  const {[key]: _, ...others} = chosen.value;
  const kept = Object.entries(others).slice(-MOST_CHOSEN);
  chosen.value = look === null ? others : {...Object.fromEntries(kept), [key]: look};
}

/** Colours for anything that is no run, such as groups or parts of a bar: the i-th of the palette. */
export function colourAt(index) {
  return colourOfLook(index % LOOKS);
}

function preferred(key) {
  let hash = 0x811c9dc5; // FNV-1a: the same run has the same hue in every browser
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % HUES.length;
}
