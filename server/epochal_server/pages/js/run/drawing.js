// An SVG that a training has logged: in a frame that can do nothing, as large as it was drawn, smaller where there is no room.
import {getText} from "../api.js";
import {html, useLayoutEffect, useRef, useState} from "../html.js";
import {spoken} from "./exhibit.js";
import {useLoaded, Waiting} from "./load.js";

/** Pixels of CSS that a length has, by its unit. */
const UNITS = {"": 1, px: 1, pt: 4 / 3, pc: 16, in: 96, cm: 96 / 2.54, mm: 96 / 25.4};
/** What is taken for the size of a drawing that tells none, in pixels. */
const USUAL = [640, 480];
const MOST = 4000;
/** Its first tag stands within so many characters. */
const HEAD = 20_000;

export function Drawing({item}) {
  const of = useLoaded(item.url, 0, getText);
  const place = useRef(null);
  const [room, setRoom] = useState(0);
  const [width, height] = typeof of.data === "string" ? sizeOf(of.data) : USUAL;
  useLayoutEffect(() => {
    if (!place.current) return undefined;
    const sized = new ResizeObserver(([entry]) => setRoom(entry.contentRect.width));
    sized.observe(place.current);
    return () => sized.disconnect();
  }, [of.data === null]);
  if (typeof of.data !== "string") return html`<${Waiting} of=${of} what="The figure" />`;
  const frame = {width: `${width}px`, height: `${height}px`, transform: `scale(${Math.min(1, room / width || 1)})`};
  return html`<div class="run-drawing" ref=${place} style=${{width: `${width}px`, aspectRatio: `${width} / ${height}`}}>
    <iframe sandbox="" scrolling="no" referrerpolicy="no-referrer" src=${item.url} title=${spoken(item)} style=${frame}></iframe>
  </div>`;
}

/** How large a drawing says that it is, in pixels: read from its first tag as text, since a parser would apply its styles. */
export function sizeOf(text) {
  const tag = /<svg\b(?:"[^"]*"|'[^']*'|[^>"'])*>/i.exec(text.slice(0, HEAD))?.[0] ?? "";
  const attribute = (name) => new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1].trim() ?? "";
  const lengths = ["width", "height"].map((name) => /^([\d.]+)\s*(px|pt|pc|in|cm|mm|)$/.exec(attribute(name)));
  const told = lengths.map((length) => (length ? Number(length[1]) * UNITS[length[2]] : NaN));
  const box = attribute("viewBox").split(/[\s,]+/).slice(2).map(Number);
  const found = [told, box, USUAL].find((size) => size.length === 2 && size.every((side) => side >= 1));
  return found.map((side) => Math.min(Math.ceil(side), MOST));
}
