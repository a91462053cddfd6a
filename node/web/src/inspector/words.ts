// Texts cut to what fits on a line.

export function oneLine(text: string, chars: number): string {
  const line = text.slice(0, 4 * chars).replace(/\s+/g, " ").trim();
  return line.length > chars || text.length > 4 * chars ? `${line.slice(0, chars - 1)}…` : line;
}
