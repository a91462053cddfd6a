// Markdown text as blocks, of which all but the last ones stay as they are while text is still added.

import { type Token, Lexer } from "marked";

/** More of one message is shown as plain text: the lexer takes time that grows with nesting. */
export const MARKDOWN_MAX_CHARS = 200_000;
/** Deeper quotes and lists are shown flat, so that a stranger cannot exhaust the stack. */
export const DEPTH_MAX = 24;

/** Return the top-level tokens of a text; text that is too long or too deep comes back as one paragraph. */
export function blocksOf(text: string): readonly Token[] {
  if (text.length > MARKDOWN_MAX_CHARS || isTooDeep(text)) return [plain(text)];
  try {
    return new Lexer({ gfm: true, breaks: false }).lex(text);
  } catch {
    return [plain(text)]; // the lexer gives up on what would loop
  }
}

/** Tell whether a fenced block has its closing line yet; before that, it is not worth highlighting. */
export function isClosed(raw: string): boolean {
  const [fence] = /^ {0,3}(`{3,}|~{3,})/.exec(raw)?.slice(1) ?? [];
  if (fence === undefined) return true;
  const last = raw.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return raw.includes("\n") && last.length >= fence.length && [...last].every((sign) => sign === fence[0]);
}

function plain(text: string): Token {
  return { type: "text", raw: text, text };
}

function isTooDeep(text: string): boolean {
  return new RegExp(`^[ \\t]*(?:(?:>|[-*+]|\\d{1,9}[.)])[ \\t]*){${DEPTH_MAX + 1},}`, "m").test(text) || hasLongRun(text);
}

/** Brackets and stars by the thousand make the inline lexer slow, and mean nothing. */
function hasLongRun(text: string): boolean {
  return /[[\]*_~!(]{400,}/.test(text) || /(?:\[|!\[|\*a ){400,}/.test(text);
}
