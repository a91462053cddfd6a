import type { Token } from "marked";
import type { ComponentChild, VNode } from "preact";
import { expect, test } from "vitest";

import { GrowingBlocks, blocksOf, isClosed } from "./blocks";
import { decoded } from "./entities";
import { highlighted } from "./highlight";
import { drawn } from "./tex";
import { safeAddress } from "./links";

const ORIGIN = "http://127.0.0.1:8765";

test("only addresses of known kinds may be followed", () => {
  const followed = ["https://example.com/a", "http://example.com", "mailto:a@b.c"];
  expect(followed.map((href) => safeAddress(href, ORIGIN))).not.toContain(null);
  const refused = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "java\tscript:alert(1)",
    "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:x", "//evil.example/x", "/\\evil.example", "api/x", "../x",
    "https://you@evil.example/", "about:blank", "filesystem:x", "",
    "#/w/main", "/plain/", "/?token=abc", `${ORIGIN}/api/agent/status`, `${ORIGIN.toUpperCase()}#x`,
  ]; // prettier-ignore
  expect(refused.map((href) => safeAddress(href, ORIGIN)).filter((href) => href !== null)).toEqual([]);
});

test("character references become the characters they name, and no others", () => {
  expect(decoded("&lt;b&gt; &#60; &#x3c; &amp;lt; &nosuch; &#0;")).toBe("<b> < < &lt; &nosuch; \ufffd");
});

test("a footnote stays text, also one of a single word", () => {
  const text = "bread[^1] and [site]\n\n[^1]: rye\n[site]: https://example.com";
  const said = blocksOf(text)[0] as unknown as { tokens: { type: string }[] };
  expect(said.tokens.map(({ type }) => type)).toEqual(["text", "link"]);
});

test("a fence is closed by as many of the same signs", () => {
  expect(isClosed("```py\na\n```")).toBe(true);
  expect(isClosed("````py\na\n```")).toBe(false);
  expect(isClosed("```py\na")).toBe(false);
  expect(isClosed("```")).toBe(false);
});

test("what is too long or too deep is shown as it is", () => {
  for (const text of ["> ".repeat(5_000) + "x", "- ".repeat(4_000) + "x", "a".repeat(300_000)]) {
    expect(blocksOf(text)).toEqual([{ type: "text", raw: text, text }]);
  }
});

test("a paragraph that is too long to search keeps its text, and its neighbours their marks", () => {
  const [long, , short] = blocksOf(`${"**a".repeat(20_000)}\n\n**b**`) as unknown as { tokens: { type: string }[] }[];
  expect(long?.tokens.map(({ type }) => type)).toEqual(["text"]);
  expect(short?.tokens.map(({ type }) => type)).toEqual(["strong"]);
});

test("formulas are found, and sums of money, variables of a shell and code are none", () => {
  const found = (text: string) => {
    const tokens: string[] = [];
    const walk = (list: readonly Token[] = []) => list.forEach((one) => {
      if (one.type === "formula") tokens.push(one["text"] as string);
      walk((one as { tokens?: Token[] }).tokens);
    });
    walk(blocksOf(text));
    return tokens;
  };
  expect(found("with $x$ and $a_1 + b_2$, \\(n!\\) and $$e^x$$ here")).toEqual(["x", "a_1 + b_2", "n!", "e^x"]);
  expect(found("so\n\\[\n\\frac{1}{2}\n\\]\nand\n\n$$\na\\\\\nb\n$$")).toEqual(["\\frac{1}{2}", "a\\\\\nb"]);
  for (const text of ["$5 and $10", "from $HOME to $PATH", "a $ b $ c", "`$x$`", "```\n$$x$$\n```", "US$ 5, $6", "$5-$10"]) {
    expect(found(text)).toEqual([]);
  }
});

function render(node: ComponentChild): string {
  if (Array.isArray(node)) return node.map(render).join("");
  if (typeof node !== "object" || node === null) return String(node ?? "");
  const { type, props } = node as VNode<Record<string, unknown>>;
  const { children, ...others } = props;
  return `<${String(type)} ${JSON.stringify(others)}>${render(children as ComponentChild)}</${String(type)}>`;
}

test("a formula becomes MathML without anything that runs, loads or leads anywhere", () => {
  expect(render(drawn("\\frac{a}{b}", false))).toMatch(/^<math .*<mfrac /);
  for (const hostile of ["\\href{javascript:alert(1)}{x}", "\\includegraphics{https://evil.example/x.png}", "\\class{a}{x}", "\\style{background:url(https://evil.example)}{x}", "{".repeat(9_000)]) {
    expect(render(drawn(hostile, true))).not.toMatch(/href|src|url|javascript/);
  }
  expect(drawn("\\frac{", false)).toBeNull();
});

test("highlight.js still has the tree that is read here", () => {
  const nodes = highlighted("def f(): pass", "python") as { type: string; props: { class: string } }[];
  expect(nodes.some((node) => node.type === "span" && node.props.class === "hl-keyword")).toBe(true);
  expect(highlighted("x", "no-such-language")).toBe("x");
});

test("a text that grows is read as it would be at once, wherever it stands", () => {
  const text = "# A\n\nb *c*\n\n- d\n- e\n\n  f\n\n```py\ng\n\nh\n```\n\n| i | j |\n| - | - |\n| k | l |\n\n> m\nn\n\n$q$ \\(r\\)\n\n$$\ns\n$$\n\no\n===\n\np";
  const growing = new GrowingBlocks();
  for (let end = 1; end <= text.length; end++) expect(growing.of(text.slice(0, end))).toEqual([...blocksOf(text.slice(0, end))]);
  expect(growing.of("another\n\ntext")).toEqual([...blocksOf("another\n\ntext")]);
});
