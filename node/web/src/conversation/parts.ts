// How the parts of one turn grow, event by event.

import type { ApprovalRequest, ApprovalResolved, OpenTurn, ToolCallEvent, ToolDone } from "../wire.gen";
import type { CallPart, Part } from "./model";

type Parts = readonly Part[];

export function withReasoning(parts: Parts, delta: string, now: number): Parts {
  const last = parts.at(-1);
  if (last?.kind === "reasoning" && last.ms === null) return replaced(parts, last, { ...last, text: last.text + delta });
  return [...parts, { kind: "reasoning", text: delta, startedAt: now, ms: null }];
}

export function withText(parts: Parts, delta: string, now: number): Parts {
  const last = parts.at(-1);
  if (last?.kind === "text") return replaced(parts, last, { ...last, text: last.text + delta });
  return [...thought(parts, now), { kind: "text", text: delta }];
}

/** The answer counts more than what streamed: it takes the place of the text behind the last call. */
export function withAnswer(parts: Parts, text: string, now: number): Parts {
  const ended = thought(parts, now);
  const at = ended.findLastIndex((part) => part.kind === "text");
  const call = ended.findLastIndex((part) => part.kind === "call" || part.kind === "approval");
  if (at > call) return ended.with(at, { kind: "text", text });
  return [...ended, { kind: "text", text }];
}

export function withCall(parts: Parts, { callId, name, args }: ToolCallEvent, now: number): Parts {
  const known = callIn(parts, callId);
  if (known) return replaced(parts, known, { ...known, name, args });
  return [...thought(parts, now), running(callId, name, args)];
}

export function withResult(parts: Parts, done: ToolDone, now: number): Parts {
  const known = callIn(parts, done.callId);
  const call = known ?? running(done.callId, done.name, argsAskedAbout(parts, done.callId));
  const ended: CallPart = {
    ...call,
    state: endedAs(done),
    result: done.result,
    ms: done.durationMs,
    isReused: done.reused,
  };
  return known ? replaced(parts, known, ended) : [...thought(parts, now), ended];
}

/** What was denied did not fail. */
export function endedAs({ ok, denied }: Pick<ToolDone, "ok"> & Partial<ToolDone>): CallPart["state"] {
  return ok ? "ok" : denied ? "denied" : "failed";
}

export function withApproval(parts: Parts, request: ApprovalRequest, now: number): Parts {
  const isKnown = parts.some((part) => part.kind === "approval" && part.request.approvalId === request.approvalId);
  return isKnown ? parts : [...thought(parts, now), { kind: "approval", request, decision: null, isEdited: false }];
}

export function withDecision(parts: Parts, { approvalId, decision, edited }: ApprovalResolved): Parts {
  return parts.map((part) =>
    part.kind === "approval" && part.request.approvalId === approvalId
      ? { ...part, decision, isEdited: edited }
      : part,
  );
}

/** Nothing goes on any more once the turn has ended. */
export function ended(parts: Parts, now: number): Parts {
  return thought(parts, now).map((part) => {
    if (part.kind === "call" && part.state === "running") return { ...part, state: "stopped" };
    if (part.kind === "approval" && part.decision === null) return { ...part, decision: "gone" };
    return part;
  });
}

/** Return the parts of a turn as a snapshot tells of it; their order is lost there. */
export function partsOf(turn: OpenTurn): Parts {
  const parts: Part[] = [];
  if (turn.reasoning) parts.push({ kind: "reasoning", text: turn.reasoning, startedAt: null, ms: null });
  if (turn.text) parts.push({ kind: "text", text: turn.text });
  parts.push(...turn.calls.map(({ callId, name, args }) => running(callId, name, args)));
  for (const request of turn.approvals) parts.push({ kind: "approval", request, decision: null, isEdited: false });
  return parts;
}

/** Close the reasoning that is last, if it is still open. */
function thought(parts: Parts, now: number): Parts {
  const last = parts.at(-1);
  if (last?.kind !== "reasoning" || last.ms !== null) return parts;
  return replaced(parts, last, { ...last, ms: last.startedAt === null ? 0 : now - last.startedAt });
}

function running(callId: string, name: string, args: Readonly<Record<string, unknown>>): CallPart {
  return { kind: "call", callId, name, args, state: "running", result: "", ms: null, isReused: false };
}

function callIn(parts: Parts, callId: string): CallPart | undefined {
  return parts.find((part): part is CallPart => part.kind === "call" && part.callId === callId);
}

/** A call that was denied never ran, so only the question knows its arguments. */
function argsAskedAbout(parts: Parts, callId: string): Readonly<Record<string, unknown>> {
  const asked = parts.find((part) => part.kind === "approval" && part.request.callId === callId);
  return asked?.kind === "approval" ? asked.request.args : {};
}

function replaced(parts: Parts, old: Part, now: Part): Parts {
  return parts.with(parts.lastIndexOf(old), now);
}
