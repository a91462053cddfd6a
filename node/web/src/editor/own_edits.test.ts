import { Chunk } from "@codemirror/merge";
import { ChangeSet, Text } from "@codemirror/state";
import { expect, test } from "vitest";

import { outside } from "./own_edits";

const text = (...lines: string[]) => Text.of(lines);
const ORIGINAL = text("bread", "salt", "water", "yeast");

/** Make a change to what is proposed, and return what the original becomes. */
function after(proposed: Text, change: { from: number; to?: number; insert?: Text }): string {
  const chunks = Chunk.build(ORIGINAL, proposed);
  return outside(ChangeSet.of(change, proposed.length), chunks, ORIGINAL).apply(ORIGINAL).toString();
}

const CHANGED = text("bread", "sea salt", "water", "yeast");
const ADDED = text("bread", "salt", "water", "yeast", "honey");
const DELETED = text("bread", "water", "yeast");

test.each([
  ["before a hunk", CHANGED, { from: 5, insert: text(" rolls") }, "bread rolls\nsalt\nwater\nyeast"],
  ["after a hunk", CHANGED, { from: CHANGED.length, insert: text("!") }, "bread\nsalt\nwater\nyeast!"],
  ["on the line below a hunk", CHANGED, { from: 15, insert: text("warm ") }, "bread\nsalt\nwarm water\nyeast"],
  ["below what is to be deleted", DELETED, { from: 6, insert: text("warm ") }, "bread\nsalt\nwarm water\nyeast"],
  ["on a new line below a hunk", CHANGED, { from: 14, insert: text("", "oil") }, "bread\nsalt\noil\nwater\nyeast"],
  ["on a new line below what is added last", ADDED, { from: ADDED.length, insert: text("", "oil") }, "bread\nsalt\nwater\nyeast\noil"],
  ["nothing, but deletes a line", CHANGED, { from: 15, to: 21 }, "bread\nsalt\nyeast"],
])("what the owner writes %s goes into the original, too", (_where, proposed, change, expected) => {
  expect(after(proposed, change)).toBe(expected);
});

test.each([
  ["within a hunk", CHANGED, { from: 9, insert: text("!") }],
  ["at the end of a hunk's line", CHANGED, { from: 14, insert: text("!") }],
  ["across a hunk", CHANGED, { from: 3, to: 8, insert: text("!") }],
])("what the owner writes %s belongs to the hunk", (_where, proposed, change) => {
  expect(after(proposed, change)).toBe(ORIGINAL.toString());
});
