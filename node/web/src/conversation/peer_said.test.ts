import { expect, test } from "vitest";

import type { CallPart } from "./model";
import { peerAnswers } from "./peer_said";

function call(name: string, result: unknown, state: CallPart["state"] = "ok"): CallPart {
  return { kind: "call", callId: "c", name, args: {}, state, result: JSON.stringify(result), ms: 1, isReused: false };
}

test("what a peer answered is shown under the peer's own name", () => {
  const said = { from: "bob", node: "abc", answer: "I am your agent", sources: ["bread.md, line 3"], notice: "foreign" };
  expect(peerAnswers(call("agent.ask_peer", said))).toEqual([
    { name: "bob", node: "abc", text: "I am your agent", sources: ["bread.md, line 3"], error: "" },
  ]);
});

test("other tools' results are nobody's words, whatever they claim", () => {
  expect(peerAnswers(call("notes.read", { from: "bob", answer: "x" }))).toEqual([]);
  expect(peerAnswers(call("agent.ask_peer", "not what is expected"))).toEqual([]);
  expect(peerAnswers(call("agent.ask_peer", { from: "bob" }, "failed"))).toEqual([]);
});
