// Single items of media: sound, film, figures, shapes, and kinds that are not known here.
import {counted, number} from "../format.js";
import {html} from "../html.js";
import {Drawing} from "./drawing.js";
import {Exhibit, size, spoken} from "./exhibit.js";
import {PlotlyFigure} from "./plotly_view.js";
import {ShapeView} from "./shape_view.js";

/** A shape with a larger file is not drawn, in bytes. */
const MOST_DRAWN = 64 << 20;

export function Audio({item}) {
  return html`<${Exhibit} item=${item} facts=${[
    typeof item.seconds === "number" && `${number(item.seconds)} s`,
    item.rate && `${number(item.rate)} Hz`,
    item.channels > 1 && `${item.channels} channels`,
    item.format,
  ]}><audio controls preload="metadata" src=${item.url} aria-label=${spoken(item)}></audio><//>`;
}

export function Video({item}) {
  const facts = [size(item), item.frames && counted(item.frames, "frame"), item.fps && `${number(item.fps)} a second`, item.format];
  // frames that were logged as arrays are an animated PNG, which is a picture to a browser
  const isFilm = item.format === "mp4" || item.format === "webm";
  return html`<${Exhibit} item=${item} facts=${facts}>${isFilm
    ? html`<video controls loop muted playsinline preload="metadata" src=${item.url} aria-label=${spoken(item)}></video>`
    : html`<img class="run-film" src=${item.url} alt=${spoken(item)} />`}<//>`;
}

export function Figure({item}) {
  if (item.format === "plotly") return html`<${PlotlyFigure} item=${item} />`;
  if (item.format === "svg") return html`<${Exhibit} item=${item} facts=${["SVG, scripts are off"]} wide>${!item.missing && html`<${Drawing} item=${item} />`}<//>`;
  return html`<${Exhibit} item=${item} facts=${[size(item), item.format]}><img class="run-figure" src=${item.url} alt=${spoken(item)} /><//>`;
}

export function Mesh({item}) {
  const facts = [item.points && counted(item.points, "point"), item.faces && counted(item.faces, "face"), item.format];
  const isDrawn = item.format === "ply" && item.bytes <= MOST_DRAWN;
  return html`<${Exhibit} item=${item} facts=${facts} wide>${isDrawn ? html`<${ShapeView} key=${item.url} url=${item.url} label=${spoken(item)} />`
    : html`<p class="run-missing">A shape in space: save it, and any viewer of ${(item.format ?? "such").toUpperCase()} files shows it.</p>`}<//>`;
}

export function Other({item}) {
  return html`<${Exhibit} item=${item} facts=${[item.kind]}><p class="run-missing">This version cannot show a “${item.kind}”.</p><//>`;
}
