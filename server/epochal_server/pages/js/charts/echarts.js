// ECharts, loaded once and only when the first panel that is no line panel is drawn.

let loading = null;

/** @returns {Promise<object>} the library */
export function loadECharts() {
  loading ??= import("../../vendor/echarts.js").catch(() => {
    loading = null; // so that the next panel tries again
    throw new Error("The chart library could not be loaded. Is the server still running? Reload the page to try again.");
  });
  return loading;
}
