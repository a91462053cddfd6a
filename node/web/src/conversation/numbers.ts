// Numbers as people read them at a glance.

/** As `2.5K` or `32K`; windows are powers of two, so 4096 is `4K`. */
export function short(count: number): string {
  if (count < 1_000) return String(count);
  const thousand = count % 1_024 === 0 && count % 1_000 !== 0 ? 1_024 : 1_000;
  const value = count / thousand;
  if (value >= 1_000) return `${trimmed(value / thousand)}M`;
  return `${trimmed(value)}K`;
}

function trimmed(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value));
}

/** As `340 ms`, `2.4 s`, `1 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
