// Text and pages that a training has logged: text as text or Markdown, a page in a frame that can do nothing.
import {getText} from "../api.js";
import {counted} from "../format.js";
import {html, useState} from "../html.js";
import {Exhibit, spoken} from "./exhibit.js";
import {useLoaded, Waiting} from "./load.js";
import {Markdown} from "../markdown.js";

export function Text({item}) {
  const inline = typeof item.text === "string";
  const of = useLoaded(inline || item.missing ? null : item.url, 0, getText);
  const [raw, setRaw] = useState(false);
  const text = inline ? item.text : of.data;
  const isMarkdown = item.format === "markdown";
  return html`<${Exhibit} item=${item} facts=${[typeof item.characters === "number" && counted(item.characters, "character")]} wide>
    ${isMarkdown && html`<div class="segments" role="group" aria-label="How the text is shown">
      <button type="button" aria-pressed=${!raw} onClick=${() => setRaw(false)}>Markdown</button>
      <button type="button" aria-pressed=${raw} onClick=${() => setRaw(true)}>Source</button>
    </div>`}
    ${typeof text !== "string" ? html`<${Waiting} of=${of} what="The text" />`
      : isMarkdown && !raw ? html`<${Markdown} text=${text} />` : html`<pre class="run-text" tabindex="0" aria-label=${spoken(item)}>${text}</pre>`}
  <//>`;
}

export function Html({item}) {
  const [running, setRunning] = useState(false);
  // no origin of its own and no network, with scripts or without; the answer says the same, so that a new tab is no way out
  const frame = {class: "run-frame", referrerpolicy: "no-referrer", loading: "lazy", title: spoken(item)};
  const facts = [running ? "its scripts run, without network" : "scripts and links to elsewhere are off"];
  return html`<${Exhibit} item=${item} facts=${facts} wide>
    ${running ? html`<iframe key="running" sandbox="allow-scripts" src=${`${item.url}&scripts=1`} ...${frame}></iframe>`
      : html`<iframe key="still" sandbox="" src=${item.url} ...${frame}></iframe>`}
    <p class="run-bar"><button type="button" class="button" onClick=${() => setRunning(!running)}>${running ? "Stop its scripts" : "Run its scripts"}</button></p>
  <//>`;
}
