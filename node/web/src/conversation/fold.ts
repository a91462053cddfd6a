// One conversation, event by event: a pure function, which events that come twice or out of the past leave as it was.

import type { FrameError, NodeFrame, Snapshot } from "../wire.gen";
import { type Conversation, type Item, type Turn, newTurn } from "./model";
import * as parts from "./parts";

export type AgentFrame = Extract<NodeFrame, { channel: "agent" }>;

/** Return the conversation after an event; `now` is in milliseconds since 1970. */
export function fold(before: Conversation, frame: AgentFrame, now: number): Conversation {
  if (frame.event === "tools") return before;
  if (frame.event === "error" && "about" in frame.data) return refused(before, frame.data);
  const seq = "seq" in frame ? (frame.seq ?? 0) : 0;
  if (frame.event === "snapshot") return { ...fromSnapshot(before, frame.data), lastSeq: seq };
  if (seq <= before.lastSeq) return before; // it came twice
  const after = { ...before, lastSeq: seq };
  switch (frame.event) {
    case "emptied":
      return { ...after, items: [], hasEarlier: false, usage: null };
    case "compacted":
      return { ...after, items: [...after.items, mark(frame.data.turnId, frame.data.turns)] };
    case "queued":
      return queued(after, frame.data, seq);
    default:
      return folded(after, frame, seq, now);
  }
}

/** Show a message at once, before the node has it. */
export function sent(before: Conversation, turnId: string, prompt: string): Conversation {
  return { ...before, items: [...before.items, newTurn(turnId, prompt, "sending")] };
}

/** A refused ask is shown at its message, and a new conversation is followed before its session is stored. */
export function isProblem({ about, code }: FrameError): boolean {
  return about !== "ask" && !(about === "resume" && code === "no_such_session");
}

function queued(state: Conversation, told: { turnId: string; prompt: string }, seq: number): Conversation {
  const known = turnIn(state, told.turnId);
  if (!known) return { ...state, items: [...state.items, newTurn(told.turnId, told.prompt, "waiting")] };
  if (known.settledAt === null) {
    const isRunning = known.state === "running";
    return put(state, { ...known, prompt: told.prompt || known.prompt, state: isRunning ? "running" : "waiting" });
  }
  if (seq <= known.settledAt) return state;
  // It is said again, at the end of the session.
  const others = state.items.filter((item) => item !== known);
  return { ...state, items: [...others, newTurn(known.id, told.prompt || known.prompt, "waiting")] };
}

type RunFrame = Exclude<AgentFrame, { event: "tools" | "snapshot" | "emptied" | "compacted" | "queued" }>;

function folded(state: Conversation, frame: RunFrame, seq: number, now: number): Conversation {
  const turnId = frame.data.turnId;
  if (turnId === null || turnId === undefined) return state;
  const known = turnIn(state, turnId) ?? newTurn(turnId, "", "waiting");
  if (known.settledAt !== null) return state; // the store told how it ended
  const next = step({ ...known, state: "running", startedAt: known.startedAt ?? now }, frame, seq, now);
  const usage = frame.event === "usage" ? next.usage : state.usage;
  return { ...put(state, next), usage };
}

function step(turn: Turn, frame: RunFrame, seq: number, now: number): Turn {
  switch (frame.event) {
    case "status":
      return { ...turn, status: frame.data.text, parts: frame.data.startsOver ? [] : turn.parts };
    case "reasoning":
      return { ...turn, status: "", parts: parts.withReasoning(turn.parts, frame.data.delta, now) };
    case "token":
      return { ...turn, status: "", parts: parts.withText(turn.parts, frame.data.delta, now) };
    case "tool_call":
      return { ...turn, status: "", parts: parts.withCall(turn.parts, frame.data, now) };
    case "tool_done":
      return { ...turn, status: "", parts: parts.withResult(turn.parts, frame.data, now) };
    case "approval_request":
      return { ...turn, status: "", parts: parts.withApproval(turn.parts, frame.data, now) };
    case "approval_resolved":
      return { ...turn, parts: parts.withDecision(turn.parts, frame.data) };
    case "usage":
      return { ...turn, usage: frame.data };
    case "answer":
      return { ...turn, citations: frame.data.citations ?? [], parts: parts.withAnswer(turn.parts, frame.data.text, now) };
    case "error":
      return failed(turn, frame.data.message, "code" in frame.data ? frame.data.code : "");
    case "done":
      return finished(turn, frame.data.reason, seq, now);
    default:
      return turn; // a newer node's event
  }
}

function failed(turn: Turn, message: string, code: string): Turn {
  return { ...turn, status: "", parts: [...turn.parts, { kind: "error", message, code }] };
}

function finished(turn: Turn, reason: "answered" | "failed" | "cancelled" | "interrupted", seq: number, now: number): Turn {
  if (reason === "interrupted") return { ...turn, state: "waiting", status: "the node stopped; it goes on when it is back" };
  const state = reason === "answered" ? "done" : reason;
  const ms = turn.startedAt ? now - turn.startedAt : null;
  return { ...turn, state, status: "", ms, settledAt: seq, parts: parts.ended(turn.parts, now) };
}

/** The node did not take a message: it stays where it was written, with the reason. */
function refused(state: Conversation, error: FrameError): Conversation {
  const turn = error.turnId === null ? undefined : turnIn(state, error.turnId);
  if (turn?.state !== "sending") return state;
  return put(state, { ...failed(turn, error.message, error.code), state: "refused" });
}

function fromSnapshot(state: Conversation, { messages, turns }: Snapshot): Conversation {
  let next = state;
  for (const { role, content, turnId, state: how, citations } of messages) {
    if (turnId === null || turnIn(state, turnId)?.settledAt) continue;
    const turn = turnIn(next, turnId) ?? newTurn(turnId, role === "user" ? content : "", "waiting");
    next = put(next, role === "user" ? turn : { ...ended(turn, content, how), citations });
  }
  for (const open of turns) {
    const turn = turnIn(next, open.turnId) ?? newTurn(open.turnId, open.prompt, "waiting");
    const isRunning = open.running;
    next = put(next, { ...turn, settledAt: null, state: isRunning ? "running" : "waiting", startedAt: turn.startedAt ?? (isRunning ? 0 : null), parts: parts.partsOf(open) });
  }
  return next;
}

function ended(turn: Turn, content: string, how: string): Turn {
  const state = how === "failed" || how === "cancelled" ? how : "done";
  return { ...turn, state, status: "", settledAt: 0, parts: content ? [{ kind: "text", text: content }] : [] };
}

function mark(turnId: string, turns: number): Item {
  const text = `${turns} earlier turns are read as a summary from here on`;
  return { kind: "note", id: `compacted ${turnId}`, role: "system", text, position: null };
}

export function turnIn(state: Conversation, turnId: string): Turn | undefined {
  return state.items.findLast((item): item is Turn => item.kind === "turn" && item.id === turnId);
}

function put(state: Conversation, turn: Turn): Conversation {
  const at = state.items.findLastIndex((item) => item.kind === "turn" && item.id === turn.id);
  return { ...state, items: at < 0 ? [...state.items, turn] : state.items.with(at, turn) };
}
