// A view of something that the node knows: asked for at once, and again whenever it may have changed.

import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError, api } from "../net/api";
import { onStir } from "./stir";

export interface Asked<T> {
  /** The last answer; null before the first, and where there is nothing of that name. */
  value: T | null;
  /** Why there is none, or none that is new. */
  problem: string | null;
}

const NOTHING = { value: null, problem: null };

/**
 * Return what is at a path of the API, kept up to date; nothing is asked while the path is null.
 *
 * With `everyMs` it is asked for as often even when nothing was heard.
 */
export function useAsked<T>(path: string | null, everyMs: number | null = null): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>(NOTHING);
  const again = useRef<() => void>(() => {});
  useEffect(() => {
    setAsked(NOTHING);
    if (path === null) return undefined;
    const asking = keepAsking<T>(path, setAsked);
    again.current = asking.again;
    return asking.stop;
  }, [path]);
  useEffect(() => {
    if (everyMs === null) return undefined;
    const timer = setInterval(() => again.current(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return asked;
}

function keepAsking<T>(path: string, tell: (next: (before: Asked<T>) => Asked<T>) => void) {
  let isOver = false;
  let isAsking = false;
  let isStale = true;
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    while (isStale && !isOver) {
      isStale = false;
      const answer = await api<T>("GET", path).then(
        (value) => () => ({ value, problem: null }),
        (error: unknown) => (before: Asked<T>) => ({ value: isGone(error) ? null : before.value, problem: told(error) }),
      );
      if (!isOver) tell(answer);
    }
    isAsking = false;
  };
  const again = () => {
    isStale = true;
    void ask();
  };
  void ask();
  const unstir = onStir(again);
  const stop = () => {
    isOver = true;
    unstir();
  };
  return { again, stop };
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
