// The colours and fonts of the page as a canvas needs them: values instead of CSS variables.

import { colourAt } from "../palette.js";
import { theme } from "../theme.js";

let kept = null;

/** The look in the theme that is shown; reading it makes an effect follow the theme. */
export function currentLook() {
  const name = theme.value;
  if (kept?.name === name) return kept;
  const style = getComputedStyle(document.documentElement);
  const read = (variable, standard) => style.getPropertyValue(variable).trim() || standard;
  kept = {
    name,
    ground: read("--surface", "#ffffff"),
    text: read("--text", "#1a1a1a"),
    muted: read("--muted", "#5c5c5c"),
    line: read("--line", "#d8d8d8"),
    raised: read("--raised", "#ffffff"),
    palette: colourAt,
    accent: read("--accent", "#0b63c4"),
    // double quotes would end the attributes of a picture that is written as SVG
    font: (getComputedStyle(document.body).fontFamily || "sans-serif").replace(/"/g, "'"),
  };
  return kept;
}

/** Dashes by which several metrics of one run are told apart, without a need for colour. */
export const DASHES = [null, [6, 3], [2, 3], [9, 3, 2, 3], [12, 4], [4, 2, 1, 2]];

/** The dashes of runs whose colour another run has already. */
export const PATTERNS = { dashed: [7, 4], dotted: [2, 3] };
