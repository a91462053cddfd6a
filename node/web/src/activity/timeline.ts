// What happened lately, by whom, in one order: turns of this node, and asks between it and its peers.

import type { AskRow, CallLine, TurnLine } from "../traces/wire";

export type Entry =
  | { kind: "turn"; id: string; at: number; turn: TurnLine }
  | { kind: "ask"; id: string; at: number; ask: AskRow };

export interface Run {
  name: string;
  count: number;
  failed: number;
  denied: number;
}

const ENTRIES_MAX = 100;

/** Join both, the latest first. */
export function timeline(turns: readonly TurnLine[], asks: readonly AskRow[]): readonly Entry[] {
  const entries: Entry[] = [
    ...turns.map((turn): Entry => ({ kind: "turn", id: `${turn.sessionId} ${turn.turnId}`, at: turn.createdAt, turn })),
    ...asks.map((ask): Entry => ({ kind: "ask", id: ask.id, at: ask.startedAt, ask })),
  ];
  return entries.sort((one, other) => other.at - one.at).slice(0, ENTRIES_MAX);
}

/** Fold calls of one tool that follow each other: `notes.read ×3`. */
export function runsOf(calls: readonly CallLine[]): readonly Run[] {
  const runs: Run[] = [];
  for (const { name, state } of calls) {
    if (runs.at(-1)?.name !== name) runs.push({ name, count: 0, failed: 0, denied: 0 });
    const run = runs.at(-1)!;
    run.count++;
    if (state === "failed" || state === "denied") run[state]++;
  }
  return runs;
}

/** Say what a running turn does, and since when in seconds since 1970. */
export function doingOf(turn: TurnLine): { text: string; since: number } {
  const begun = turn.startedAt ?? turn.createdAt;
  const open = turn.calls.findLast(({ state }) => state === "running" || state === "asking");
  if (!open) return { text: turn.doing || "the model is at work", since: begun };
  const since = open.startedMs === null ? begun : begun + open.startedMs / 1_000;
  return { text: open.state === "asking" ? `${open.name} waits for your answer` : open.name, since };
}

/** Leave out what a filter is not about. */
export function filtered(entries: readonly Entry[], { who, session }: { who: Who; session: string }): readonly Entry[] {
  return entries.filter((entry) => {
    if (who === "asks" ? entry.kind !== "ask" : who === "turns" && entry.kind !== "turn") return false;
    return session === "" || (entry.kind === "turn" && entry.turn.sessionId === session);
  });
}

export type Who = "all" | "turns" | "asks";
