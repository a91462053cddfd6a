// Hands the keyboard on when what had it leaves the page; the browser would let it fall to nothing.

import type { LayoutController } from "./controller";
import { focusWithin } from "./pane";

/** Watch over everything in `host`; returns how to stop. */
export function keepKeyboard(host: HTMLElement, controller: LayoutController): () => void {
  let last: HTMLElement | null = null;
  const note = ({ target }: FocusEvent) => void (last = target as HTMLElement);
  const watcher = new MutationObserver((records) => {
    if (document.activeElement !== document.body) return;
    if (!records.some(({ removedNodes }) => [...removedNodes].some((node) => node.contains(last)))) return;
    // What was only moved takes it again.
    if (last?.isConnected) last.focus({ preventScroll: true });
    else handOn(host, controller);
  });
  host.addEventListener("focusin", note);
  watcher.observe(host, { childList: true, subtree: true });
  return () => {
    host.removeEventListener("focusin", note);
    watcher.disconnect();
  };
}

/** Whether what was shown in a pane may take the keyboard: the pane has it, or nothing has. */
export function mayFocus(part: HTMLElement | null): boolean {
  const { activeElement, body } = document;
  return activeElement === body || (part?.closest(".pane")?.contains(activeElement) ?? false);
}

/** To the rest of its pane, else to where the work is, else to the place where panes are. */
function handOn(host: HTMLElement, controller: LayoutController): void {
  const pane = controller.focused.peek() ?? "";
  if (host.querySelector(`#pane-${CSS.escape(pane)}:not([data-hidden])`)) focusWithin(host, pane);
  else if (controller.active.peek()) controller.focusMain();
  else host.focus();
}
