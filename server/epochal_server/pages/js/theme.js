// Light, dark, or as the system has it.

import {computed, effect, signal} from "./html.js";
import {remembered} from "./memory.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(system.matches);
system.addEventListener("change", () => (systemIsDark.value = system.matches));

/** What the user chose: "system", "light" or "dark"; kept in the browser. */
export const choice = remembered("theme", "system", {plain: true});

/** Whether the page is printed: paper is light. */
export const onPaper = signal(false);
addEventListener("beforeprint", () => (onPaper.value = true));
addEventListener("afterprint", () => (onPaper.value = false));

/** What is shown: "light" or "dark". */
export const theme = computed(() => {
  if (onPaper.value) return "light";
  if (choice.value === "light" || choice.value === "dark") return choice.value;
  return systemIsDark.value ? "dark" : "light";
});

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

/** Chooses the next of system, light, dark. */
export function nextTheme() {
  choice.value = {system: "light", light: "dark", dark: "system"}[choice.value] ?? "system";
}

/** The value of a CSS variable in the theme that is shown, for what draws on a canvas: cssValue("--muted"). */
export function cssValue(name) {
  void theme.value; // whoever asks is drawn again when the theme changes
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
