// Colours for code: highlight.js is fetched when the first finished block is shown, and its tree becomes vnodes.

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { type ComponentChild, h } from "preact";

const languages = { bash, c, cpp, css, diff, go, java, javascript, json, markdown, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);

/** A node of highlight.js's own tree; it is internal there, so the version is pinned and a test looks at it. */
interface Scope {
  scope?: string;
  children: (Scope | string)[];
}

/** Return the code with its colours, or as it is where its language is unknown. */
export function highlighted(code: string, language: string): ComponentChild {
  if (!hljs.getLanguage(language)) return code;
  const { _emitter } = hljs.highlight(code, { language, ignoreIllegals: true });
  const { rootNode } = _emitter as unknown as { rootNode: Scope };
  return rootNode.children.map(vnode);
}

function vnode(node: Scope | string): ComponentChild {
  if (typeof node === "string") return node;
  const children = node.children.map(vnode);
  return node.scope === undefined ? children : h("span", { class: `hl-${node.scope.split(".")[0]}` }, children);
}
