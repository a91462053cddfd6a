// What is being written in each session, and how much its owner chose to let the agent do; kept in the browser, so that
// a reload or a crash loses nothing.

import type { Mode } from "../shell/node_state";

const KEY = "palaver.drafts";
const DRAFTS_MAX = 30;
const DRAFT_MAX_CHARS = 50_000;

type Drafts = Record<string, { text: string; at: number }>;
type Keeper = Pick<Storage, "getItem" | "setItem">;

export function draftOf(sessionId: string, store: Keeper = localStorage): string {
  return read(store)[sessionId]?.text ?? "";
}

/** Keep a draft; an empty one is dropped, and of too many the oldest. A full or forbidden storage keeps none. */
export function keepDraft(sessionId: string, text: string, now: number, store: Keeper = localStorage): void {
  const drafts = read(store);
  if (text === "") delete drafts[sessionId];
  else drafts[sessionId] = { text: text.slice(0, DRAFT_MAX_CHARS), at: now };
  const newest = Object.entries(drafts).toSorted(([, one], [, other]) => other.at - one.at);
  try {
    store.setItem(KEY, JSON.stringify(Object.fromEntries(newest.slice(0, DRAFTS_MAX))));
  } catch {
    // The text stays in the composer all the same.
  }
}

const MODE = "palaver.mode ";

/** Return the mode that was chosen in this window and no other. */
export function keptMode(sessionId: string): Mode | null {
  try {
    return sessionStorage.getItem(MODE + sessionId) as Mode | null;
  } catch {
    return null;
  }
}

export function keepMode(sessionId: string, mode: Mode | null): void {
  try {
    if (mode === null) sessionStorage.removeItem(MODE + sessionId);
    else sessionStorage.setItem(MODE + sessionId, mode);
  } catch {
    // It holds until the page is left.
  }
}

function read(store: Keeper): Drafts {
  try {
    const kept: unknown = JSON.parse(store.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Drafts) : {};
  } catch {
    return {};
  }
}
