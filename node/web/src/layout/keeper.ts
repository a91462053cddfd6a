// Keeps one workspace the same here and at the node: changes are shown at once, stored soon, and made again to
// what somebody else has stored meanwhile.

import { type Signal, signal } from "@preact/signals";

import { EMPTY, type Layout, Refusal } from "./model";
import { Gone, type Remote, Stale, type Stored } from "./remote";

export type Change = (layout: Layout) => Layout | Refusal;

const SETTLE_MS = 250;
const RETRY_MS = 2_000;
const TRIES_MAX = 3;

export class Keeper {
  readonly layout: Signal<Layout> = signal(EMPTY);
  /** Called when the workspace turns out to be deleted. */
  onGone: () => void = () => {};

  #id = "";
  #revision = 0;
  /** Changes that the node does not have yet. */
  #pending: Change[] = [];
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #storing: Promise<boolean> | null = null;

  constructor(
    private readonly remote: Remote,
    /** Makes a stored layout fit for showing here. */
    private readonly usable: (layout: Layout | null) => Layout,
  ) {}

  take(stored: Stored): void {
    this.#pending = [];
    this.#id = stored.id;
    this.#adopt(stored);
  }

  /** Make a change and show it; the answer says why not, or null. */
  change(change: Change): Refusal | null {
    const outcome = change(this.layout.peek());
    if (outcome instanceof Refusal) return outcome;
    if (outcome === this.layout.peek()) return null;
    this.layout.value = outcome;
    this.#pending.push(change);
    this.#storeSoon(SETTLE_MS);
    return null;
  }

  /** Store what waits, now; also what has to be made again to what another page stored. */
  async settle(): Promise<void> {
    await this.#storing;
    for (let tries = 0; tries < TRIES_MAX && this.#pending.length > 0; tries += 1) {
      clearTimeout(this.#timer);
      if (!(await this.#store())) return;
    }
    if (this.#pending.length > 0) this.#storeSoon(RETRY_MS);
  }

  /** Hear that the node has another revision; it may be the one that is just being stored from here. */
  async hear(revision: number): Promise<void> {
    this.#told = Math.max(this.#told, revision);
    await this.#storing;
    if (this.#told > this.#revision) await this.refresh();
  }

  /** Show what the node has, with the changes from here that it does not have yet. */
  async refresh(): Promise<void> {
    const id = this.#id;
    try {
      const stored = await this.remote.read(id);
      if (id === this.#id && stored.revision > this.#revision) this.#adopt(stored);
    } catch (problem) {
      if (problem instanceof Gone && id === this.#id) this.onGone();
    }
  }

  #adopt(stored: Stored): void {
    this.#revision = stored.revision;
    this.#told = stored.revision;
    let layout = this.usable(stored.layout);
    this.#pending = this.#pending.filter((change) => {
      const outcome = change(layout);
      if (outcome instanceof Refusal) return false; // what it was about is gone
      layout = outcome;
      return true;
    });
    this.layout.value = layout;
  }

  #storeSoon(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.settle(), delay);
  }

  /** Two at a time would meet each other's revision. */
  #store(): Promise<boolean> {
    this.#storing ??= this.#put().finally(() => {
      this.#storing = null;
    });
    return this.#storing;
  }

  /** Say whether to go on at once with what waits then. */
  async #put(): Promise<boolean> {
    const id = this.#id;
    const sent = this.#pending.length;
    try {
      const stored = await this.remote.put(id, { revision: this.#revision, layout: this.layout.peek() });
      this.#revision = stored.revision;
      this.#pending.splice(0, sent);
      return true;
    } catch (problem) {
      if (problem instanceof Stale) {
        this.#adopt(problem.current);
        return true;
      }
      if (problem instanceof Gone) {
        this.#pending = [];
        this.onGone();
      } else this.#storeSoon(RETRY_MS);
      return false;
    }
  }
}
