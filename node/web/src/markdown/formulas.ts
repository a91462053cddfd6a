// Formulas in Markdown, as models write them: `$…$` and `\(…\)` in a line, `$$…$$` and `\[…\]` on their own.

import type { MarkedOptions, Tokens } from "marked";

export interface FormulaToken extends Tokens.Generic {
  type: "formula";
  /** In the language of TeX. */
  text: string;
  isOwnLine: boolean;
}

const BLOCK = /^ {0,3}(?:\$\$([^$]{1,4000}?)\$\$|\\\[([\s\S]{1,4000}?)\\\])[ \t]*(?:\n+|$)/;
const DISPLAYED = /^(?:\$\$([^$\n]{1,2000}?)\$\$|\\\[([\s\S]{1,2000}?)\\\])/;
const IN_LINE = /^\\\(([\s\S]{1,2000}?)\\\)/;
/** A sum of money has a blank or a digit where a formula has none. */
const BETWEEN_DOLLARS = /^\$(?![\s$])((?:\\.|[^\\$\n]){1,500}?)(?<!\s)\$(?![\p{L}\p{N}$])/u;
const LOOKS_LIKE_ONE = /[\\^_=+<>{}|/*-]|^[\p{L}\d'.,()!]{1,4}$/u;

/** What the lexer needs to find them; in code it does not look. */
export const formulas: NonNullable<MarkedOptions["extensions"]> = {
  renderers: {},
  childTokens: {},
  block: [(source) => token(BLOCK.exec(source), true)],
  startBlock: [(source) => indexOf(/(?<=^|\n) {0,3}(?:\$\$|\\\[)/, source)],
  inline: [
    (source) => token(DISPLAYED.exec(source), true) ?? token(IN_LINE.exec(source), false) ?? betweenDollars(source),
  ],
  startInline: [(source) => indexOf(/\$|\\[([]/, source)],
};

function betweenDollars(source: string): FormulaToken | undefined {
  const found = BETWEEN_DOLLARS.exec(source);
  return found && LOOKS_LIKE_ONE.test(found[1] ?? "") ? token(found, false) : undefined;
}

function token(found: RegExpExecArray | null, isOwnLine: boolean): FormulaToken | undefined {
  const text = (found?.[1] ?? found?.[2] ?? "").trim();
  return found && text ? { type: "formula", raw: found[0], text, isOwnLine } : undefined;
}

function indexOf(what: RegExp, source: string): number | undefined {
  const at = source.search(what);
  return at < 0 ? undefined : at;
}
