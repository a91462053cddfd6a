// Things that come faster than anybody reads are handed on together, with a frame of the screen.

/** With the frame that follows it, twenty draws a second: text that streams looks no smoother above that. */
const GAP_MS = 45;
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
  let last = -GAP_MS;
  const flush = () => {
    cancel?.();
    cancel = null;
    last = performance.now();
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    take(items);
  };
  return {
    add(item) {
      waiting.push(item);
      cancel ??= soon(flush, last + GAP_MS);
    },
    flush,
  };
}

/** Run at the first frame of the screen after a time, or a moment later where none comes; returns how to prevent it. */
function soon(run: () => void, from: number): () => void {
  let frame = 0;
  // A timer first: to ask for every frame until then would have the browser prepare each of them.
  const wait = setTimeout(() => (frame = requestAnimationFrame(run)), from - performance.now());
  const late = setTimeout(run, HIDDEN_MS);
  return () => {
    clearTimeout(wait);
    clearTimeout(late);
    cancelAnimationFrame(frame);
  };
}
