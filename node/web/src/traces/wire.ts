// What the node tells of turns over HTTP: a line of each, and the whole trace of one.

import type { Answer, Round } from "../wire.gen";

export type TurnState = "pending" | "dispatching" | "sent" | "failed" | "cancelled";
export type CallState = "running" | "asking" | "ok" | "failed" | "denied";

interface TurnFacts {
  turnId: string;
  sessionId: string;
  state: TurnState;
  source: "user" | "peer" | "app" | "schedule";
  mode: string | null;
  attempts: number;
  lastError: string | null;
  /** Seconds since 1970. */
  createdAt: number;
  /** Of its latest run; null before the first. */
  startedAt: number | null;
  endedAt: number | null;
  prompt: string;
}

export interface CallLine {
  callId: string;
  name: string;
  state: CallState;
  startedMs: number | null;
  durationMs: number | null;
}

export interface TurnLine extends TurnFacts {
  /** Of its session. */
  title: string;
  model: string;
  error: string | null;
  doing: string;
  calls: CallLine[];
}

export interface TracedCall extends CallLine {
  /** Null where the model's words could not be read as any. */
  arguments: Record<string, unknown> | null;
  result: string;
  permission: string;
  reused: boolean;
}

export interface Trace extends TurnFacts {
  text: string;
  reasoning: string;
  error: string | null;
  notices: string[];
  doing: string;
  rounds: Round[];
  calls: TracedCall[];
  /** By name, with the tokens of each definition. */
  shownTools: Record<string, number>;
  citations: Answer["citations"];
  model: string;
  tokensIn: number | null;
  tokensOut: number | null;
  contextMax: number | null;
  durationMs: number | null;
}

/** An ask between two nodes, from the record of asks. */
export interface AskRow {
  n: number;
  id: string;
  direction: "in" | "out";
  nodeId: string;
  name: string;
  /** Null: under way. */
  outcome: string | null;
  times: number;
  startedAt: number;
  durationMs: number | null;
  prompt: string | null;
}
