// What the owner writes while a proposal is open: it goes into the original, too, so that deciding about the
// agent's hunks neither takes it away nor tells it as theirs. What is written within a hunk belongs to the hunk.

import { type Chunk, getChunks, getOriginalDoc, originalDocChangeEffect } from "@codemirror/merge";
import { type ChangeSpec, ChangeSet, EditorState, type Text } from "@codemirror/state";

export const ownEdits = EditorState.transactionExtender.of((edit) => {
  const chunks = getChunks(edit.startState)?.chunks ?? [];
  // A rejected hunk is put back to what the original has already.
  if (!edit.docChanged || edit.isUserEvent("revert")) return null;
  const own = outside(edit.changes, chunks, getOriginalDoc(edit.startState));
  return own.empty ? null : { effects: originalDocChangeEffect(edit.startState, own) };
});

/** Return what of a change lies outside every hunk, as a change of the original document. */
export function outside(changes: ChangeSet, chunks: readonly Chunk[], original: Text): ChangeSet {
  const own: ChangeSpec[] = [];
  changes.iterChanges((from, to, _fromB, _toB, insert) => {
    const hunk = chunks.find((one) => from < one.toB && (to > one.fromB || (from === to && from >= one.fromB)));
    const at = hunk ? belowIt(hunk, from, to, insert) : from + offsetAt(chunks, from);
    if (at !== null) own.push({ from: at, to: at + to - from, insert });
  });
  return ChangeSet.of(own, original.length);
}

/** A line that is begun at the end of a hunk is the first one below it. */
function belowIt(hunk: Chunk, from: number, to: number, insert: Text): number | null {
  const beginsLine = insert.lines > 1 && insert.line(1).length === 0;
  return beginsLine && from === to && from === hunk.endB && hunk.toA > 0 ? hunk.toA - 1 : null;
}

function offsetAt(chunks: readonly Chunk[], at: number): number {
  const before = chunks.findLast((one) => one.toB <= at);
  return before ? before.toA - before.toB : 0;
}
