// What slash commands say, by session. Only this page has it: it is neither stored nor read by the model.

import { type Signal, signal } from "@preact/signals";

import { queuedTurns } from "./model";
import type { ConversationView } from "./views";

/** As `node/slash/outcome.py` has it: a text, a table, or a ticket. */
export interface Block {
  readonly text?: string;
  readonly rows?: readonly (readonly string[])[];
  readonly head?: readonly string[];
  readonly ticket?: string;
}

export interface Confirm {
  readonly question: string;
  readonly action: string;
  readonly line: string;
}

export interface Outcome {
  readonly shown: readonly Block[];
  readonly confirm: Confirm | null;
  readonly prompt: string | null;
  readonly opens: string | null;
  readonly begins: boolean;
  readonly mode: string | null;
}

export interface Bubble {
  readonly id: string;
  readonly line: string;
  /** What it stands behind; null: before everything. */
  readonly after: string | null;
  readonly shown: readonly Block[];
  readonly confirm: Confirm | null;
  readonly problem: string | null;
  /** How far the command is. */
  readonly progress: string;
  readonly isRunning: boolean;
  readonly stop: () => void;
}

const BUBBLES_MAX = 50;
const SESSIONS_MAX = 20;

const bySession = new Map<string, Signal<readonly Bubble[]>>();

export function bubblesOf(sessionId: string): Signal<readonly Bubble[]> {
  const known = bySession.get(sessionId) ?? signal<readonly Bubble[]>([]);
  bySession.delete(sessionId);
  bySession.set(sessionId, known);
  for (const id of bySession.keys()) if (bySession.size > SESSIONS_MAX) bySession.delete(id);
  return known;
}

/** Begin a bubble behind what was said last, and return its id. */
export function addBubble(view: ConversationView, line: string, stop: AbortController): string {
  const bubbles = bubblesOf(view.id);
  const inLine = new Set(queuedTurns(view.state.peek()));
  const after = view.state.peek().items.findLast((item) => item.kind === "note" || !inLine.has(item))?.id ?? null;
  const id = crypto.randomUUID();
  const added: Bubble = {
    id, line, after, shown: [], confirm: null, problem: null, progress: "", isRunning: true, stop: () => stop.abort(),
  }; // prettier-ignore
  bubbles.value = [...bubbles.peek(), added].slice(-BUBBLES_MAX);
  return id;
}

/** Change a bubble; what is shown is added to what it shows already. */
export function changeBubble(sessionId: string, id: string, change: Partial<Bubble>): void {
  const bubbles = bubblesOf(sessionId);
  bubbles.value = bubbles.peek().map((one) =>
    one.id === id ? { ...one, ...change, shown: [...one.shown, ...(change.shown ?? [])] } : one,
  );
}

export function removeBubble(sessionId: string, id: string): void {
  const bubbles = bubblesOf(sessionId);
  bubbles.value = bubbles.peek().filter((one) => one.id !== id);
}

export function clearBubbles(sessionId: string): void {
  const bubbles = bubblesOf(sessionId);
  bubbles.peek().forEach(({ stop }) => stop());
  bubbles.value = [];
}

/** Sort bubbles to what they stand behind; under null those before everything, or whose place is gone. */
export function placed(bubbles: readonly Bubble[], items: readonly { id: string }[]): ReadonlyMap<string | null, readonly Bubble[]> {
  const ids = new Set(items.map(({ id }) => id));
  const sorted = new Map<string | null, readonly Bubble[]>();
  for (const one of bubbles) {
    const place = one.after !== null && ids.has(one.after) ? one.after : null;
    sorted.set(place, [...(sorted.get(place) ?? []), one]);
  }
  return sorted;
}
