// What a conversation is, as this page shows it: turns, each an ordered list of parts.

import type { Answer, ApprovalRequest, ApprovalResolved, UsageEvent } from "../wire.gen";

export type Decision = ApprovalResponseDecision;
type ApprovalResponseDecision = ApprovalRequest["decisions"][number];
export type Citation = Answer["citations"][number];
export type Usage = Pick<UsageEvent, "promptTokens" | "completionTokens" | "contextWindow" | "model">;

export interface TextPart {
  readonly kind: "text";
  readonly text: string;
}

export interface ReasoningPart {
  readonly kind: "reasoning";
  readonly text: string;
  /** Milliseconds since 1970; null when it was not seen as it happened. */
  readonly startedAt: number | null;
  /** Null while it goes on, and where nobody measured it. */
  readonly ms: number | null;
}

export interface CallPart {
  readonly kind: "call";
  readonly callId: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly state: "running" | "ok" | "failed" | "denied" | "stopped";
  readonly result: string;
  readonly ms: number | null;
  /** The result is that of an earlier run of the turn. */
  readonly isReused: boolean;
}

export interface ApprovalPart {
  readonly kind: "approval";
  readonly request: ApprovalRequest;
  /** Null while the question is open; `gone` when its turn ended without an answer. */
  readonly decision: ApprovalResolved["decision"] | "gone" | null;
  readonly isEdited: boolean;
}

export interface NoticePart {
  readonly kind: "notice";
  readonly text: string;
}

export interface ErrorPart {
  readonly kind: "error";
  readonly message: string;
  readonly code: string;
}

export type Part = TextPart | ReasoningPart | CallPart | ApprovalPart | NoticePart | ErrorPart;

export type TurnState =
  /** On its way to the node. */
  | "sending"
  | "waiting"
  | "running"
  | "done"
  | "failed"
  | "cancelled"
  /** The node did not take it; it is stored nowhere but here. */
  | "refused";

export interface Turn {
  readonly kind: "turn";
  readonly id: string;
  readonly prompt: string;
  readonly parts: readonly Part[];
  readonly state: TurnState;
  /** What it is doing right now, in a few words. */
  readonly status: string;
  readonly citations: readonly Citation[];
  readonly usage: Usage | null;
  /** Place of its question among the stored messages; null before it was read from the store. */
  readonly position: number | null;
  /** Up to which event its end is known; null while it has none. Later ones may open it again. */
  readonly settledAt: number | null;
  /** When this page first saw it run; null when it did not, 0 when it ran before. */
  readonly startedAt: number | null;
  readonly ms: number | null;
}

/** What stands between turns: an imported message, a summary, a mark. */
export interface Note {
  readonly kind: "note";
  readonly id: string;
  readonly role: "user" | "agent" | "system" | "tool";
  readonly text: string;
  readonly position: number | null;
}

export type Item = Turn | Note;

export interface Conversation {
  readonly items: readonly Item[];
  /** The number of the last event that is folded in. */
  readonly lastSeq: number;
  /** Up to which event the stored messages hold everything. */
  readonly storedSeq: number;
  readonly hasEarlier: boolean;
  /** The latest that was reported. */
  readonly usage: Usage | null;
}

export const EMPTY: Conversation = { items: [], lastSeq: 0, storedSeq: 0, hasEarlier: false, usage: null };

export function newTurn(id: string, prompt: string, state: TurnState): Turn {
  return {
    kind: "turn", id, prompt, state, parts: [], status: "", citations: [], usage: null, position: null,
    settledAt: null, startedAt: null, ms: null,
  }; // prettier-ignore
}

export function turnsOf(conversation: Conversation): readonly Turn[] {
  return conversation.items.filter((item): item is Turn => item.kind === "turn");
}

export function isOpen(turn: Turn): boolean {
  return turn.state === "sending" || turn.state === "waiting" || turn.state === "running";
}

export function runningTurn(conversation: Conversation): Turn | undefined {
  return turnsOf(conversation).find((turn) => turn.state === "running");
}

/** Return the turns that stand in line behind another one. */
export function queuedTurns(conversation: Conversation): readonly Turn[] {
  const open = turnsOf(conversation).filter((turn) => turn.state === "running" || turn.state === "waiting");
  const first = open.find((turn) => turn.state === "running") ?? open[0];
  return open.filter((turn) => turn !== first && turn.state === "waiting");
}

/** Return the questions that nobody has answered yet, oldest first. */
export function openApprovals(conversation: Conversation): readonly ApprovalPart[] {
  return turnsOf(conversation)
    .flatMap((turn) => turn.parts)
    .filter((part): part is ApprovalPart => part.kind === "approval" && part.decision === null);
}

/** Return the answer's text: what stands behind the last call. */
export function answerOf(turn: Turn): string {
  const last = turn.parts.findLast((part) => part.kind === "text");
  return last?.kind === "text" ? last.text : "";
}
