// Things that come faster than the screen draws are handed on once per frame of the screen.

/** When the page is hidden the screen draws no frames, and its owner may still want to be told. */
const HIDDEN_MS = 100;

export interface Batch<T> {
  add(item: T): void;
  /** Hand on what waits, now. */
  flush(): void;
}

export function batched<T>(take: (items: readonly T[]) => void): Batch<T> {
  let waiting: T[] = [];
  let cancel: (() => void) | null = null;
  const flush = () => {
    cancel?.();
    cancel = null;
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    take(items);
  };
  return {
    add(item) {
      waiting.push(item);
      cancel ??= soon(flush);
    },
    flush,
  };
}

/** Run at the next frame of the screen, or a moment later where none comes; returns how to prevent it. */
function soon(run: () => void): () => void {
  const timer = setTimeout(run, HIDDEN_MS);
  const frame = requestAnimationFrame(run);
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
}
