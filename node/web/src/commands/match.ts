// How well a text fits what somebody typed or a model said.

/** Return 0 for no fit, up to 1 for the same. */
export function fit(wanted: string, text: string): number {
  const query = plain(wanted);
  const there = plain(text);
  if (query === "" || there === "") return 0;
  if (there === query) return 1;
  if (there.startsWith(query)) return 0.9;
  const words = query.split(" ");
  const starts = there.split(" ");
  if (words.every((word) => starts.some((start) => start.startsWith(word)))) return 0.8;
  if (there.includes(query)) return 0.7;
  if (words.every((word) => there.includes(word))) return 0.6;
  // A model says more than the name: "the inspector pane", "my chat about bread".
  if (` ${query} `.includes(` ${there} `)) return 0.5;
  return isInOrder(query.replaceAll(" ", ""), there) ? 0.2 : 0;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function isInOrder(letters: string, text: string): boolean {
  let at = -1;
  return [...letters].every((letter) => (at = text.indexOf(letter, at + 1)) >= 0);
}

/** Return what fits, best first; everything in its order when nothing was typed. */
export function ranked<T>(wanted: string, all: readonly T[], texts: (one: T) => readonly string[]): T[] {
  if (wanted.trim() === "") return [...all];
  return all
    .map((one) => ({ one, score: Math.max(...texts(one).map((text) => fit(wanted, text))) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ one }) => one);
}
