// The time, for what counts up or down before the owner's eyes.

import { useEffect, useState } from "preact/hooks";

/** Return seconds since 1970, anew every so many. */
export function useClock(everyS: number): number {
  const [now, setNow] = useState(seconds);
  useEffect(() => {
    const timer = setInterval(() => setNow(seconds()), everyS * 1_000);
    return () => clearInterval(timer);
  }, [everyS]);
  return now;
}

function seconds(): number {
  return Date.now() / 1_000;
}
