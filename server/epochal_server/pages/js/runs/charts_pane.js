// The charts beside the table: the workspace of all panels, for the runs that are shown.

import {html, stylesheet, useEffect, useState} from "../html.js";
import {brushed, hovered, showLatest, visible, visibleRuns} from "../selection.js";
import {Empty, Failed, Loading} from "../states.js";
import {unbrushed} from "./asked.js";

const context = {query: unbrushed, brushed, hovered};

export function Charts() {
  const [Workspace, setWorkspace] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    Promise.all([import("../charts/workspace.js"), stylesheet("charts.css")]).then(([module]) => setWorkspace(() => module.Workspace), setError);
  }, []);
  return html`<section class="pane-charts" aria-label="Charts">
    ${error ? html`<${Failed} title="The charts could not be loaded" error=${error} />`
    : !Workspace ? html`<${Loading} what="Loading the charts" />`
    : visible.value.length === 0 ? html`<${Empty} title="No run is shown" icon="eyeOff" action=${{label: "Show the latest ten", run: showLatest}}>The dots before the runs' names show and hide them.</>`
    : html`<${Workspace} runs=${visibleRuns} context=${context} />`}
  </section>`;
}
