// Style sheets that a page loads when it needs them.

const sheets = new Map();
const root = new URL("../", import.meta.url).href;

/** Loads a style sheet of ours once and resolves when it holds: a page that needs it waits, so that nothing jumps. */
export function stylesheet(path) {
  const href = new URL(path, `${root}css/`).href;
  if (!sheets.has(href)) {
    const there = held().has(href) || [...document.styleSheets].some((sheet) => sheet.href === href);
    sheets.set(href, there ? Promise.resolve() : new Promise((resolve) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = href;
      link.onload = link.onerror = () => resolve();
      document.head.append(link);
    }));
  }
  return sheets.get(href);
}

/** Those that the page came with, as one: they are there before any script runs. */
function held() {
  const names = [...document.querySelectorAll("link[data-holds]")].flatMap((link) => link.dataset.holds.split(" "));
  return new Set(names.map((name) => root + name));
}
