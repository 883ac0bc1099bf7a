// How panels over config and summary look: their axes, the ramp of colours for numbers, the note at the pointer, and the
// legend of a picture.

import { exact, numberLabel } from "./axes.js";

/** So many words the legend of a picture has. */
const NAMED = 40;

/** Cividis, which reads alike for colour-blind eyes; without the ends that a ground would swallow. */
export const RAMP = {
  light: ["#00306f", "#38486b", "#575d6d", "#757575", "#968f77", "#b8a94f", "#c9a400"],
  dark: ["#4f7fd0", "#7a8fb8", "#99a0a8", "#b5b099", "#d0c07a", "#e9d25e", "#fee838"],
};

export function baseAxis(look, kind) {
  return {
    type: kind,
    axisLine: { show: true, onZero: false, lineStyle: { color: look.line } },
    axisTick: { show: false },
    axisLabel: {
      color: look.muted,
      fontFamily: look.font,
      fontSize: 11,
      hideOverlap: true,
      ...(kind === "category" ? { width: 90, overflow: "truncate" } : { formatter: (value) => numberLabel(value, Math.abs(value) * 0.001 || 1).replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "") }),
    },
    nameTextStyle: { color: look.muted, fontFamily: look.font, fontSize: 11 },
    splitLine: { show: kind !== "category", lineStyle: { color: look.line, opacity: 0.6 } },
    ...(kind === "log" ? { logBase: 10, minorSplitLine: { show: false } } : {}),
  };
}

/** A note drawn on the canvas itself: one made of HTML would need styles that the page's policy refuses. */
export function tooltip(look, formatter) {
  return {
    trigger: "item",
    renderMode: "richText",
    confine: true,
    backgroundColor: look.raised,
    borderColor: look.line,
    textStyle: { color: look.text, fontFamily: look.font, fontSize: 12 },
    formatter,
  };
}

export function cellText(value) {
  return typeof value === "number" ? exact(value) : String(value ?? "–");
}

/**
 * A legend of words below a picture that is saved.
 *
 * @returns {{height: number, under: (option: object) => object}} what it adds to the height, and puts it under a chart
 */
export function legendBelow(all, width, look) {
  const left = all.length - NAMED;
  const entries = left > 0 ? [...all.slice(0, NAMED), { label: `and ${left} more`, colour: "transparent" }] : all;
  const height = Math.ceil(entries.length / Math.max(1, Math.floor((width - 24) / 150))) * 18 + 8;
  const legend = {
    data: entries.map(({ label }) => label),
    bottom: 4,
    left: 12,
    width: width - 24,
    icon: "circle",
    itemWidth: 8,
    itemHeight: 8,
    itemGap: 8,
    selectedMode: false,
    textStyle: { color: look.text, fontFamily: look.font, fontSize: 11, width: 120, overflow: "truncate" },
  };
  // the library names series alone: one without points stands for each word
  const words = entries.map(({ label, colour }) => ({ type: "scatter", name: label, data: [], itemStyle: { color: colour } }));
  const under = (option) => ({ ...option, legend, grid: { ...option.grid, bottom: option.grid.bottom + height }, series: [...option.series, ...words] });
  return { height, under };
}
