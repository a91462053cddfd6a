// A change that the agent proposes: what the owner decided about each of its hunks, and who waits for it.

import { type Signal, signal } from "@preact/signals";

import type { Decision, Hunk } from "./surface";

const TEXT_MAX_CHARS = 400;

export interface Outcome {
  decision: "accepted" | "partly accepted" | "rejected" | "not decided yet";
  hunks: { line: number; decision: Decision; oldText: string; newText: string }[];
  left: number;
}

export class Proposal {
  /** How many hunks are not decided yet. */
  readonly left: Signal<number>;
  readonly #done: Outcome["hunks"] = [];
  #tell: (() => void) | null = null;

  constructor(
    readonly summary: string,
    readonly count: number,
  ) {
    this.left = signal(count);
  }

  get isDecided(): boolean {
    return this.left.peek() === 0;
  }

  decided({ line, oldText, newText }: Hunk, decision: Decision, left: number): void {
    this.#done.push({ line, decision, oldText: cut(oldText), newText: cut(newText) });
    this.left.value = left;
    if (left === 0) this.#tell?.();
  }

  outcome(): Outcome {
    return { decision: this.#decision(), hunks: this.#done, left: this.left.peek() };
  }

  /** Wait until everything is decided, or for so long. */
  async settled(ms: number): Promise<Outcome> {
    if (!this.isDecided) {
      await new Promise<void>((done) => {
        const late = setTimeout(done, ms);
        this.#tell = () => (clearTimeout(late), done());
      });
    }
    return this.outcome();
  }

  #decision(): Outcome["decision"] {
    if (!this.isDecided) return "not decided yet";
    const accepted = this.#done.filter(({ decision }) => decision === "accepted").length;
    if (accepted === 0) return "rejected";
    return accepted === this.#done.length ? "accepted" : "partly accepted";
  }
}

function cut(text: string): string {
  return text.length > TEXT_MAX_CHARS ? `${text.slice(0, TEXT_MAX_CHARS)}…` : text;
}
