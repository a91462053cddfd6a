// The time, for what takes its while before the owner's eyes.

import { useEffect, useState } from "preact/hooks";

/** Return seconds since 1970, anew every second while something runs. */
export function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now() / 1_000);
  useEffect(() => {
    if (!isRunning) return undefined;
    const tick = () => setNow(Date.now() / 1_000);
    tick();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}

/** As `14:32:05`. */
export function clockTime(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
