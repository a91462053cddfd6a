// Markdown as vnodes, also while it is still being written. No HTML string is ever made.

import type { Token, Tokens } from "marked";
import { type ComponentChild, Component, Fragment, cloneElement, isValidElement } from "preact";
import { useMemo, useState } from "preact/hooks";

import { GrowingBlocks, UNSETTLED_BLOCKS, blocksOf, isClosed } from "./blocks";
import { CodeBlock } from "./code";
import { inline } from "./inline";

export interface RenderedProps {
  text: string;
  /** More of it will come. */
  isLive?: boolean;
}

export function Rendered({ text, isLive = false }: RenderedProps) {
  const [growing] = useState(() => new GrowingBlocks());
  // At its end it is read as a whole: a reference may have been explained after its use.
  const blocks = useMemo(() => (isLive ? growing.of(text) : blocksOf(text)), [text, isLive]);
  const settled = isLive ? blocks.length - UNSETTLED_BLOCKS : blocks.length;
  return (
    <>
      {blocks.map((token, index) => (
        <Block key={index} token={token} isSettled={index < settled} />
      ))}
    </>
  );
}

/** One block; drawn again only when its own text changed. */
class Block extends Component<{ token: Token; isSettled: boolean }> {
  override shouldComponentUpdate(next: Readonly<{ token: Token; isSettled: boolean }>): boolean {
    return next.token.raw !== this.props.token.raw || next.isSettled !== this.props.isSettled;
  }

  override render() {
    const drawn = block(this.props.token, this.props.isSettled);
    // Each block goes from whichever side its first letter does, with all that is in it; code never turns round.
    return isValidElement(drawn) && typeof drawn.type === "string" ? cloneElement(drawn, { dir: "auto" }) : drawn;
  }
}

function block(token: Token, isSettled: boolean): ComponentChild {
  switch (token.type) {
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "heading":
      return heading(token as Tokens.Heading);
    case "code":
      return code(token as Tokens.Code, isSettled);
    case "blockquote":
      return <blockquote>{blocks(token.tokens, isSettled)}</blockquote>;
    case "list":
      return list(token as Tokens.List, isSettled);
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return <hr />;
    case "text":
      return token.tokens ? <>{inline(token.tokens)}</> : <p class="plain-text">{token.text}</p>;
    case "html":
      return <p class="plain-text">{token.raw.trimEnd()}</p>;
    case "def":
      return token["tag"].startsWith("^") ? <p class="plain-text">{token.raw.trimEnd()}</p> : null;
    case "space":
      return null;
    default:
      return inline([token]);
  }
}

function blocks(tokens: readonly Token[] | undefined, isSettled: boolean): ComponentChild[] {
  return (tokens ?? []).map((token, index) => <Fragment key={index}>{block(token, isSettled)}</Fragment>);
}

/** A message's headings stand below those of the page, as levels 3 to 6. */
function heading({ depth, tokens }: Tokens.Heading): ComponentChild {
  const Level = (["h3", "h4", "h5", "h6"] as const)[Math.min(depth, 4) - 1] ?? "h6";
  return <Level class={`h${depth}`}>{inline(tokens)}</Level>;
}

function code(token: Tokens.Code, isSettled: boolean): ComponentChild {
  const language = /^[\w+#.-]{1,30}/.exec(token.lang ?? "")?.[0].toLowerCase() ?? "";
  return <CodeBlock text={token.text} language={language} isWhole={isSettled || isClosed(token.raw)} />;
}

function list(token: Tokens.List, isSettled: boolean): ComponentChild {
  const items = token.items.map((item, index) => (
    <li key={index} class={item.task ? "task" : undefined}>
      {blocks(item.tokens, isSettled)}
    </li>
  ));
  if (!token.ordered) return <ul>{items}</ul>;
  return <ol start={Number(token.start) || 1}>{items}</ol>;
}

function table({ header, rows, align }: Tokens.Table): ComponentChild {
  const side = (index: number) => `to-${align[index] ?? "start"}`;
  return (
    <div class="table" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>{header.map((cell, index) => <th key={index} scope="col" class={side(index)}>{inline(cell.tokens)}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row, number) => (
            <tr key={number}>{row.map((cell, index) => <td key={index} class={side(index)}>{inline(cell.tokens)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
