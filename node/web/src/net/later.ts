// A part of the cockpit that is fetched when it is first wanted, so that the start stays small.

import { type ReadonlySignal, signal } from "@preact/signals";

export class Later<T> {
  /** Null until it is there. */
  readonly part: ReadonlySignal<T | null>;
  /** Whether it could not be fetched; wanting it again tries again. */
  readonly isMissing: ReadonlySignal<boolean>;

  readonly #part = signal<T | null>(null);
  readonly #isMissing = signal(false);
  #isComing = false;

  /** `fetch` is a dynamic import, which may fail: the node may be gone, or have been built anew. */
  constructor(private readonly fetch: () => Promise<T>) {
    this.part = this.#part;
    this.isMissing = this.#isMissing;
  }

  want(): void {
    if (this.#isComing || this.#part.peek() !== null) return;
    this.#isComing = true;
    this.#isMissing.value = false;
    this.fetch()
      .then((part) => void (this.#part.value = part))
      .catch(() => void (this.#isMissing.value = true))
      .finally(() => void (this.#isComing = false));
  }
}
