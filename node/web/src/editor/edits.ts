// What the agent wants changed, as a whole text: edits by the text that they replace. Pure.

import { ToolFailure } from "../layout/tools";

export interface Edit {
  readonly oldText: string;
  readonly newText: string;
}

/** The node shows the agent no more of a buffer than this; who has seen a part only may not replace the whole. */
export const SEEN_MAX_CHARS = 24_000;
const EDITS_MAX = 100;
const SHOWN_MAX_CHARS = 120;

/** Read the arguments of a proposal and return the new text; raises `ToolFailure` with what to correct. */
export function proposed(text: string, args: Readonly<Record<string, unknown>>): string {
  const { edits, newContent } = args;
  if (edits !== undefined && newContent !== undefined) throw new ToolFailure("give edits or newContent, not both");
  if (typeof newContent === "string") return whole(text, newContent);
  if (!Array.isArray(edits) || edits.length === 0 || edits.length > EDITS_MAX) {
    throw new ToolFailure(`give edits, a list of 1 to ${EDITS_MAX} {oldText, newText}, or newContent`);
  }
  return edits.reduce<string>((now, one: unknown) => edited(now, editOf(one)), text);
}

function whole(text: string, newContent: string): string {
  if (text.length > SEEN_MAX_CHARS) {
    throw new ToolFailure(
      `the buffer has ${text.length} characters and you may have seen a part only: change it with edits, not newContent`,
    );
  }
  return withLineEnds(newContent);
}

function editOf(one: unknown): Edit {
  const { oldText, newText } = (one ?? {}) as Partial<Edit>;
  if (typeof oldText !== "string" || typeof newText !== "string" || oldText === "") {
    throw new ToolFailure("every edit has an oldText, which is not empty, and a newText");
  }
  return { oldText: withLineEnds(oldText), newText: withLineEnds(newText) };
}

function edited(text: string, { oldText, newText }: Edit): string {
  const at = text.indexOf(oldText);
  const shown = JSON.stringify(oldText.slice(0, SHOWN_MAX_CHARS));
  if (at < 0) throw new ToolFailure(`the oldText ${shown} is not in the buffer; read it again with editor.read`);
  if (text.indexOf(oldText, at + 1) >= 0) {
    throw new ToolFailure(`the oldText ${shown} is there more than once; take more of the lines around it`);
  }
  return text.slice(0, at) + newText + text.slice(at + oldText.length);
}

/** Buffers hold one kind of line end, whatever the file has. */
function withLineEnds(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
