// Style sheets that a page loads when it needs them.

const sheets = new Map();

/** Loads a style sheet of ours once and resolves when it holds: a page that needs it waits, so that nothing jumps. */
export function stylesheet(path) {
  const href = new URL(path, new URL("../css/", import.meta.url)).href;
  if (!sheets.has(href)) {
    const there = [...document.styleSheets].some((sheet) => sheet.href === href);
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
