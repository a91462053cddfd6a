// What the network's states are called in plain words. Pure.

import type { Grant, Peer } from "./network";

export const GRANTS: readonly { grant: Grant; title: string; means: string }[] = [
  { grant: "ask", title: "Ask my agent", means: "Without this, none of the others counts." },
  { grant: "shared", title: "Search what I share", means: "Only the folders that are shared with this peer." },
  { grant: "notes", title: "Read my notes", means: "It never writes them." },
  { grant: "model", title: "Use my model", means: "For turns of its own, which cost your machine's time." },
];

const OUTCOMES: Readonly<Record<string, string>> = {
  answered: "answered",
  stopped: "stopped here",
  cancelled: "stopped by the asker",
  not_allowed: "refused: not allowed",
  not_trusted: "refused: not trusted",
  busy: "told to come later",
  deadline: "took too long",
  cycle: "refused: it went in a circle",
  hops: "refused: too many links",
  budget: "refused: its budget was spent",
  duplicate: "refused: asked twice",
  too_large: "refused: too long",
  peer_lost: "the link was lost",
  unreachable: "not reached",
  answer_failed: "the agent failed",
  interrupted: "interrupted: the node ended",
};

/** Say what became of an ask; what is not known here is shown as the node calls it. */
export function outcomeOf(outcome: string | null, direction: "in" | "out"): string {
  if (outcome === null) return "under way";
  if (direction === "out" && outcome === "cancelled") return "stopped";
  if (direction === "out" && outcome === "stopped") return "stopped";
  return OUTCOMES[outcome] ?? outcome;
}

/** Say why a peer did not answer; the node's own words name commands where a press does it, too. */
export function refusalOf(code: string, said: string, name: string): string {
  if (code === "not_allowed") return `${name}'s owner does not let you ask. Only they can change that, in their pane of peers.`;
  return said || "It gave no reason.";
}

/** Say how a peer stands, in the words of the table. */
export function stateOf(peer: Peer): string {
  if (peer.state === "trusted") return peer.connected ? "trusted, connected" : "trusted, away";
  return peer.state === "pending" ? "pairing" : peer.state;
}

/** Return how long ago something was, as `3 min ago`; both in seconds since 1970. */
export function ago(then: number | null, now: number): string {
  if (then === null) return "never";
  const seconds = Math.max(0, now - then);
  if (seconds < 10) return "now";
  return `${span(seconds)} ago`;
}

/** Return a duration in its largest unit. */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h`;
  const days = Math.round(seconds / 86_400);
  return days === 1 ? "1 day" : `${days} days`;
}

/** Return a countdown as `1:09`. */
export function countdown(until: number, now: number): string {
  const left = Math.max(0, Math.floor(until - now));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

export function roundTrip(ms: number | null): string {
  if (ms === null) return "";
  return ms < 1 ? "< 1 ms" : `${Math.round(ms)} ms`;
}

/** Return the lines or pages that a citation names. */
export function placeOf({ unit, first, last }: { unit: string; first: number; last: number }): string {
  return first === last ? `${unit} ${first}` : `${unit}s ${first}–${last}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
