// The wish that a composer takes the keyboard.

import { signal } from "@preact/signals";

/** Counted up when a composer should take the keyboard. */
export const focusWish = signal(0);

export function focusComposer(): void {
  focusWish.value++;
}
