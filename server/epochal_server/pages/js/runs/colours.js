// The choice of a run's colour.

import {number} from "../format.js";
import {html} from "../html.js";
import {chooseLook, colourOfLook, HUES, LOOKS, lookOf, nameOfLook} from "../palette.js";

/** All looks as buttons; the one that the first run has is marked. */
export function Colours({keys, close}) {
  const mine = lookOf(keys[0]);
  const choose = (look) => {
    for (const key of keys) chooseLook(key, look);
    close();
  };
  const rows = Array.from({length: LOOKS / HUES.length}, (_, row) => HUES.map((_hue, i) => row * HUES.length + i));
  return html`<div class="colours">
    <p class="form-title">Colour${keys.length > 1 ? ` of ${number(keys.length)} runs` : ""}</p>
    <div class="colours-grid" role="group" aria-label="Colours">
      ${rows.flat().map((look) => html`<button type="button" class=${`colour ${look === mine ? "is-on" : ""}`} aria-pressed=${String(look === mine)}
          aria-label=${nameOfLook(look)} title=${nameOfLook(look)} onClick=${() => choose(look)}>
        <svg viewBox="0 0 28 20" width="28" height="20" aria-hidden="true"><path d="M3 14 L11 6 L17 11 L25 5" fill="none" stroke=${colourOfLook(look)} stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round" stroke-dasharray=${["none", "5 4", "0.5 4.5"][Math.floor(look / HUES.length)]} /></svg>
      </button>`)}
    </div>
    <button type="button" class="text-button" onClick=${() => choose(null)}>The run's own colour</button>
  </div>`;
}
