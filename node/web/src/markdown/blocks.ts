// Markdown text as blocks, of which all but the last ones stay as they are while text is still added.

import { type Token, Lexer } from "marked";

import { formulas } from "./formulas";

/** A longer text is shown as it is. */
export const MARKDOWN_MAX_CHARS = 200_000;
/** In longer paragraphs nothing is marked up: 90,000 characters of `**a` keep the lexer busy for 1.8 s. */
export const PARAGRAPH_MAX_CHARS = 8_000;
/** Deeper quotes and lists are shown flat, so that a stranger cannot exhaust the stack. */
const TOO_DEEP = /^[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*){25,}/m;

/** Return the top-level tokens of a text; text that is too long or too deep comes back as one paragraph. */
export function blocksOf(text: string): readonly Token[] {
  if (text.length > MARKDOWN_MAX_CHARS || TOO_DEEP.test(text)) return [plain(text)];
  try {
    return lexed(text);
  } catch {
    return [plain(text)]; // the lexer gives up on what would loop
  }
}

/** The last blocks may still change their meaning with the next characters. */
export const UNSETTLED_BLOCKS = 2;

/** The blocks of a text that grows at its end: what is settled is not read again. */
export class GrowingBlocks {
  #settled: Token[] = [];
  #text = "";

  /** A text that does not go on where the last one ended is read from its beginning. */
  of(text: string): readonly Token[] {
    if (text.length > MARKDOWN_MAX_CHARS) return blocksOf(text);
    if (!text.startsWith(this.#text)) [this.#settled, this.#text] = [[], ""];
    const rest = blocksOf(text.slice(this.#text.length));
    const settled = rest.slice(0, -UNSETTLED_BLOCKS);
    const read = this.#text + settled.map(({ raw }) => raw).join("");
    if (text.startsWith(read)) {
      this.#settled.push(...settled);
      this.#text = read;
      return [...this.#settled, ...rest.slice(settled.length)];
    }
    return [...this.#settled, ...rest];
  }
}

/** Do what the lexer's `lex` does, with a limit on what is searched for marks inside a line. */
function lexed(text: string): readonly Token[] {
  const lexer = new Lexer({ gfm: true, breaks: false, extensions: formulas });
  lexer.blockTokens(text.replace(/\r\n?/g, "\n"), lexer.tokens);
  // A footnote of one word looks like the address of a link; both it and what names it stay text.
  for (const name of Object.keys(lexer.tokens.links)) if (name.startsWith("^")) delete lexer.tokens.links[name];
  for (const { src, tokens } of lexer.inlineQueue) {
    if (src.length > PARAGRAPH_MAX_CHARS) tokens.push(plain(src));
    else lexer.inlineTokens(src, tokens);
  }
  return lexer.tokens;
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
