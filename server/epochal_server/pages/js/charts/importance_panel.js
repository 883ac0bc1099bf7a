// How much values of the config have to do with a metric of the summary: rank correlation, and a small random forest.

import { post } from "../api.js";
import { effect, html, signal, useEffect, useLayoutEffect, useRef } from "../html.js";
import { server } from "../server.js";
import { Loading } from "../states.js";
import { asker } from "./loading.js";
import { followNear } from "./nearness.js";
import { fetchColumns } from "./run_columns.js";
import { columnTitle } from "./titles.js";

class ImportanceView {
  constructor(store, panel) {
    this.store = store;
    this.panel = signal(panel);
    this.near = signal(false);
    this.tried = signal(0);
    this.status = signal({ state: "waiting", notes: [] });
    this.answer = signal(null);
    this.asker = asker();
  }

  start(element) {
    const far = followNear(element, this.near);
    const stop = effect(() => this.load());
    return () => {
      far();
      stop();
      this.asker.drop();
    };
  }

  load() {
    if (!this.near.value) return;
    const { store } = this;
    const { metric } = this.panel.value;
    const what = JSON.stringify([metric, store.context.query?.value ?? store.keysText.value, this.tried.value]);
    if (what === this.loaded) return;
    this.loaded = what;
    if (!this.answer.peek()) this.status.value = { state: "loading", notes: [] };
    this.asker
      .ask(async (abort) => {
        const { keys } = await fetchColumns(store, [], abort);
        return post("/api/importance", { keys, metric }, { signal: abort });
      })
      .then((answer) => {
        if (!answer) return;
        this.answer.value = answer;
        this.status.value = { state: answer.rows.length ? "drawn" : "empty", notes: [] };
      })
      .catch((error) => {
        this.loaded = null;
        this.status.value = { state: "failed", notes: [], error: error.detail || error.message };
      });
  }

  table() {
    const rows = this.answer.peek()?.rows ?? [];
    return { head: ["column", "rank correlation", "forest importance", "runs"], rows: rows.map((row) => [row.column, row.rank_correlation, row.forest ?? null, row.n]) };
  }
}

export function ImportancePanel({ panel, store, onView }) {
  const place = useRef(null);
  const kept = useRef(null);
  kept.current ??= new ImportanceView(store, panel);
  const view = kept.current;
  useLayoutEffect(() => {
    view.panel.value = panel;
  }, [panel]);
  useEffect(() => {
    onView(view);
    const stop = view.start(place.current);
    return () => {
      onView(null);
      stop();
      kept.current = null;
    };
  }, []);
  const { state, error } = view.status.value;
  return html`<div ref=${place} class="plot importance" data-state=${state} tabindex="0" role="region" aria-label=${panel.title}>
    ${(state === "waiting" || state === "loading") && html`<div class="plot-over"><${Loading} /></div>`}
    ${state === "failed" && html`<div class="plot-over" role="alert"><p>${error}</p><button type="button" class="button" onClick=${() => (view.tried.value += 1)}>Try again</button></div>`}
    ${state === "empty" && html`<div class="plot-over"><p class="muted">${view.answer.value?.note || "No config value differs between runs that have this metric."}</p></div>`}
    ${state === "drawn" && html`<${Rows} answer=${view.answer.value} />`}
  </div>`;
}

function Rows({ answer }) {
  const forest = answer.rows.some((row) => typeof row.forest === "number");
  const largest = Math.max(...answer.rows.map((row) => row.forest ?? 0), 1e-9);
  return html`<table>
    <thead><tr><th scope="col">Config</th>${forest && html`<th scope="col">Importance</th>`}<th scope="col" title="Spearman: how far the metric rises, or falls, with the value">Correlation</th><th scope="col" title="Runs that have both">Runs</th></tr></thead>
    <tbody>${answer.rows.map((row) => html`<tr key=${row.column} class=${withinChance(row) ? "is-chance" : ""} title=${withinChance(row) ? "Within what chance alone would show" : null}>
      <th scope="row"><span class="ellipsis">${columnTitle(row.column)}</span></th>
      ${forest && html`<td><span class="bar-cell"><span class="bar-fill" style=${{ width: `${(100 * (row.forest ?? 0)) / largest}%` }}></span></span><span class="num">${typeof row.forest === "number" ? row.forest.toFixed(3) : "–"}</span></td>`}
      <td><${Signed} value=${row.rank_correlation} /></td>
      <td class="num">${row.n}</td>
    </tr>`)}</tbody>
  </table>
  ${answer.note && html`<p class="muted importance-note">${answer.note}</p>`}
  ${server.value?.forest === false && html`<p class="muted importance-note">Correlation looks at one setting at a time. For the importance of each among all of them, <code>pip install scikit-learn</code> into the Python that <code>epochal ui</code> runs in, and start it again.</p>`}`;
}

/** Of twenty settings that mean nothing, one would show as much. */
function withinChance({ rank_correlation: found, chance }) {
  return typeof found !== "number" || (typeof chance === "number" && Math.abs(found) <= chance);
}

/** A bar to the left for what falls as the metric rises, to the right for what rises with it. */
function Signed({ value }) {
  if (typeof value !== "number") return html`<span class="muted">–</span>`;
  const size = `${Math.min(1, Math.abs(value)) * 50}%`;
  const style = value < 0 ? { right: "50%", width: size } : { left: "50%", width: size };
  return html`<span class="bar-cell is-signed"><span class=${value < 0 ? "bar-fill is-falling" : "bar-fill"} style=${style}></span></span><span class="num">${value.toFixed(2).replace("-", "−")}</span>`;
}
