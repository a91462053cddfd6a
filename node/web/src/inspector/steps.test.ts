import { describe, expect, it } from "vitest";

import type { TracedCall } from "../traces/wire";
import type { Round } from "../wire.gen";
import { pretty } from "./call";
import { spanOf, stepsOf } from "./steps";
import { oneLine } from "./words";

const call = (callId: string, startedMs: number | null = 0, durationMs: number | null = 1): TracedCall => ({
  callId, name: callId, state: "ok", startedMs, durationMs, arguments: {}, result: "", permission: "", reused: false,
}); // prettier-ignore
const round = (startedMs: number, ...calls: string[]): Round => {
  return { startedMs, durationMs: 10, promptTokens: null, completionTokens: null, calls, failed: false };
};

describe("the trace of a turn", () => {
  it("puts every call under the round that asked for it", () => {
    const steps = stepsOf([round(0, "b", "a"), round(20)], [call("a"), call("b")]);
    expect(steps.map(({ calls }) => calls.map(({ callId }) => callId))).toEqual([["b", "a"], []]);
  });

  it("keeps calls of older conversations, whose rounds nobody kept", () => {
    const [step, ...more] = stepsOf([], [call("a")]);
    expect([step?.round, step?.calls.length, more.length]).toEqual([null, 1, 0]);
  });

  it("spans from its beginning to the last end that is known", () => {
    expect(spanOf([round(0), round(20)], [call("a", 50, 5), call("b", 90, null)])).toBe(90);
    expect(spanOf([], [])).toBe(0);
  });

  it("shows the structure of JSON, and any other text as it is", () => {
    expect(pretty('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(pretty("42")).toBe("42");
    expect(pretty("{broken")).toBe("{broken");
  });

  it("cuts a long question to a line", () => {
    expect(oneLine(" a\n b ", 10)).toBe("a b");
    expect(oneLine("x".repeat(1_000_000), 10)).toBe(`${"x".repeat(9)}…`);
  });
});
