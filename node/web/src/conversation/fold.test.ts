import { expect, test } from "vitest";

import { type AgentFrame, fold, isProblem, sent, turnIn } from "./fold";
import { type Conversation, EMPTY, type Part, answerOf, openApprovals, queuedTurns, turnsOf } from "./model";
import { type StoredMessage, withStored } from "./stored";

/** What the node sends: events of session `s`, numbered from `first` on. */
function stream(first: number, ...told: [AgentFrame["event"], object][]): AgentFrame[] {
  return told.map(([event, data], index) => frame(first + index, event, data));
}

function frame(seq: number, event: string, data: object): AgentFrame {
  return { channel: "agent", event, data: { turnId: "t", sessionId: "s", ...data }, seq } as unknown as AgentFrame;
}

function play(frames: readonly AgentFrame[], from: Conversation = EMPTY): Conversation {
  return frames.reduce((state, one, index) => fold(state, one, 1_000 * (index + 1)), from);
}

function kinds(parts: readonly Part[]): string[] {
  return parts.map((part) => part.kind);
}

const CALL = { callId: "c", name: "notes.write", args: { name: "bread" }, relay: false };
const QUESTION = {
  approvalId: "a", callId: "c", tool: "notes.write", args: { name: "bread" }, specifier: "bread", mode: "default",
  reason: "it acts", decisions: ["allow_once", "deny"], editable: true,
}; // prettier-ignore
const WHOLE = stream(
  1,
  ["queued", { position: 0, prompt: "note it" }],
  ["reasoning", { delta: "I " }],
  ["reasoning", { delta: "think" }],
  ["token", { delta: "Let me " }],
  ["token", { delta: "see." }],
  ["approval_request", QUESTION],
  ["approval_resolved", { approvalId: "a", decision: "allow_once", edited: false }],
  ["tool_call", CALL],
  ["tool_done", { callId: "c", name: "notes.write", ok: true, result: "{}", durationMs: 7, reused: false }],
  ["token", { delta: "Don" }],
  ["usage", { promptTokens: 20, completionTokens: 3, contextWindow: 4096, model: "tiny" }],
  ["answer", { text: "Done.", citations: [] }],
  ["done", { reason: "answered" }],
);

test("a turn is an ordered list of parts: text before a question stays before it", () => {
  const turn = turnIn(play(WHOLE), "t");
  expect(kinds(turn?.parts ?? [])).toEqual(["reasoning", "text", "approval", "call", "text"]);
  expect(turn?.parts[0]).toMatchObject({ text: "I think", ms: 2_000 });
  expect(turn?.parts[1]).toMatchObject({ text: "Let me see." });
  expect(turn).toMatchObject({ state: "done", prompt: "note it", ms: 11_000 });
});

test("the answer takes the place of what streamed behind the last call, and of nothing else", () => {
  const turn = turnIn(play(WHOLE), "t");
  expect(turn && answerOf(turn)).toBe("Done.");
});

test("a stream that is cut anywhere and taken up again from the last number shows the same", () => {
  const whole = play(WHOLE);
  for (let cut = 1; cut < WHOLE.length; cut++) {
    const before = play(WHOLE.slice(0, cut));
    const resumed = WHOLE.filter((one) => "seq" in one && (one.seq ?? 0) > before.lastSeq);
    const again = resumed.reduce((state, one, index) => fold(state, one, 1_000 * (cut + index + 1)), before);
    expect(again).toEqual(whole);
  }
});

test("events that come twice change nothing", () => {
  const whole = play(WHOLE);
  expect(play(WHOLE, whole)).toEqual(whole);
});

test("a message shows at once as sending, and the node's word for it does not show it twice", () => {
  const asked = sent(EMPTY, "t", "note it");
  expect(turnsOf(asked)[0]).toMatchObject({ state: "sending", prompt: "note it" });
  const after = play(WHOLE.slice(0, 1), asked);
  expect(turnsOf(after)).toHaveLength(1);
  expect(turnsOf(after)[0]?.state).toBe("waiting");
});

test("a turn that starts over forgets what it streamed before", () => {
  const frames = stream(1, ["queued", { prompt: "x", position: 0 }], ["token", { delta: "half" }], ["status", { text: "again", startsOver: true }], ["token", { delta: "whole" }]);
  expect(turnIn(play(frames), "t")?.parts).toEqual([{ kind: "text", text: "whole" }]);
});

test("a message that the node refuses stays, with the reason and nothing lost", () => {
  const error = { channel: "agent", event: "error", data: { message: "the queue is full", code: "queue_full", about: "ask", turnId: "t", queueLength: 32, retryAfter: 5 } };
  const turn = turnIn(fold(sent(EMPTY, "t", "hi"), error as AgentFrame, 0), "t");
  expect(turn).toMatchObject({ state: "refused", prompt: "hi", parts: [{ kind: "error", message: "the queue is full" }] });
});

