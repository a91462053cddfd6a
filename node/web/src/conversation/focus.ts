// The wish that a composer takes the keyboard.

import { signal } from "@preact/signals";

/** Counted up when a composer should take the keyboard. */
export const focusWish = signal(0);

export function focusComposer(): void {
  focusWish.value++;
}

/** A text for the composer of a session, which joins what is written there. */
export interface DraftWish {
  readonly sessionId: string;
  readonly text: string;
  /** Where in the text the cursor goes. */
  readonly cursor: number;
}

/** Null once it was taken. */
export const draftWish = signal<DraftWish | null>(null);

export function wishDraft(wish: DraftWish): void {
  draftWish.value = wish;
}
