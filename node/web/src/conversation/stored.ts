// The stored transcript, as `/api/chat/sessions/{id}` has it, and how it joins what this page has seen happen.

import type { Answer } from "../wire.gen";
import { type Conversation, type Item, type Part, type Turn, newTurn } from "./model";
import { endedAs } from "./parts";

export interface StoredCall {
  callId: string;
  name: string;
  arguments: Record<string, unknown>;
  ok: boolean;
  /** Left out by older nodes. */
  denied?: boolean;
  result: string;
  durationMs: number;
}

export interface StoredMessage {
  id: number;
  position: number;
  role: "user" | "agent" | "system" | "tool";
  content: string;
  turnId: string | null;
  reasoning: string;
  state: string;
  error: string | null;
  toolCalls: StoredCall[];
  tokensIn: number | null;
  tokensOut: number | null;
  contextMax: number | null;
  executionTimeMs: number | null;
  model: string;
  notices: string[];
  citations: Answer["citations"];
  seamAt: number | null;
}

export interface StoredSession {
  id: string;
  title: string;
  lastSeq: number;
  hasEarlier: boolean;
  messages: StoredMessage[];
}

/** Return the conversation with the newest stored messages in it; what still runs stays as it is. */
export function withStored(before: Conversation, session: StoredSession): Conversation {
  const page = itemsOf(session.messages, session.lastSeq).map((item) => joined(item, before));
  const first = page[0]?.position ?? 0;
  const ids = new Set(page.map((item) => item.id));
  const earlier = before.items.filter((item) => item.position !== null && item.position < first);
  const later = before.items.filter((item) => !ids.has(item.id) && isNewer(item, session.lastSeq));
  const usage = page.findLast((item): item is Turn => item.kind === "turn" && item.state === "done")?.usage;
  return {
    ...before,
    items: [...earlier, ...page, ...later],
    storedSeq: session.lastSeq,
    hasEarlier: earlier.length > 0 ? before.hasEarlier : session.hasEarlier,
    usage: before.usage ?? usage ?? null,
  };
}

/** Return the conversation with an earlier page put before it. */
export function withEarlier(before: Conversation, session: StoredSession): Conversation {
  const ids = new Set(before.items.map((item) => item.id));
  const page = itemsOf(session.messages, session.lastSeq).filter((item) => !ids.has(item.id));
  return { ...before, items: [...page, ...before.items], hasEarlier: session.hasEarlier };
}

/** Return the position of the oldest stored message that is shown. */
export function firstPosition(conversation: Conversation): number | null {
  return conversation.items.find((item) => item.position !== null)?.position ?? null;
}

function itemsOf(messages: readonly StoredMessage[], seq: number): Item[] {
  const items: Item[] = [];
  for (const message of messages) {
    if (message.turnId === null || (message.role !== "user" && message.role !== "agent")) items.push(note(message));
    else if (message.role === "user") items.push(question(message, message.turnId));
    else answer(items, message, seq);
  }
  return items;
}

/** Return a turn of which nothing but its question is known: it waits or runs, or was taken back. */
function question({ content, state, position }: StoredMessage, turnId: string): Turn {
  const isTakenBack = state === "cancelled";
  return { ...newTurn(turnId, content, isTakenBack ? "cancelled" : "waiting"), settledAt: isTakenBack ? 0 : null, position };
}

/** An answer belongs to its question, which may lie on an earlier page. */
function answer(items: Item[], message: StoredMessage, seq: number): void {
  const at = items.findIndex((item) => item.id === message.turnId);
  const asked = items[at];
  if (asked?.kind === "turn") items[at] = settled(asked, message, seq);
  else items.push(note(message));
}

function settled(turn: Turn, message: StoredMessage, seq: number): Turn {
  return {
    ...turn,
    state: message.state === "failed" || message.state === "cancelled" ? message.state : "done",
    parts: [...partsOf(message)],
    citations: message.citations,
    settledAt: seq,
    ms: message.executionTimeMs,
    usage: {
      promptTokens: message.tokensIn,
      completionTokens: message.tokensOut,
      contextWindow: message.contextMax,
      model: message.model,
    },
  };
}

function* partsOf(message: StoredMessage): Iterable<Part> {
  if (message.reasoning) yield { kind: "reasoning", text: message.reasoning, startedAt: null, ms: 0 };
  for (const call of message.toolCalls) {
    yield {
      kind: "call", callId: call.callId, name: call.name, args: call.arguments, state: endedAs(call),
      result: call.result, ms: call.durationMs, isReused: false,
    }; // prettier-ignore
  }
  for (const text of message.notices) yield { kind: "notice", text };
  if (message.content) yield { kind: "text", text: message.content };
  if (message.error) yield { kind: "error", message: message.error, code: "" };
}

function note({ id, role, content, seamAt, position }: StoredMessage): Item {
  const text = seamAt === null ? content : `Earlier turns are read as this summary from here on:\n\n${content}`;
  return { kind: "note", id: `message ${id}`, role, text, position };
}

/** What this page saw itself says more than the store: the order of its parts, and who decided what. */
function joined(item: Item, before: Conversation): Item {
  if (item.kind !== "turn") return item;
  const seen = before.items.find((one): one is Turn => one.kind === "turn" && one.id === item.id);
  if (!seen) return item;
  const isWhole = seen.settledAt !== null && seen.settledAt > 0;
  const goesOn = seen.settledAt === null && item.settledAt === null;
  // What was replayed took no time here; the store knows how long it was.
  return isWhole || goesOn ? { ...seen, position: item.position, ms: item.ms ?? seen.ms } : item;
}

function isNewer(item: Item, seq: number): boolean {
  if (item.kind === "note") return item.position === null;
  return item.settledAt === null || item.settledAt > seq;
}