test("a question that another page answered closes, and one whose turn ends closes, too", () => {
  const asked = play(WHOLE.slice(0, 6));
  expect(openApprovals(asked)).toHaveLength(1);
  expect(openApprovals(play(WHOLE.slice(6, 7), asked))).toEqual([]);
  const stopped = fold(asked, frame(7, "done", { reason: "cancelled" }), 0);
  expect(openApprovals(stopped)).toEqual([]);
  expect(turnIn(stopped, "t")?.state).toBe("cancelled");
});

test("a snapshot takes the place of a running turn's parts, and the stream goes on behind it", () => {
  const shot = {
    channel: "agent", event: "snapshot", seq: 40,
    data: {
      sessionId: "s", messageCount: 3,
      messages: [{ role: "user", content: "old", turnId: "o", state: "complete" }, { role: "agent", content: "was", turnId: "o", state: "complete" }],
      turns: [{ turnId: "t", prompt: "note it", running: true, text: "so far", reasoning: "", calls: [], approvals: [QUESTION] }],
    },
  } as unknown as AgentFrame; // prettier-ignore
  const state = play([shot, frame(41, "approval_resolved", { approvalId: "a", decision: "deny", edited: false }), frame(42, "token", { delta: "!" })], play(WHOLE.slice(0, 4)));
  expect(turnsOf(state).map(({ id, state: how }) => [id, how])).toEqual([["t", "running"], ["o", "done"]]);
  expect(kinds(turnIn(state, "t")?.parts ?? [])).toEqual(["text", "approval", "text"]);
  expect(state.lastSeq).toBe(42);
});

test("the store tells how a turn ended, and events out of its past open it no more", () => {
  const stored = withStored(EMPTY, { id: "s", title: "Bread", lastSeq: 13, hasEarlier: false, messages: [message(1, "user", "note it"), message(2, "agent", "Done.")] });
  const replayed = play(WHOLE, stored);
  expect(turnsOf(replayed)).toHaveLength(1);
  expect(turnIn(replayed, "t")).toMatchObject({ state: "done", parts: [{ kind: "text", text: "Done." }] });
});

test("a failed message that is said again moves to the end and begins anew", () => {
  const failed = [message(1, "user", "note it"), { ...message(2, "agent", ""), state: "failed", error: "no model" }];
  const other = [{ ...message(3, "user", "next"), turnId: "u" }, { ...message(4, "agent", "ok"), turnId: "u" }];
  const stored = withStored(EMPTY, { id: "s", title: "", lastSeq: 13, hasEarlier: false, messages: [...failed, ...other] });
  const again = fold(stored, frame(14, "queued", { position: 0, prompt: "note it" }), 0);
  expect(turnsOf(again).map(({ id, state }) => [id, state])).toEqual([["u", "done"], ["t", "waiting"]]);
});

test("messages behind the one that runs stand in line; the first waits in the transcript", () => {
  const more = [frame(3, "queued", { turnId: "u", prompt: "two", position: 1 }), frame(4, "queued", { turnId: "v", prompt: "three", position: 2 })];
  expect(queuedTurns(play([...WHOLE.slice(0, 2), ...more])).map(({ id }) => id)).toEqual(["u", "v"]);
  expect(queuedTurns(play([frame(1, "queued", { prompt: "one", position: 0 })]))).toEqual([]);
});

test("events of a newer node are let pass", () => {
  const before = play(WHOLE.slice(0, 4));
  const after = fold(before, frame(5, "hologram", {}), 0);
  expect(turnIn(after, "t")?.parts).toEqual(turnIn(before, "t")?.parts);
});

test("a new conversation is no problem because nothing of it is stored yet", () => {
  const told = { message: "", turnId: null, queueLength: null, retryAfter: null };
  expect(isProblem({ ...told, about: "resume", code: "no_such_session" })).toBe(false);
  expect(isProblem({ ...told, about: "resume", code: "session_unreadable" })).toBe(true);
});

test("a stored message that was taken back does not wait", () => {
  const stored = { ...message(1, "user", "one"), state: "cancelled" };
  expect(turnIn(withStored(EMPTY, { id: "s", title: "", lastSeq: 2, hasEarlier: false, messages: [stored] }), "t")?.state).toBe("cancelled");
});

function message(position: number, role: "user" | "agent", content: string): StoredMessage {
  return {
    id: position, position, role, content, turnId: "t", reasoning: "", state: "complete", error: null, toolCalls: [],
    tokensIn: null, tokensOut: null, contextMax: null, executionTimeMs: null, model: "", notices: [], citations: [], seamAt: null,
  }; // prettier-ignore
}
