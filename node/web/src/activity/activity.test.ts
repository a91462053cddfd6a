import { describe, expect, it } from "vitest";

import type { AskRow, CallLine, TurnLine } from "../traces/wire";
import { doingOf, filtered, runsOf, timeline } from "./timeline";

const call = (name: string, state: CallLine["state"] = "ok", startedMs: number | null = 0): CallLine => {
  return { callId: name, name, state, startedMs, durationMs: 1 };
};
const turn = (turnId: string, createdAt: number, calls: CallLine[] = []): TurnLine => ({
  turnId, sessionId: `session of ${turnId}`, state: "dispatching", source: "user", mode: null, attempts: 1, lastError: null,
  createdAt, startedAt: 10, endedAt: null, prompt: turnId, title: turnId, model: "tiny", error: null, doing: "", calls,
}); // prettier-ignore
const ask: AskRow = {
  n: 1, id: "ask", direction: "in", nodeId: "n", name: "bob", outcome: null, times: 1, startedAt: 2, durationMs: null, prompt: null,
}; // prettier-ignore

describe("activity", () => {
  it("folds calls of one tool that follow each other", () => {
    const runs = runsOf([call("read"), call("read", "failed"), call("write", "denied"), call("read")]);
    expect(runs).toEqual([
      { name: "read", count: 2, failed: 1, denied: 0 },
      { name: "write", count: 1, failed: 0, denied: 1 },
      { name: "read", count: 1, failed: 0, denied: 0 },
    ]);
  });

  it("puts turns and asks in one order, the latest first", () => {
    expect(timeline([turn("a", 1), turn("b", 3)], [ask]).map(({ at }) => at)).toEqual([3, 2, 1]);
  });

  it("is never longer than a hundred lines", () => {
    expect(timeline(Array.from({ length: 300 }, (_, at) => turn(`t${at}`, at)), [])).toHaveLength(100);
  });

  it("names the tool that runs, and since when", () => {
    expect(doingOf(turn("a", 1, [call("read"), call("write", "running", 2_000)]))).toEqual({ text: "write", since: 12 });
    expect(doingOf(turn("a", 1, [call("write", "asking", null)])).text).toBe("write waits for your answer");
  });

  it("is filtered by kind and by session", () => {
    const all = timeline([turn("a", 1), turn("b", 3)], [ask]);
    expect(filtered(all, { who: "asks", session: "" })).toHaveLength(1);
    expect(filtered(all, { who: "turns", session: "" })).toHaveLength(2);
    expect(filtered(all, { who: "all", session: "session of a" })).toHaveLength(1);
  });
});
