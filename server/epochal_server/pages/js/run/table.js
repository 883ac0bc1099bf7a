// A table that a training has logged: page by page, sorted by the server, cells of media as small pictures.
import {number} from "../format.js";
import {html, useState} from "../html.js";
import {Exhibit, spoken} from "./exhibit.js";
import {runApi, useLoaded, Waiting} from "./load.js";
import {Value} from "./values.js";

const PAGE = 50;

export function LoggedTable({run, name, item}) {
  const [offset, setOffset] = useState(0);
  const [sort, setSort] = useState(null);
  const query = {key: name, step: item.step, index: item.index, rank: item.rank, offset, limit: PAGE, sort: sort?.name, descending: sort?.descending ? 1 : null};
  const of = useLoaded(item.missing ? null : runApi(run, "table", query));
  // the page before stays while the next one is on its way
  const [kept, setKept] = useState(null);
  if (of.data && of.data !== kept) setKept(of.data);
  const table = of.data ?? kept;
  const order = (column) => {
    setSort(sort?.name !== column ? {name: column, descending: false} : sort.descending ? null : {name: column, descending: true});
    setOffset(0);
  };
  return html`<${Exhibit} item=${item} facts=${[table && `${number(table.rows)} rows, ${number(table.columns.length)} columns`]} wide>
    ${of.error ? html`<${Waiting} of=${{...of, data: null}} what="The table" />` : !table ? html`<${Waiting} of=${of} what="The table" />` : html`
      <div class="run-scroll is-tall" tabindex="0" role="region" aria-label=${spoken(item)}>
        <table class="run-table">
          <thead><tr><th scope="col" class="run-row-number">#</th>${table.columns.map((column, at) => html`<${Head} key=${at} column=${column} sort=${sort} order=${order} />`)}</tr></thead>
          <tbody>${Array.from({length: table.data[0]?.length ?? 0}, (_, row) => html`<tr key=${row}>
            <td class="run-row-number">${number(table.offset + row)}</td>
            ${table.columns.map((column, at) => html`<td class=${column.type === "int" || column.type === "float" ? "num" : ""}>
              <${Cell} value=${table.data[at][row]} type=${column.type} media=${table.media} /></td>`)}
          </tr>`)}</tbody>
        </table>
      </div>
      <${Pager} offset=${table.offset} rows=${table.rows} go=${setOffset} />`}
  <//>`;
}

function Head({column, sort, order}) {
  const isSorted = sort?.name === column.name;
  return html`<th scope="col" aria-sort=${isSorted ? (sort.descending ? "descending" : "ascending") : null}>
    <button type="button" class="run-sort" onClick=${() => order(column.name)}>${column.name || "(no name)"}<span aria-hidden="true">${isSorted ? (sort.descending ? " ↓" : " ↑") : ""}</span></button>
  </th>`;
}

function Cell({value, type, media}) {
  if (value === null || value === undefined) return html`<span class="run-faint">–</span>`;
  if (type !== "media") return html`<${Value} value=${value} />`;
  const item = media?.[value];
  if (!item) return html`<span class="run-faint">gone</span>`;
  if (item.missing) return html`<span class="run-faint">${item.missing}</span>`;
  if (item.kind === "image" || (item.kind === "video" && !["mp4", "webm"].includes(item.format)) || (item.kind === "figure" && item.format !== "plotly")) {
    return html`<img class="run-cell-picture" src=${item.url} alt=${item.caption || item.kind} loading="lazy" />`;
  }
  if (item.kind === "audio") return html`<audio controls preload="none" src=${item.url} aria-label=${item.caption || "sound"}></audio>`;
  if (typeof item.text === "string") return item.text;
  return item.url ? html`<a href=${item.url} target="_blank" rel="noopener">${item.caption || item.kind}</a>` : item.kind;
}

function Pager({offset, rows, go}) {
  if (rows <= PAGE) return null;
  const last = Math.floor((rows - 1) / PAGE) * PAGE;
  const button = (text, to, off) => html`<button type="button" class="button" disabled=${off} onClick=${() => go(to)}>${text}</button>`;
  return html`<div class="run-bar">
    ${button("First", 0, offset === 0)}${button("Before", Math.max(offset - PAGE, 0), offset === 0)}
    <span class="num" role="status">rows ${number(offset)} to ${number(Math.min(offset + PAGE, rows) - 1)} of ${number(rows)}</span>
    ${button("Next", Math.min(offset + PAGE, last), offset >= last)}${button("Last", last, offset >= last)}
  </div>`;
}
