// Images of one step side by side, with boxes and masks that can be switched, and each one large on demand.
import {html, useEffect, useRef, useState} from "../html.js";
import {list, number as asNumber, param} from "../url.js";
import {Exhibit, size, spoken} from "./exhibit.js";
import {Boxes, MaskLayer, colourOfClass} from "./layers.js";

/** Layers that are switched off, and how wide an image stands, in pixels. */
const hidden = param("hide", {initial: [], ...list});
const width = param("width", {initial: 260, read: (text) => Math.min(Math.max(asNumber.read(text) ?? 260, 60), 1200), write: asNumber.write});
/** Smaller images than this are drawn with their pixels seen, in pixels. */
const SMALL = 200;
/** Images that are drawn before somebody asks for the rest. */
const MOST = 60;

export function Pictures({items}) {
  const [large, setLarge] = useState(null);
  const [whole, setWhole] = useState(false);
  const layers = layersOf(items);
  const shown = whole ? items : items.slice(0, MOST);
  return html`
    <div class="run-bar">
      ${items.length > 0 && html`<label class="run-inline"><span>Size</span>
        <input type="range" min="60" max="1200" step="20" value=${width.value} onInput=${(event) => (width.value = Number(event.target.value))} /></label>`}
      ${layers.map((layer) => html`<label key=${layer} class="run-inline">
        <input type="checkbox" checked=${!hidden.value.includes(layer)} onChange=${() => toggle(layer)} /> ${layer === "boxes" ? "Boxes" : `Mask “${layer}”`}</label>`)}
    </div>
    <div class="run-gallery">
      ${shown.map((item) => html`<div key=${`${item.rank} ${item.index}`} style=${{width: `${width.value}px`}} class="run-picture-place">
        <${Exhibit} item=${item} facts=${[size(item)]}>
          <button type="button" class="run-enlarge" aria-label=${`Enlarge ${spoken(item)}`} onClick=${() => setLarge(item.index)}>
            <${Picture} item=${item} off=${hidden.value} />
          </button>
        <//>
      </div>`)}
    </div>
    <${Legend} items=${items} off=${hidden.value} />
    ${!whole && items.length > MOST && html`<button type="button" class="button" onClick=${() => setWhole(true)}>Show ${items.length - MOST} more</button>`}
    ${large !== null && html`<${Enlarged} items=${items} at=${Math.max(items.findIndex((item) => item.index === large), 0)} close=${() => setLarge(null)} />`}`;
}

function Picture({item, off}) {
  const isSmall = item.width && item.width < SMALL;
  return html`<span class=${`run-picture${isSmall ? " is-pixels" : ""}`} style=${{aspectRatio: item.width && item.height ? `${item.width} / ${item.height}` : "auto"}}>
    <img src=${item.url} alt=${spoken(item)} draggable="false" />
    ${Object.entries(item.masks ?? {}).filter(([name, mask]) => !off.includes(name) && mask.url && !mask.missing)
      .map(([name, mask]) => html`<${MaskLayer} key=${name} url=${mask.url} />`)}
    ${item.boxes?.length > 0 && !off.includes("boxes") && html`<${Boxes} item=${item} />`}
  </span>`;
}

/** Which colour stands for which class of the masks. */
function Legend({items, off}) {
  const classes = new Map();
  for (const item of items) {
    for (const [name, mask] of Object.entries(item.masks ?? {})) {
      if (!off.includes(name)) Object.entries(mask.classes ?? {}).forEach(([id, word]) => id !== "0" && classes.set(id, word));
    }
  }
  if (!classes.size) return null;
  return html`<ul class="run-legend" aria-label="Classes of the masks">${[...classes].slice(0, 60).map(([id, word]) => html`<li key=${id}>
    <span class="run-swatch" style=${{background: colourOfClass(Number(id))}} aria-hidden="true"></span>${word}</li>`)}</ul>`;
}

function Enlarged({items, at, close}) {
  const [now, setNow] = useState(at);
  const dialog = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    return () => before?.focus?.();
  }, []);
  const item = items[Math.min(now, items.length - 1)];
  const go = (by) => setNow((now + by + items.length) % items.length);
  const onKeyDown = (event) => {
    if (event.key === "ArrowRight") go(1);
    else if (event.key === "ArrowLeft") go(-1);
    else return;
    event.preventDefault();
  };
  return html`<dialog class="run-large" ref=${dialog} onClose=${close} onKeyDown=${onKeyDown} aria-label=${spoken(item)}
      onClick=${(event) => event.target === dialog.current && dialog.current.close()}>
    <div class="run-bar">
      <span>${items.length > 1 ? `${now + 1} of ${items.length}` : ""}</span>
      <span class="run-bar-end">
        ${items.length > 1 && html`<button type="button" class="button" onClick=${() => go(-1)}>Before</button>
          <button type="button" class="button" onClick=${() => go(1)}>Next</button>`}
        <button type="button" class="button" autofocus onClick=${() => dialog.current.close()}>Close</button>
      </span>
    </div>
    <${Exhibit} item=${item} facts=${[size(item)]}><${Picture} item=${item} off=${hidden.value} /><//>
  </dialog>`;
}

function layersOf(items) {
  const names = new Set(items.flatMap((item) => Object.keys(item.masks ?? {})));
  return [...(items.some((item) => item.boxes?.length) ? ["boxes"] : []), ...names];
}

function toggle(layer) {
  hidden.value = hidden.value.includes(layer) ? hidden.value.filter((each) => each !== layer) : [...hidden.value, layer];
}
