// Markdown inside a line as vnodes: a stranger's text can name things, never load or run them.

import type { Token, Tokens } from "marked";
import type { ComponentChild } from "preact";

import { visible } from "../shell/visible";
import { decoded } from "./entities";
import { Formula } from "./formula";
import { safeAddress } from "./links";

export function inline(tokens: readonly Token[] | undefined): ComponentChild[] {
  return (tokens ?? []).map(one);
}

function one(token: Token): ComponentChild {
  switch (token.type) {
    case "strong":
      return <strong>{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      return <del>{inline(token.tokens)}</del>;
    case "codespan":
      return <code>{visible(token.text)}</code>;
    case "formula":
      return <Formula tex={token.text} isOwnLine={token.isOwnLine} />;
    case "br":
      return <br />;
    case "link":
      return link(token as Tokens.Link);
    case "image":
      return <ImageLabel alt={token.text} address={token.href} />;
    case "checkbox":
      return <input type="checkbox" checked={token.checked} disabled aria-label={token.checked ? "done" : "open"} />;
    case "html":
      return token.raw; // markup is shown as the text it is
    case "escape":
      return decoded(token.text);
    case "text":
      return token.tokens ? <>{inline(token.tokens)}</> : decoded(token.text);
    default:
      return token.raw;
  }
}

function link(token: Tokens.Link): ComponentChild {
  const address = safeAddress(decoded(token.href), location.origin);
  const text = inline(token.tokens);
  if (address === null) return <span class="no-link" title="This address is not one that can be followed">{text}</span>;
  return (
    <a href={address} rel="noopener noreferrer nofollow" title={address} target="_blank">
      {text}
    </a>
  );
}

/** Stands for an image, which is never loaded: its address could carry what the model knows to somebody else. */
function ImageLabel({ alt, address }: { alt: string; address: string }) {
  const shown = address.length > ADDRESS_SHOWN_CHARS ? `${address.slice(0, ADDRESS_SHOWN_CHARS)}…` : address;
  return (
    <span class="image-label" title="Images are not loaded">
      Image: {alt || "without a description"} <code>{shown}</code>
    </span>
  );
}

const ADDRESS_SHOWN_CHARS = 120;
