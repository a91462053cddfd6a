// What the rest of the cockpit lends the conversation: the focused buffer, and things that can be mentioned.

import { signal } from "@preact/signals";

import type { FocusedContext } from "../wire.gen";
import type { Suggestion } from "./suggestions";

export type MentionSource = () => Promise<readonly Suggestion[]> | readonly Suggestion[];

/** Returns what the owner looks at beside the conversation; sent along with each message. */
export const focusedContext = signal<() => FocusedContext | null>(() => null);

export const mentionSources = signal<readonly MentionSource[]>([]);

/** Add what can be mentioned with an @. */
export function addMentions(source: MentionSource): void {
  mentionSources.value = [...mentionSources.peek(), source];
}
