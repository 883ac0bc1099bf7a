// The whole file as text, and how it will read beside it.

import {html, useEffect, useState} from "../html.js";
import {parse} from "./blocks.js";
import {ReportBody} from "./view.js";

const PAUSE = 400;

export function SourceEditor({draft, source}) {
  const text = draft.text.value;
  const [shown, setShown] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setShown(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<div class="report-beside">
    <textarea class="input report-source" aria-label="Source of the report" spellcheck="false" value=${text} onInput=${(event) => draft.set(event.target.value)}></textarea>
    <section class="report-preview" aria-label="Preview"><${ReportBody} blocks=${parse(shown)} source=${source} /></section>
  </div>`;
}
