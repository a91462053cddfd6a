// The arguments of a call, short for a line, and as rows for a card.

import { visible } from "../shell/visible";

export type Args = Readonly<Record<string, unknown>>;

const SHORT_MAX_CHARS = 90;

/** Return the arguments on one line, the longest cut: `path: notes/today.md, limit: 5`. */
export function shortArguments(args: Args): string {
  const all = Object.entries(args)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${oneLine(value)}`)
    .join(", ");
  return all.length > SHORT_MAX_CHARS ? `${all.slice(0, SHORT_MAX_CHARS - 1)}…` : all;
}

/** Return a value as people read it: text as it is, all else as JSON. */
export function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function oneLine(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return visible(text.replace(/\s+/g, " ").slice(0, SHORT_MAX_CHARS));
}

/** Arguments as somebody edits them: by name, as `shown` gives them. */
export type Fields = Readonly<Record<string, string>>;

export function fieldsOf(args: Args): Fields {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, shown(value)]));
}

/** Read fields that somebody edited: what was text stays text, all else is JSON. A text says what is wrong. */
export function readFields(fields: Fields, args: Args): Args | string {
  const read: [string, unknown][] = [];
  for (const [name, text] of Object.entries(fields)) {
    try {
      read.push([name, typeof args[name] === "string" ? text : JSON.parse(text)]);
    } catch (error) {
      return `${name} is not JSON: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return Object.fromEntries(read);
}
