// What the rest of the cockpit lends the conversation: the document that the owner looks at.

import { signal } from "@preact/signals";

import type { FocusedContext } from "../wire.gen";

/** What the owner looks at beside the conversation. */
export type Focused = Required<Pick<FocusedContext, "title" | "language">> & { uri: string; readonly content: string };

/** Returns what goes along with each message; its content may be read when it is wanted, as it is long. */
export const focusedContext = signal<() => Focused | null>(() => null);

/** The address of what the owner does not want to go along. */
export const leftOut = signal<string | null>(null);

/** Return what goes along with a message that is sent now. */
export function contextToSend(): FocusedContext | null {
  const focused = focusedContext.peek()();
  if (!focused || focused.uri === leftOut.peek()) return null;
  const { uri, title, language, content } = focused;
  return { uri, title, language, content };
}
