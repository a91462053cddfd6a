import { expect, test } from "vitest";

import { type Part, type Turn, newTurn } from "./model";
import { moodOf } from "./mood";

const call = (state: "running" | "ok"): Part => ({ kind: "call", callId: "c", name: "clock.now", args: {}, state, result: "", ms: null, isReused: false });
const question = (decision: "deny" | null) => ({ kind: "approval", request: {}, decision, isEdited: false }) as unknown as Part;
const said: Part = { kind: "text", text: "Noon." };
const turn = (state: Turn["state"], ...parts: Part[]): Turn => ({ ...newTurn("t", "what time is it", state), parts });

test("the mood is that of what goes on just now", () => {
  expect(moodOf(turn("sending"))).toBe("idle");
  expect(moodOf(turn("running"))).toBe("thinking");
  expect(moodOf(turn("running", call("running")))).toBe("working");
  expect(moodOf(turn("running", call("ok")))).toBe("thinking");
  expect(moodOf(turn("running", call("ok"), said))).toBe("working");
});

test("a question counts for more than what goes on beside it, until it is answered", () => {
  expect(moodOf(turn("running", question(null), call("running")))).toBe("asking");
  expect(moodOf(turn("running", question("deny")))).toBe("thinking");
});

test("after the end the agent rests, unless it failed", () => {
  expect(moodOf(turn("done", said))).toBe("idle");
  expect(moodOf(turn("cancelled", question(null)))).toBe("idle");
  expect(moodOf(turn("failed", said))).toBe("failed");
  expect(moodOf(turn("refused"))).toBe("failed");
});
