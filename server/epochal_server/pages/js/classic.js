// Libraries that are no modules: scripts that leave a global behind.

const loads = new Map();
const root = new URL("../", import.meta.url).href;

/** Loads a script once, by its path below pages/; rejects where it cannot be had, and the next call tries again. */
export function classicScript(path) {
  if (!loads.has(path)) {
    loads.set(path, new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = root + path;
      element.onload = () => resolve();
      element.onerror = () => {
        loads.delete(path);
        element.remove();
        reject(new Error(`${path} could not be loaded. Is the server still running? Reload the page to try again.`));
      };
      document.head.append(element);
    }));
  }
  return loads.get(path);
}
