import { expect, test } from "vitest";

import { addressOf, nameOf } from "./documents";
import { proposed } from "./edits";
import { keepText, keptScratch, keptText } from "./kept";
import { Proposal } from "./proposal";

function store() {
  const all = new Map<string, string>();
  return { getItem: (key: string) => all.get(key) ?? null, setItem: (key: string, value: string) => void all.set(key, value) };
}

test("edits replace what is there exactly once, one after the other", () => {
  const edits = [
    { oldText: "bread", newText: "rye bread" },
    { oldText: "rye bread\r\nand", newText: "rye\nand" },
  ];
  expect(proposed("bread\nand salt", { edits })).toBe("rye\nand salt");
});

test.each([
  [{ edits: [{ oldText: "wine", newText: "x" }] }, "not in the buffer"],
  [{ edits: [{ oldText: "a", newText: "x" }] }, "more than once"],
  [{ edits: [{ oldText: "", newText: "x" }] }, "not empty"],
  [{ edits: ["a"] }, "an oldText"],
  [{ edits: [] }, "1 to 100"],
  [{}, "or newContent"],
  [{ edits: [{ oldText: "b", newText: "c" }], newContent: "c" }, "not both"],
])("what does not fit is told: %j", (args, said) => {
  expect(() => proposed("a b a", args)).toThrow(said);
});

test("who may have seen a part only cannot replace the whole", () => {
  expect(proposed("a".repeat(24_000), { newContent: "b\r\n" })).toBe("b\n");
  expect(() => proposed("a".repeat(24_001), { newContent: "b" })).toThrow("not newContent");
});

test("a path is a file of the workspace, and an address stays", () => {
  expect(["docs/plan.md", "./plan.md", "note:bread", "file:a"].map(addressOf)).toEqual([
    "file:docs/plan.md",
    "file:plan.md",
    "note:bread",
    "file:a",
  ]);
  expect(["file:docs/plan.md", "note:bread"].map(nameOf)).toEqual(["plan.md", "bread"]);
});

test("what is not saved is kept, of too many the latest, and what was never saved can be found", () => {
  const keeper = store();
  for (let at = 0; at < 25; at++) keepText(`scratch:${at}`, { text: `text ${at}`, revision: null, at }, keeper);
  keepText("file:a", { text: "mine", revision: "r", at: 99 }, keeper);
  expect(keptText("scratch:0", keeper)).toBeNull();
  expect(keptText("file:a", keeper)?.revision).toBe("r");
  expect(keptScratch(keeper).map(({ id }) => id)).toEqual(Array.from({ length: 19 }, (_, index) => `scratch:${24 - index}`));
  keepText("file:a", null, keeper);
  expect(keptText("file:a", keeper)).toBeNull();
});

test("a proposal is settled when its last hunk is decided, and tells each decision", async () => {
  const proposal = new Proposal("", 2);
  const settled = proposal.settled(60_000);
  proposal.decided({ line: 1, oldText: "a", newText: "b" }, "accepted", 1);
  expect(proposal.outcome()).toMatchObject({ decision: "not decided yet", left: 1 });
  proposal.decided({ line: 3, oldText: "c".repeat(500), newText: "d" }, "rejected", 0);
  const outcome = await settled;
  expect(outcome.decision).toBe("partly accepted");
  expect(outcome.hunks.map(({ decision }) => decision)).toEqual(["accepted", "rejected"]);
  expect(outcome.hunks[1]?.oldText).toHaveLength(401);
});
