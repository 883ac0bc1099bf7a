// One item of media in its frame, what it is called, and how large it is.
import {bytes} from "../format.js";
import {html} from "../html.js";
import {Icon} from "../icons.js";

/** An item in its frame: what it shows, its caption, what is known of it, and a way to save it. */
export function Exhibit({item, facts = [], wide = false, children}) {
  const told = [...facts, typeof item.bytes === "number" && bytes(item.bytes), item.rank > 0 && `rank ${item.rank}`, item.abandoned && "abandoned"];
  return html`<figure class=${`run-exhibit${wide ? " is-wide" : ""}`}>
    ${item.missing ? html`<p class="run-missing"><${Icon} name="warning" /> This ${item.kind} cannot be shown: ${item.missing}.</p>` : children}
    <figcaption>
      ${item.caption && html`<span class="run-kept">${item.caption}</span>`}
      <span class="run-faint">${told.filter(Boolean).join(" · ")}</span>
      ${item.url && !item.missing && html`<a class="text-button" href=${saved(item.url)} download>Save</a>`}
    </figcaption>
  </figure>`;
}

/** The address that saves a file instead of showing it. */
function saved(url) {
  return `${url}${url.includes("?") ? "&" : "?"}save=1`;
}

/** What an item is called for those who do not see it. */
export function spoken(item) {
  return item.caption || `${item.kind} ${item.index + 1} of step ${item.step}`;
}

/** "640 × 480", null where it is not known. */
export function size(item) {
  return item.width && item.height ? `${item.width} × ${item.height}` : null;
}
