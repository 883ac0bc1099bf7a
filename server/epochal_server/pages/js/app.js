// The frame of every page: the bar on top, the page that the address names, and what holds everywhere.

import {ProblemError, refused} from "./api.js";
import {mountLayer} from "./dialog.js";
import {classes, effect, html, render, signal, stylesheet, useEffect, useErrorBoundary, useState} from "./html.js";
import {Icon} from "./icons.js";
import {listen, shortcut, showKeys} from "./keys.js";
import {boot, connect, connected, onChange} from "./live.js";
import {loadServer, server} from "./server.js";
import {Empty, Failed, Loading} from "./states.js";
import {choice, nextTheme} from "./theme.js";
import {go, leftAt, route} from "./url.js";

/**
 * The pages: the first part of the address -> {load, title}. A page's module exports `Page`, a component that gets
 * {parts: the further parts of the address, decoded}, and `css`, the names of the style sheets that it needs
 * (["run.css", "charts.css"]): it is drawn once they are there.
 */
export const pages = {
  runs: {load: () => import("./runs/page.js"), title: "Runs"},
  run: {load: () => import("./run/page.js"), title: "Run"},
  compare: {load: () => import("./compare/page.js"), title: "Compare"},
  reports: {load: () => import("./report/list.js"), title: "Reports"},
  report: {load: () => import("./report/page.js"), title: "Report"},
};

/** Set by pages to what the browser tab should say before "Epochal". */
export const title = signal("");

const failure = signal(null);
/** The pages that are here: the first part of the address -> its component. */
const loaded = signal({});

async function load(page) {
  try {
    failure.value = null;
    const module = await pages[page].load();
    await Promise.all((module.css ?? []).map(stylesheet));
    loaded.value = {...loaded.peek(), [page]: module.Page};
  } catch (error) {
    failure.value = error;
  }
}

function Bar() {
  const {page} = route.value;
  const home = page === "runs" ? "/" : `/${leftAt.runs ?? ""}`; // the way back leads to where the table was left
  const isHere = (name) => page === name || (name === "reports" && page === "report");
  const item = (name, href, label, icon) => html`<a class=${classes("bar-link", isHere(name) && "is-here")} href=${href} aria-current=${isHere(name) ? "page" : null}><${Icon} name=${icon} /><span>${label}</span></a>`;
  return html`<header class="bar">
    <a class="brand" href=${home} aria-label="Epochal, all runs"><${Mark} /><span class="brand-name">Epochal</span></a>
    <nav class="bar-nav" aria-label="Pages">
      ${item("runs", home, "Runs", "table")}
      ${item("reports", "/reports", "Reports", "note")}
    </nav>
    <div class="bar-place" id="bar-place"></div>
    <div class="bar-end">
      ${server.value?.read_only && html`<span class="badge" title="Started with --read-only, or the folder cannot be written">Read-only</span>`}
      <${Connection} />
      <button class="icon-button" onClick=${nextTheme} title=${`Theme: ${choice.value}`} aria-label=${`Theme: ${choice.value}; press for the next`}><${Icon} name=${{system: "system", light: "sun", dark: "moon"}[choice.value] ?? "system"} /></button>
      <button class="icon-button is-wide-only" onClick=${showKeys} title="Keyboard shortcuts (?)" aria-label="Keyboard shortcuts"><${Icon} name="keyboard" /></button>
    </div>
  </header>`;
}

function Mark() {
  return html`<svg class="mark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path class="mark-low" d="M2 4c1.500 9 5 12 16 12.500" /><path class="mark-high" d="M2 12c3.500 0 4-7 8-7s4.500 3 8 3" /></svg>`;
}

function Connection() {
  const [late, setLate] = useState(false);
  const isOpen = connected.value;
  useEffect(() => {
    // a stream that is opened anew within a moment is no news
    const timer = isOpen ? 0 : setTimeout(() => setLate(true), 1500);
    if (isOpen) setLate(false);
    return () => clearTimeout(timer);
  }, [isOpen]);
  const text = isOpen ? "Live" : late ? "Not connected" : "Connecting";
  return html`<span class=${classes("connection", isOpen && "is-open", !isOpen && late && "is-lost")} role="status" title=${isOpen ? "Changes appear by themselves" : "Trying to reach the server; is epochal ui still running?"}><span class="connection-dot" aria-hidden="true"></span><span class="connection-text">${text}</span></span>`;
}

function Body() {
  const {page, parts} = route.value;
  const [error, retry] = useErrorBoundary((thrown) => console.error(thrown));
  useEffect(() => {
    if (pages[page] && !loaded.peek()[page]) load(page);
  }, [page]);
  useEffect(() => {
    if (error) retry(); // another address, another try
  }, [route.value]);
  if (refused.value) return html`<${Refused} />`;
  if (error) return html`<${Failed} title="This page has a fault" error=${error} retry=${retry} />`;
  if (!pages[page]) {
    return html`<${Empty} title="There is no such page" icon="search" action=${{label: "Show the runs", run: () => go("/")}}>The address may be of another version, or was cut off.</>`;
  }
  if (failure.value) return html`<${Failed} error=${failure.value} retry=${() => location.reload()} />`;
  const Page = loaded.value[page];
  return Page ? html`<${Page} parts=${parts} />` : html`<${Loading} />`;
}

function Refused() {
  return html`<${Empty} title="This browser has no key to the server" icon="warning">
    <p>Open the link that <code>epochal ui</code> printed when it was started: it carries the key, once. After a restart of the server there is a new one.</p>
  </>`;
}

function App() {
  return html`<a class="skip" href="#main">Skip to the content</a><${Bar} /><main id="main" tabindex="-1"><${Body} /></main>`;
}

/** Turns clicks on links to our own pages into go(): no page is loaded twice. */
function followLinks() {
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const a = event.target.closest?.("a[href]");
    if (!a || a.target || a.hasAttribute("download") || a.origin !== location.origin || a.getAttribute("href").startsWith("#")) return;
    const first = a.pathname.split("/")[1];
    if (first && !(first in pages)) return;
    event.preventDefault();
    go(a.pathname, Object.fromEntries(new URLSearchParams(a.search)));
  });
}

function start() {
  mountLayer();
  listen();
  followLinks();
  shortcut("g r", "Go to the runs", () => go(`/${route.value.page === "runs" ? "" : leftAt.runs ?? ""}`));
  shortcut("g p", "Go to the reports", () => go("/reports"));
  shortcut("t", "Next theme: system, light, dark", nextTheme);
  effect(() => {
    const {page} = route.value;
    document.title = `${title.value || pages[page]?.title || "Not found"} · Epochal`;
  });
  onChange(route, () => {
    title.value = "";
    document.getElementById("main")?.focus({preventScroll: true});
  });
  const ask = () => loadServer().catch((error) => {
    if (!(error instanceof ProblemError)) throw error;
  });
  const {page} = route.peek();
  // it asks for what it shows while the frame is drawn; it may import this module, which has to be run to its end first
  const first = Promise.resolve().then(() => pages[page] && load(page));
  first.then(ask);
  onChange(boot, (told) => server.peek() && told !== server.peek().boot && ask());
  connect();
  const place = document.getElementById("app");
  Promise.all([first, ...["theme.css", "controls.css", "marks.css", "shell.css", "layers.css"].map(stylesheet)]).then(() => {
    place.replaceChildren();
    render(html`<${App} />`, place);
  });
}

start();
