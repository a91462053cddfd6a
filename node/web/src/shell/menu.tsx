// A button with a menu: arrow keys within, Escape and a press elsewhere close it.

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";


export interface MenuItem {
  title: string;
  /** As shown to people, such as `Ctrl+K`. */
  keys?: string;
  /** Left out: it is no choice among others. */
  checked?: boolean;
  run: () => void;
}

export function MenuButton({
  label,
  items,
  children,
  class: className = "",
  tabIndex,
}: {
  label: string;
  items: () => readonly (MenuItem | null)[];
  children: ComponentChildren;
  class?: string;
  tabIndex?: number;
}) {
  const button = useRef<HTMLButtonElement>(null);
  return (
    <button
      ref={button}
      type="button"
      class={`plain ${className}`}
      tabIndex={tabIndex}
      aria-haspopup="menu"
      aria-label={label}
      title={label}
      onClick={() => button.current && openMenu(button.current, label, items())}
    >
      {children}
    </button>
  );
}

let menu: HTMLElement | null = null;

/** Show a menu below a button. It is made of DOM nodes, since only one is there at a time, above everything. */
function openMenu(button: HTMLElement, label: string, items: readonly (MenuItem | null)[]): void {
  menu?.remove();
  const opened = document.createElement("div");
  opened.className = "menu";
  opened.popover = "auto";
  opened.setAttribute("role", "menu");
  opened.setAttribute("aria-label", label);
  opened.append(...items.map((item) => (item ? entry(item, opened) : document.createElement("hr"))));
  opened.addEventListener("keydown", (event) => steer(event, opened));
  opened.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState === "closed") opened.remove();
  });
  // Within a landmark; that it is shown above everything does not depend on its place.
  (document.querySelector("main") ?? document.body).append(opened);
  menu = opened;
  opened.showPopover();
  const { left, bottom, right } = button.getBoundingClientRect();
  const start = left + opened.offsetWidth > innerWidth ? right - opened.offsetWidth : left;
  opened.style.left = `${Math.max(4, start)}px`;
  opened.style.top = `${Math.min(bottom + 4, innerHeight - opened.offsetHeight - 4)}px`;
  entries(opened)[0]?.focus();
}

function entry(item: MenuItem, opened: HTMLElement): HTMLElement {
  const made = document.createElement("button");
  made.type = "button";
  made.setAttribute("role", item.checked === undefined ? "menuitem" : "menuitemradio");
  if (item.checked !== undefined) made.setAttribute("aria-checked", String(item.checked));
  const title = document.createElement("span");
  title.textContent = item.title;
  made.append(title);
  if (item.keys) {
    const keys = document.createElement("kbd");
    keys.textContent = item.keys;
    made.append(keys);
  }
  made.addEventListener("click", () => {
    opened.hidePopover();
    item.run();
  });
  return made;
}

function entries(opened: HTMLElement): HTMLElement[] {
  return [...opened.querySelectorAll<HTMLElement>("button")];
}

function steer(event: KeyboardEvent, opened: HTMLElement): void {
  const all = entries(opened);
  const at = all.findIndex((one) => one === document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Tab") opened.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  all.at(to % all.length)?.focus();
}

