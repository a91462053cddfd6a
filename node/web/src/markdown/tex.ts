// TeX as MathML: temml reads it, and of the tree it makes only known elements, attributes and styles become vnodes.

import { type ComponentChild, h } from "preact";
import temml from "temml";
import "temml/dist/Temml-Local.css";

/** A node of temml's own tree; it is internal there, so the version is pinned and a test looks at it. */
interface Node {
  type?: string;
  text?: string;
  attributes?: Record<string, unknown>;
  style?: Record<string, unknown>;
  classes?: readonly string[];
  children?: readonly Node[];
}

const OPTIONS = { throwOnError: true, trust: false, strict: false, maxSize: [20, 40], maxExpand: 300 } as const;
const ELEMENTS = new Set([
  "math", "mrow", "mi", "mn", "mo", "ms", "mspace", "mtext", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom",
  "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none", "menclose",
  "mtable", "mtr", "mtd", "span",
]); // prettier-ignore
const ATTRIBUTES = new Set([
  "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "columnspan", "depth", "dir", "display",
  "displaystyle", "fence", "form", "frame", "height", "largeop", "linethickness", "lspace", "mathbackground",
  "mathcolor", "mathsize", "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowalign", "rowlines",
  "rowspacing", "rowspan", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width",
]); // prettier-ignore
/** No address, no function but of colours. */
const PLAIN_VALUE = /^[\w\s.,%#+-]*$|^rgba?\([\d\s.,%/]*\)$/;

/** Return a formula; null where it cannot be read, so that its source stands there instead. */
export function drawn(tex: string, isOwnLine: boolean): ComponentChild {
  try {
    return vnode(temml.__renderToMathMLTree(tex, { ...OPTIONS, maxSize: [...OPTIONS.maxSize], displayMode: isOwnLine }) as Node);
  } catch {
    return null; // not TeX, or deeper than anybody writes
  }
}

function vnode({ type, text, attributes = {}, style = {}, classes = [], children = [] }: Node): ComponentChild {
  const inner = children.map(vnode);
  if (type === undefined) return inner.length > 0 ? inner : (text ?? "");
  if (!ELEMENTS.has(type)) return inner;
  const kept = Object.entries(attributes).filter(([name, value]) => ATTRIBUTES.has(name) && PLAIN_VALUE.test(String(value)));
  const styles = Object.entries(style).filter(([, value]) => PLAIN_VALUE.test(String(value)));
  return h(
    type,
    { ...Object.fromEntries(kept), ...(styles.length > 0 && { style: Object.fromEntries(styles) }), class: classes.join(" ") || undefined },
    inner,
  );
}
