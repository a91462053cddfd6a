// How long to wait before the connection is tried again.

const FIRST_MS = 250;
const LONGEST_MS = 8_000;

/** Return milliseconds before the n-th try, counted from 1; `chance` in 0..1 keeps several pages from coming at once. */
export function pauseBefore(tries: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1));
  return full / 2 + (full / 2) * chance;
}
