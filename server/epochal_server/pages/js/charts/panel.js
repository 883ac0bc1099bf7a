// The frame of a panel: its title, what it says of itself, its buttons, and the handles to move and resize it.

import { classes, html, useEffect, useRef } from "../html.js";
import { Icon } from "../icons.js";
import { openMenu } from "../menu.js";
import { BarsPanel } from "./bars_panel.js";
import { ImportancePanel } from "./importance_panel.js";
import { LinePanel } from "./line_panel.js";
import { grip } from "./moving.js";
import { ParallelPanel } from "./parallel_panel.js";
import { menuOf } from "./panel_menu.js";
import { resizer } from "./resizing.js";
import { ScatterPanel } from "./scatter_panel.js";
import { differing, withPanel } from "./state.js";

const CONTENT = { line: LinePanel, scatter: ScatterPanel, parallel: ParallelPanel, bars: BarsPanel, importance: ImportancePanel };

/** @param {{panel: object, store: object, order: string[]}} props `order`: the ids of its section, as they stand */
export function Panel({ panel, store, order }) {
  const view = useRef(null);
  const element = useRef(null);
  const change = (changes) => store.change((state) => withPanel(state, panel.id, changes));
  const full = store.full.value === panel.id;
  const { alone, fixed } = store.context;
  const fill = () => store.change({ full: full ? "" : panel.id });
  const Content = CONTENT[panel.kind];
  const height = panel.h ?? store.height.value;
  const style = { gridColumn: `span ${panel.w ?? 1}`, "--plot": `${height}px` };
  const menu = (event) => openMenu(event.currentTarget, menuOf({ panel, store, order, change, view: view.current, fill, full }), { label: `More for ${panel.title}` });
  useFull(full, element, fill);
  return html`<article ref=${element} class=${classes("panel", full && "is-full")} style=${style} data-panel=${panel.id} aria-label=${panel.title}>
    <header class="panel-head">
      ${!full && !fixed && html`<button type="button" class="panel-grip" aria-label=${`Move ${panel.title}`} title="Drag to move; or focus and press an arrow key" ...${grip(panel, store, order)}><${Grip} /></button>`}
      <h3 class="panel-title ellipsis" title=${panel.title}>${panel.title}</h3>
      <${Notes} view=${view} panel=${panel} store=${store} />
      <div class="panel-tools">
        ${!alone && html`<${Tool} icon="pin" label=${`Pin ${panel.title}`} on=${store.state.value.pinned.includes(panel.id)} press=${() => store.change(({ pinned }) => ({ pinned: differing(pinned, panel.id) }))} />`}
        <${Tool} icon="full" label=${full ? "Leave full screen" : `Show ${panel.title} full screen`} on=${full} press=${fill} />
        <button type="button" class="icon-button is-small" aria-label=${`More for ${panel.title}`} title="More" aria-haspopup="menu" aria-expanded="false" onClick=${menu}><${Icon} name="more" /></button>
      </div>
    </header>
    <div class="panel-body"><${Content} key=${panel.kind} panel=${panel} store=${store} change=${change} onView=${(made) => keep(view, made, store)} /></div>
    ${!full && !fixed && html`<button type="button" class="panel-size" aria-label=${`Resize ${panel.title}`} title="Drag to resize; or focus and press an arrow key" ...${resizer(panel, store, change)}></button>`}
  </article>`;
}

function keep(view, made, store) {
  view.current = made;
  // the frame shows what the view says, and the view comes after the frame
  store.views.value += 1;
}

function Notes({ view, store }) {
  void store.views.value;
  const status = view.current?.status.value;
  if (!status?.notes?.length) return null;
  return html`<div class="panel-notes">${status.notes.map((note) => html`<span key=${note.kind} class=${`note is-${note.kind}`} title=${note.title}>${note.text}</span>`)}</div>`;
}

function Tool({ icon, label, on, press }) {
  return html`<button type="button" class="icon-button is-small" aria-label=${label} aria-pressed=${String(Boolean(on))} title=${label} onClick=${press}><${Icon} name=${icon} /></button>`;
}

function Grip() {
  return html`<svg viewBox="0 0 10 16" width="10" height="16" aria-hidden="true" fill="currentColor"><circle cx="3" cy="4" r="1.1" /><circle cx="7" cy="4" r="1.1" /><circle cx="3" cy="8" r="1.1" /><circle cx="7" cy="8" r="1.1" /><circle cx="3" cy="12" r="1.1" /><circle cx="7" cy="12" r="1.1" /></svg>`;
}

/** Escape leaves a panel that fills the page, and the page behind it does not scroll. */
function useFull(full, element, leave) {
  const leaving = useRef(leave);
  leaving.current = leave;
  useEffect(() => {
    if (!full) return undefined;
    const key = (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open], .floating")) leaving.current();
    };
    addEventListener("keydown", key);
    document.documentElement.classList.add("has-full-panel");
    element.current.querySelector(".panel-tools button[aria-pressed=true]:last-of-type, .plot-canvas")?.focus({ preventScroll: true });
    return () => {
      removeEventListener("keydown", key);
      document.documentElement.classList.remove("has-full-panel");
    };
  }, [full]);
}
