// The arguments of a call, short for a line, and as rows for a card.

type Args = Readonly<Record<string, unknown>>;

const SHORT_MAX_CHARS = 90;

/** Return the arguments on one line, the longest cut: `path: notes/today.md, limit: 5`. */
export function shortArguments(args: Args): string {
  const all = Object.entries(args).map(([name, value]) => `${name}: ${oneLine(value)}`).join(", ");
  return all.length > SHORT_MAX_CHARS ? `${all.slice(0, SHORT_MAX_CHARS - 1)}…` : all;
}

/** Return a value as people read it: text as it is, all else as JSON. */
export function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function oneLine(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replace(/\s+/g, " ").slice(0, SHORT_MAX_CHARS);
}

/** Read arguments that somebody edited; a text says what is wrong with them. */
export function readArguments(text: string): Record<string, unknown> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "Arguments are an object: {\"name\": value}";
  return value as Record<string, unknown>;
}
