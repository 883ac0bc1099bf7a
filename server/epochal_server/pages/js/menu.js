// Menus and popovers: opened beside a button or at a point, closed by Escape, a click elsewhere or a choice.

import {classes, html, render, signal, useEffect, useLayoutEffect, useRef} from "./html.js";

const MARGIN = 8;
const open_ = signal(null); // {anchor, content, close, role, label, className}
let host = null;

/**
 * Opens a menu. `anchor` is an element or {x, y}; items are {label, run, hint, detail, icon, checked, disabled, danger,
 * title} or {heading} or {line: true}; `checked` makes it a menuitemcheckbox, `keep` leaves the menu open after it.
 */
export function openMenu(anchor, items, {label = "Menu"} = {}) {
  openPopover(anchor, (close) => html`<${Items} items=${items.filter(Boolean)} close=${close} />`, {role: "menu", label, className: "menu"});
}

/** Opens a panel beside an element; content(close) returns its markup. */
export function openPopover(anchor, content, {label = "", role = "dialog", className = "popover"} = {}) {
  mount();
  closePopover(false);
  const before = document.activeElement;
  // a table draws its cells anew: the way back is then its own place for the keyboard
  const home = (anchor instanceof Element ? anchor : before)?.closest?.("[data-keys]")?.querySelector('[tabindex="0"]');
  const close = (refocus = true) => {
    if (open_.peek()?.close !== close) return;
    open_.value = null;
    if (anchor instanceof Element) anchor.setAttribute("aria-expanded", "false");
    if (refocus) [anchor, before, home].find((one) => one instanceof HTMLElement && one.isConnected && one !== document.body)?.focus();
  };
  if (anchor instanceof Element) anchor.setAttribute("aria-expanded", "true");
  open_.value = {anchor, content, close, role, label, className};
}

/** Closes what is open, if anything. */
export function closePopover(refocus = true) {
  open_.peek()?.close(refocus);
}

/** A button that opens a menu: html`<${MenuButton} label="More" items=${() => […]}>…</>`; items may be a function. */
export function MenuButton({label, items, children, className = "icon-button", title = label, disabled = false}) {
  const press = (event) => {
    const button = event.currentTarget;
    if (open_.peek()?.anchor === button) closePopover();
    else openMenu(button, typeof items === "function" ? items() : items, {label});
  };
  return html`<button type="button" class=${className} aria-label=${label} title=${title} aria-haspopup="menu" aria-expanded="false" disabled=${disabled} onClick=${press}>${children}</button>`;
}

/** A button that opens a popover with any content: content(close). */
export function PopoverButton({label, content, children, className = "button", title = label, popoverClass = "popover"}) {
  const press = (event) => {
    const button = event.currentTarget;
    if (open_.peek()?.anchor === button) closePopover();
    else openPopover(button, content, {label, className: popoverClass});
  };
  return html`<button type="button" class=${className} title=${title} aria-haspopup="dialog" aria-expanded="false" onClick=${press}>${children}</button>`;
}

function mount() {
  if (host) return;
  host = document.createElement("div");
  document.body.append(host);
  render(html`<${Host} />`, host);
}

function Host() {
  const one = open_.value;
  return one && html`<${Panel} key=${one.content} one=${one} />`;
}

function Panel({one}) {
  const box = useRef(null);
  useLayoutEffect(() => {
    const place = () => put(box.current, one.anchor);
    place();
    // what is inside may load and grow
    const sizes = new ResizeObserver(place);
    sizes.observe(box.current);
    const first = box.current.querySelector("[data-first], [role^=menuitem]:not([aria-disabled=true]), input, button");
    first?.focus({preventScroll: true});
    return () => sizes.disconnect();
  }, []);
  useEffect(() => {
    const outside = (event) => {
      if (box.current.contains(event.target)) return;
      // the button that opened it closes it by its own click
      if (one.anchor instanceof Element && one.anchor.contains(event.target)) return;
      one.close(false);
    };
    const away = () => one.close(false);
    addEventListener("pointerdown", outside, true);
    addEventListener("resize", away);
    addEventListener("popstate", away);
    return () => {
      removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", away);
      removeEventListener("popstate", away);
    };
  }, []);
  const keys = (event) => {
    if (event.key === "Escape" || (event.key === "Tab" && one.role === "menu")) {
      event.preventDefault();
      event.stopPropagation();
      one.close();
    }
  };
  return html`<div ref=${box} class=${classes("floating", one.className)} role=${one.role} aria-label=${one.label || null} tabindex="-1" onKeyDown=${keys}>${one.content(one.close)}</div>`;
}

function put(box, anchor) {
  const {width, height} = box.getBoundingClientRect();
  const at = anchor instanceof Element ? anchor.getBoundingClientRect() : {left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y};
  const below = at.bottom + 4;
  const fits = below + height <= innerHeight - MARGIN;
  const top = fits ? below : Math.max(MARGIN, at.top - 4 - height >= MARGIN ? at.top - 4 - height : innerHeight - height - MARGIN);
  const fromRight = at.left + width > innerWidth - MARGIN;
  const left = Math.max(MARGIN, fromRight ? Math.min(at.right, innerWidth - MARGIN) - width : at.left);
  box.style.left = `${Math.round(left)}px`;
  box.style.top = `${Math.round(top)}px`;
}

function Items({items, close}) {
  const typed = useRef({text: "", at: 0});
  const hasIcons = items.some((item) => item.checked !== undefined || item.icon);
  const keys = (event) => {
    const all = [...event.currentTarget.querySelectorAll("[role^=menuitem]:not([aria-disabled=true])")];
    const at = all.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1}[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const {text, at: before} = typed.current;
      const next = (performance.now() - before < 700 ? text : "") + event.key.toLowerCase();
      typed.current = {text: next, at: performance.now()};
      event.stopPropagation();
      all.find((item) => item.textContent.trim().toLowerCase().startsWith(next))?.focus();
    }
  };
  const choose = (item) => {
    if (item.disabled) return;
    if (!item.keep) close();
    item.run?.();
  };
  return html`<div class="menu-items" role="none" onKeyDown=${keys}>
    ${items.map((item) => {
      if (item.line) return html`<div class="menu-line" role="separator"></div>`;
      if (item.heading) return html`<div class="menu-heading" role="presentation">${item.heading}</div>`;
      const checks = item.checked !== undefined;
      return html`<button type="button" role=${checks ? "menuitemcheckbox" : "menuitem"} aria-checked=${checks ? String(Boolean(item.checked)) : null}
          aria-disabled=${item.disabled ? "true" : null} tabindex="-1" title=${item.title ?? null}
          class=${classes("menu-item", item.danger && "is-danger")} onClick=${() => choose(item)}>
        ${hasIcons && html`<span class="menu-icon" aria-hidden="true">${checks ? (item.checked ? "✓" : "") : item.icon}</span>`}
        <span class="menu-label">${item.label}${item.detail && html`<span class="menu-detail">${item.detail}</span>`}</span>
        ${item.hint && html`<kbd aria-hidden="true">${item.hint}</kbd>`}
      </button>`;
    })}
  </div>`;
}
