// What a call would change, line by line, where its arguments tell: a diff, or the old text and the new.

type Args = Readonly<Record<string, unknown>>;

export interface Line {
  readonly sign: "+" | "-" | " " | "@";
  readonly text: string;
}

const DIFFS = ["diff", "patch"];
const PAIRS = [
  ["old", "new"],
  ["oldText", "newText"],
  ["old_text", "new_text"],
  ["oldString", "newString"],
  ["old_string", "new_string"],
  ["before", "after"],
  ["original", "proposed"],
] as const;
/** More lines are shown as removed and added as a whole: comparing them takes time that grows with the square. */
const COMPARED_LINES_MAX = 600;

/** Return the lines of the change and the arguments that they stand for; null where there is no change to see. */
export function changeIn(args: Args): { lines: readonly Line[]; names: readonly string[] } | null {
  const named = DIFFS.find((name) => typeof args[name] === "string");
  if (named !== undefined) return { lines: unified(String(args[named])), names: [named] };
  for (const [before, after] of PAIRS) {
    const [old, now] = [args[before], args[after]];
    if (typeof old === "string" && typeof now === "string") return { lines: difference(old, now), names: [before, after] };
  }
  return null;
}

/** Read a unified diff. */
export function unified(diff: string): Line[] {
  const lines = diff.split("\n");
  // What stands before the first part names files; further on, such a line is one of the text.
  const first = lines.findIndex((line) => line.startsWith("@@"));
  return lines.map((line, index) => {
    if (line.startsWith("@@") || (index < first && /^(?:---|\+\+\+|diff |index )/.test(line))) return { sign: "@", text: line };
    const sign = line.startsWith("+") ? "+" : line.startsWith("-") ? "-" : " ";
    return { sign, text: sign === " " ? line.replace(/^ /, "") : line.slice(1) };
  });
}

/** Return what was removed and added between two texts, with what stayed. */
export function difference(before: string, after: string): readonly Line[] {
  const old = before.split("\n");
  const now = after.split("\n");
  if (old.length > COMPARED_LINES_MAX || now.length > COMPARED_LINES_MAX) return [...marked("-", old), ...marked("+", now)];
  const common = lengths(old, now);
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < old.length && column < now.length) {
    if (old[row] === now[column]) {
      lines.push({ sign: " ", text: old[row] ?? "" });
      row++;
      column++;
    } else if ((common[row + 1]?.[column] ?? 0) >= (common[row]?.[column + 1] ?? 0)) {
      lines.push({ sign: "-", text: old[row++] ?? "" });
    } else {
      lines.push({ sign: "+", text: now[column++] ?? "" });
    }
  }
  return [...lines, ...marked("-", old.slice(row)), ...marked("+", now.slice(column))];
}

/** Return, for each pair of places, the length of the longest common run of lines behind them. */
function lengths(old: readonly string[], now: readonly string[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let row = old.length - 1; row >= 0; row--) {
    for (let column = now.length - 1; column >= 0; column--) {
      const same = old[row] === now[column];
      const below = table[row + 1]?.[column] ?? 0;
      const beside = table[row]?.[column + 1] ?? 0;
      table[row]![column] = same ? 1 + (table[row + 1]?.[column + 1] ?? 0) : Math.max(below, beside);
    }
  }
  return table;
}

function marked(sign: Line["sign"], lines: readonly string[]): Line[] {
  return lines.map((text) => ({ sign, text }));
}
