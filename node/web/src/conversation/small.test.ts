import { expect, test } from "vitest";

import { fieldsOf, readFields, shortArguments } from "./arguments";
import { changeIn, difference } from "./changes";
import { draftOf, keepDraft } from "./drafts";
import { duration, short } from "./numbers";

test("numbers are short", () => {
  expect([999, 2_500, 4_096, 32_768, 128_000, 1_048_576].map(short)).toEqual(["999", "2.5K", "4K", "32K", "128K", "1M"]);
  expect([340, 2_400, 65_000].map(duration)).toEqual(["340 ms", "2.4 s", "1 min 5 s"]);
});

test("a difference keeps what stayed, in order", () => {
  expect(difference("a\nb\nc", "a\nx\nc").map(({ sign, text }) => sign + text)).toEqual([" a", "-b", "+x", " c"]);
  expect(changeIn({ path: "p", diff: "@@ -1 +1 @@\n-a\n+b" })?.lines.map(({ sign }) => sign)).toEqual(["@", "-", "+"]);
  const named = "--- a\n+++ b\n@@ -1 +1 @@\n--- a rule\n+++ a sum";
  expect(changeIn({ diff: named })?.lines.map(({ sign }) => sign)).toEqual(["@", "@", "@", "-", "+"]);
  expect(changeIn({ path: "p", text: "t" })).toBeNull();
});

test("edited arguments keep their kinds, or the owner is told what is wrong", () => {
  const args = { text: "a\nb", limit: 5, tags: ["x"] };
  const fields = fieldsOf(args);
  expect(fields["text"]).toBe("a\nb");
  expect(readFields(fields, args)).toEqual(args);
  expect(readFields({ ...fields, text: "{", limit: "6" }, args)).toEqual({ ...args, text: "{", limit: 6 });
  expect(readFields({ ...fields, limit: "six" }, args)).toMatch(/limit is not JSON/);
  expect(shortArguments({ text: "x".repeat(500) }).length).toBeLessThanOrEqual(90);
});

test("drafts are kept per session, and only so many", () => {
  const kept = new Map<string, string>();
  const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text) };
  for (let number = 0; number < 40; number++) keepDraft(`s${number}`, `draft ${number}`, number, store);
  expect(draftOf("s39", store)).toBe("draft 39");
  expect(draftOf("s0", store)).toBe("");
  keepDraft("s39", "", 50, store);
  expect(draftOf("s39", store)).toBe("");
});
