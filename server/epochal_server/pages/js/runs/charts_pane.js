// The charts beside the table: the workspace of all panels, for the runs that are shown.

import {html, stylesheet, useEffect, useState} from "../html.js";
import {brushed, hovered, showLatest, visible, visibleRuns} from "../selection.js";
import {Empty, Failed, Loading} from "../states.js";
import {unbrushed} from "./asked.js";
import {answered} from "./shown.js";

const context = {query: unbrushed, brushed, hovered};

let loading = null;
let loaded = null;

/** Loads the workspace and its style, once. */
export function loadCharts() {
  loading ??= Promise.all([import("../charts/workspace.js"), stylesheet("charts.css")]).then(
    ([module]) => (loaded = module.Workspace),
    (error) => {
      loading = null; // so that the next try is one
      throw error;
    },
  );
  return loading;
}

export function Charts() {
  const [Workspace, setWorkspace] = useState(() => loaded);
  const [error, setError] = useState(null);
  useEffect(() => {
    loadCharts().then((found) => setWorkspace(() => found), setError);
  }, []);
  return html`<section class="pane-charts" aria-label="Charts">
    ${error ? html`<${Failed} title="The charts could not be loaded" error=${error} />`
    : !Workspace || !(answered.value || visible.value.length) ? html`<${Loading} what="Loading the charts" />`
    : visible.value.length === 0 ? html`<${Empty} title="No run is shown" icon="eyeOff" action=${{label: "Show the latest ten", run: showLatest}}>The dots before the runs' names show and hide them.</>`
    : html`<${Workspace} runs=${visibleRuns} context=${context} />`}
  </section>`;
}
