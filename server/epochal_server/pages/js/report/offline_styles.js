// Stands for stylesheet.js in an exported report: all styles are in the file.

export function stylesheet() {
  return Promise.resolve();
}
