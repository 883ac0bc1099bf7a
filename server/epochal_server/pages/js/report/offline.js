// An exported report: the page itself, without a server.

import {html, render, signal} from "../html.js";
import {Icon} from "../icons.js";
import {nextTheme, choice} from "../theme.js";
import {report} from "./offline_data.js";
import {printReport, takeKeys} from "./printing.js";
import {ReportBody} from "./view.js";

const source = {
  image: (path) => report.images[path] ?? null,
  runs: ({exported}) => {
    const {problem, ...found} = report.runs[exported];
    const answer = problem ? {state: "failed", runs: [], matched: 0, missing: [], remarks: [], error: problem} : {state: "ready", error: null, ...found};
    return {value: signal(answer), stop: () => {}};
  },
};

function Page() {
  const icon = {system: "system", light: "sun", dark: "moon"}[choice.value];
  return html`<header class="offline-bar">
      <span>${report.exported}</span>
      <button type="button" class="icon-button" onClick=${printReport} aria-label="Print" title="Print, or save as PDF"><${Icon} name="print" /></button>
      <button type="button" class="icon-button" onClick=${nextTheme} aria-label=${`Theme: ${choice.value}`} title=${`Theme: ${choice.value}`}><${Icon} name=${icon} /></button>
    </header>
    <main class="offline-main" id="main"><${ReportBody} blocks=${report.blocks} source=${source} /></main>`;
}

takeKeys();
render(html`<${Page} />`, document.getElementById("app"));
