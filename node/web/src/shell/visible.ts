// Signs that nobody sees, or that move what stands around them, shown as their numbers: an owner who decides by what
// stands there must see what stands there.

/** Controls but tab and newline, bidirectional marks, overrides and isolates, blanks without width, tags. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

export function visible(text: string): string {
  return text.replace(UNSEEN, (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}
