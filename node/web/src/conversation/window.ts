// Which part of a long transcript is in the page: a few turns around what is read, however many there are.

import type { Item } from "./model";

/** So many items come at once: each may take a millisecond or two to draw. */
export const STEP_ITEMS = 6;
/** More of them make the page slow, whatever they hold. */
export const SHOWN_MAX_ITEMS = 60;

export interface Window {
  /** The last item of it; null: it ends where the conversation ends, and goes on with it. */
  readonly end: string | null;
  readonly count: number;
}

export const AT_END: Window = { end: null, count: 2 * STEP_ITEMS };

export interface Shown {
  readonly items: readonly Item[];
  /** How many there are before and behind. */
  readonly before: number;
  readonly behind: number;
}

export function shownIn(all: readonly Item[], { end, count }: Window): Shown {
  const last = end === null ? -1 : all.findLastIndex((item) => item.id === end);
  const to = last < 0 ? all.length : last + 1;
  const from = Math.max(0, to - count);
  return { items: all.slice(from, to), before: from, behind: all.length - to };
}

/** Return the window with a step of earlier items in it; what is too much leaves it at the end. */
export function earlier(all: readonly Item[], window: Window): Window {
  const { items, before } = shownIn(all, window);
  const count = items.length + Math.min(STEP_ITEMS, before);
  if (count <= SHOWN_MAX_ITEMS) return { ...window, count };
  return { end: items.at(SHOWN_MAX_ITEMS - count - 1)?.id ?? null, count: SHOWN_MAX_ITEMS };
}

/** Return the window with a step of later items in it; what is too much leaves it at the beginning. */
export function later(all: readonly Item[], window: Window): Window {
  const { items, before, behind } = shownIn(all, window);
  if (behind === 0) return window;
  const step = Math.min(STEP_ITEMS, behind);
  const end = behind === step ? null : (all[before + items.length + step - 1]?.id ?? null);
  return { end, count: Math.min(items.length + step, SHOWN_MAX_ITEMS) };
}
