// Markdown with mathematics as elements, never as HTML: what somebody has written cannot become anything but text.

import MarkdownIt from "../vendor/markdown-it.js";
import {html, stylesheet, useEffect, useRef, useState} from "./html.js";
import {addMath} from "./markdown_math.js";

/** A text is cut here where nothing else is asked for: it is shown, not published. */
const LONGEST = 50_000;

const reader = addMath(new MarkdownIt({html: false, linkify: false}));
let katex = null; // once a text with mathematics was shown

/**
 * @param {{text: string, image?: (path: string) => string | null, level?: number, longest?: number, className?: string}} props
 *   `image`: the address of a picture, or null where it is not shown; `level`: by how much headings stand lower
 */
export function Markdown({text, image = () => null, level = 2, longest = LONGEST, className = "markdown"}) {
  const tokens = reader.parse(text.slice(0, longest), {});
  return html`<div class=${className}>${elements(tokens, {image, level})}</div>`;
}

/** The elements of a list of tokens: each that opens holds what comes until it closes. */
function elements(tokens, how) {
  const stack = [[]];
  const opened = [];
  for (const token of tokens) {
    if (token.nesting === 1) {
      opened.push(token);
      stack.push([]);
    } else if (token.nesting === -1) {
      const inner = stack.pop();
      stack.at(-1).push(element(opened.pop(), inner, how));
    } else {
      stack.at(-1).push(single(token, how));
    }
  }
  return stack[0];
}

function element(token, inner, how) {
  if (token.hidden) return inner; // the paragraph of a tight list
  if (token.type === "heading_open") {
    const from = Number(token.tag.slice(1));
    const Tag = `h${Math.min(from + how.level, 6)}`;
    return html`<${Tag} class=${`is-level-${from}`}>${inner}<//>`;
  }
  if (token.type === "link_open") return link(token.attrGet("href") ?? "", inner);
  if (token.type === "table_open") {
    return html`<div class="markdown-scroll" tabindex="0" role="region" aria-label="Table"><table>${inner}</table></div>`;
  }
  const Tag = token.tag;
  const align = token.attrGet("style")?.match(/text-align:\s*(\w+)/)?.[1];
  const start = token.type === "ordered_list_open" ? token.attrGet("start") : null;
  return html`<${Tag} class=${align ? `is-${align}` : null} ...${{...(Tag === "th" && {scope: "col"}), ...(start && {start})}}>${inner}<//>`;
}

function single(token, how) {
  switch (token.type) {
    case "inline": return elements(token.children, how);
    case "text": return task(token.content);
    case "softbreak": return "\n";
    case "hardbreak": return html`<br />`;
    case "hr": return html`<hr />`;
    case "code_inline": return html`<code>${token.content}</code>`;
    case "code_block":
    case "fence": return html`<pre tabindex="0"><code>${token.content.replace(/\n$/, "")}</code></pre>`;
    case "image": return picture(token, how);
    case "math_inline": return html`<${Formula} text=${token.content} />`;
    case "math_block": return html`<${Formula} text=${token.content} display />`;
    default: return token.content;
  }
}

function task(text) {
  return text.replace(/^\[ \] /, "☐ ").replace(/^\[[xX]\] /, "☑ ");
}

function link(address, inner) {
  if (/^https?:\/\//.test(address)) return html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow">${inner}</a>`;
  return /^\/(?:run|report|compare|reports)(?:[/?#]|$)|^\/(?:\?|$)/.test(address) ? html`<a href=${address}>${inner}</a>` : html`<span>${inner}</span>`;
}

function picture(token, how) {
  const words = token.content || "picture";
  const source = how.image(token.attrGet("src") ?? "");
  if (!source) return html`<span class="markdown-absent">[image: ${words}]</span>`; // nothing comes from elsewhere
  return html`<img src=${source} alt=${words} title=${token.attrGet("title")} loading="lazy" />`;
}

/** A formula: KaTeX is loaded with the first, and what it cannot read is said where it stands. */
function Formula({text, display = false}) {
  const box = useRef(null);
  const [library, setLibrary] = useState(() => katex);
  const [fault, setFault] = useState("");
  useEffect(() => {
    if (!library) loadKatex().then(() => setLibrary(() => katex), (error) => setFault(error.message));
  }, []);
  useEffect(() => {
    if (!library || !box.current) return;
    try {
      library.render(text, box.current, {displayMode: display, strict: "ignore", trust: false, maxSize: 50, maxExpand: 1000, throwOnError: true});
      setFault("");
    } catch (error) {
      box.current.textContent = text;
      setFault(error.message.replace(/^KaTeX parse error:\s*/, ""));
    }
  }, [text, display, library]);
  const name = `math${display ? " is-display" : ""}`;
  return html`<span class=${name} tabindex=${display ? "0" : null}><span ref=${box} class=${fault ? "is-wrong" : null}>${!library && text}</span>${fault && html`<span class="math-fault" role="note">${fault}</span>`}</span>`;
}

async function loadKatex() {
  const [found] = await Promise.all([import("../vendor/katex/katex.js"), stylesheet("../vendor/katex/katex.css")]);
  katex = found.default;
}
