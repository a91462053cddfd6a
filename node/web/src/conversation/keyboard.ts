// The keyboard stays in the conversation: what is pressed there is often gone a moment later.

import { type RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** Give the keyboard to the composer whenever what had it inside `box` has gone, or can no longer be pressed. */
export function useKeyboardKept(box: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const outer = box.current;
    if (!outer) return;
    let held: Element | null = null;
    const hold = (target: EventTarget | null) => (held = target instanceof Element && outer.contains(target) ? target : null);
    const isLost = () => held !== null && (!held.isConnected || held.matches(":disabled")) && [document.body, held].includes(document.activeElement!);
    const watch = new MutationObserver(() => {
      if (isLost()) outer.querySelector<HTMLElement>(".writing textarea")?.focus();
    });
    watch.observe(outer, { childList: true, subtree: true, attributeFilter: ["disabled"] });
    const ends = new AbortController();
    document.addEventListener("focusin", ({ target }) => hold(target), { signal: ends.signal });
    // Not every browser gives the keyboard to a button that is pressed with the mouse, and a press beside all takes it away.
    document.addEventListener("pointerdown", ({ target }) => hold((target as Element).closest("button")), { signal: ends.signal, capture: true });
    return () => {
      watch.disconnect();
      ends.abort();
    };
  }, []);
}
