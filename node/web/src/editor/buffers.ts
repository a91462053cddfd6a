// The open documents of this page, each with its writing surface, which stays while its pane is elsewhere.

import { type Signal, signal } from "@preact/signals";

import { ApiError } from "../net/api";
import { type Document, Stale, nameOf, readDocument, writeDocument } from "./documents";
import { keepText, keptText } from "./kept";
import { type Outcome, Proposal } from "./proposal";
import type { LineEnds, Surface } from "./surface";

const KEEP_AFTER_MS = 400;
export const SCRATCH = "scratch:";
const UNNAMED = "Untitled";

export class Buffer {
  readonly surface: Signal<Surface | null> = signal(null);
  /** What went wrong with opening or saving. */
  readonly problem: Signal<string> = signal("");
  /** A word about what was done last. */
  readonly note: Signal<string> = signal("");
  readonly isDirty: Signal<boolean> = signal(false);
  readonly proposal: Signal<Proposal | null> = signal(null);
  /** Somebody else has changed the document, and the owner has to choose. */
  readonly conflict: Signal<Stale | null> = signal(null);
  readonly isPrivate: Signal<boolean> = signal(false);
  language = "markdown";
  /** What the owner decided about the last proposal. */
  lastOutcome: Outcome | null = null;
  /** Settled when the document is here, or cannot be had. */
  ready: Promise<void>;
  #stored: Document | null = null;
  #saving: Promise<void> = Promise.resolve();
  #keeping: ReturnType<typeof setTimeout> | undefined;

  /** `id` is the address of a document, or `scratch:` and something of its own. */
  constructor(readonly id: string) {
    this.ready = this.#open();
  }

  get uri(): string | null {
    return this.id.startsWith(SCRATCH) ? null : this.id;
  }

  get name(): string {
    return this.uri === null ? UNNAMED : nameOf(this.uri);
  }

  text(): string {
    return this.surface.peek()?.text() ?? "";
  }

  /** Try again to open what could not be had. */
  retry(): void {
    this.problem.value = "";
    this.ready = this.#open();
  }

  /** Store the text, one time after the other; a conflict is put before the owner. `over` may be replaced. */
  save(over?: Document | null): Promise<void> {
    this.#saving = this.#saving.then(() => this.#store(over === undefined ? this.#stored : over));
    return this.#saving;
  }

  async #store(over: Document | null): Promise<void> {
    const surface = this.surface.peek();
    if (this.uri === null || !surface) return;
    if (this.proposal.peek()) {
      this.problem.value = "Decide about the proposal first; then save.";
      return;
    }
    const content = surface.fileText();
    try {
      this.#took(await writeDocument(this.uri, content, over?.revision ?? null), content);
      this.note.value = "Saved";
    } catch (problem) {
      if (problem instanceof Stale) this.conflict.value = problem;
      else this.problem.value = `Not saved: ${problem instanceof Error ? problem.message : String(problem)}`;
    }
  }

  /** Put aside what was written here, and take the document as it is now. */
  takeTheirs(): void {
    const current = this.conflict.peek()?.current;
    this.conflict.value = null;
    if (current) this.#reload(current, "Reloaded; undo brings your text back");
  }

  /** Save over what somebody else wrote, as it was shown. */
  async keepMine(): Promise<void> {
    const conflict = this.conflict.peek();
    this.conflict.value = null;
    if (conflict) await this.save(conflict.current);
  }

  /** See whether the document was changed elsewhere; what was not touched here follows it. */
  async lookAgain(): Promise<void> {
    if (this.uri === null || !this.#stored || this.proposal.peek()) return;
    const now = await readDocument(this.uri).catch(() => null);
    if (!now || now.revision === this.#stored.revision || this.proposal.peek()) return;
    if (this.isDirty.peek()) this.note.value = "Changed elsewhere meanwhile; saving will ask";
    else this.#reload(now, "Reloaded: it was changed elsewhere");
  }

  /** Forget what is kept of it in the browser. */
  forget(): void {
    clearTimeout(this.#keeping);
    keepText(this.id, null);
  }

  async #open(): Promise<void> {
    try {
      const [{ Surface }, stored] = await Promise.all([import("./surface"), this.uri === null ? null : readDocument(this.uri)]);
      const kept = keptText(this.id);
      this.#stored = stored;
      this.language = stored?.language ?? "markdown";
      this.isPrivate.value = stored?.private ?? false;
      const content = stored?.content ?? kept?.text ?? "";
      const listener = {
        changed: () => this.#changed(),
        decided: (...what: Parameters<Proposal["decided"]>) => this.#decided(...what),
      };
      const surface = new Surface(content, { language: this.language, label: this.name, listener, lineEnds: lineEndsOf(content) });
      this.surface.value = surface;
      if (stored && kept && kept.text !== surface.text()) this.#restore(surface, stored, kept);
    } catch (problem) {
      const isGone = problem instanceof ApiError && problem.code === "not_found";
      this.problem.value = isGone ? `${this.name} is not there.` : String(problem instanceof Error ? problem.message : problem);
    }
  }

  /** Bring back what was not saved; it was made from the revision that was there then. */
  #restore(surface: Surface, stored: Document, kept: { text: string; revision: string | null }): void {
    if (kept.revision !== null) this.#stored = { ...stored, revision: kept.revision };
    surface.replace(kept.text);
    this.note.value = "What you had not saved is here again";
  }

  #reload(document: Document, note: string): void {
    this.#stored = document;
    this.surface.peek()?.replace(document.content);
    this.#took(document, document.content);
    this.note.value = note;
  }

  #took(document: Document, content: string): void {
    this.#stored = document;
    this.problem.value = "";
    this.isDirty.value = this.surface.peek()?.fileText() !== content;
    if (!this.isDirty.peek()) this.forget();
  }

  #changed(): void {
    const surface = this.surface.peek();
    if (!surface) return;
    this.isDirty.value = this.#stored ? surface.fileText() !== this.#stored.content : surface.text() !== "";
    this.note.value = "";
    this.problem.value = "";
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.keep(), KEEP_AFTER_MS);
  }

  /** Keep in the browser what is not saved. */
  keep(): void {
    const text = { text: this.text(), revision: this.#stored?.revision ?? null, at: Date.now() };
    keepText(this.id, this.isDirty.peek() ? text : null);
  }

  #decided(...what: Parameters<Proposal["decided"]>): void {
    const proposal = this.proposal.peek();
    if (!proposal) return;
    proposal.decided(...what);
    if (!proposal.isDecided) return;
    this.proposal.value = null;
    this.lastOutcome = proposal.outcome();
  }

  /** Show what the agent proposes; null when it is what is there. */
  propose(text: string, summary: string): Proposal | null {
    const hunks = this.surface.peek()?.propose(text) ?? [];
    if (hunks.length === 0) return null;
    this.proposal.value = new Proposal(summary, hunks.length);
    return this.proposal.peek();
  }
}

const buffers = signal<ReadonlyMap<string, Buffer>>(new Map());

/** Return the buffer of a document, which is opened if it is not yet. */
export function bufferOf(id: string): Buffer {
  const known = buffers.peek().get(id);
  if (known) return known;
  const made = new Buffer(id);
  buffers.value = new Map(buffers.peek()).set(id, made);
  return made;
}

export function openBuffer(id: string): Buffer | undefined {
  return buffers.value.get(id);
}

/** Let go of a document; what was not saved stays in the browser. */
export function dropBuffer(id: string): void {
  const left = new Map(buffers.peek());
  const dropped = left.get(id);
  dropped?.keep();
  dropped?.surface.peek()?.view.destroy();
  left.delete(id);
  buffers.value = left;
}

export function allBuffers(): readonly Buffer[] {
  return [...buffers.peek().values()];
}

/** Tell how lines end, where all end alike. */
function lineEndsOf(content: string): LineEnds {
  if (!content.includes("\r")) return "lf";
  return /\r(?!\n)|(?<!\r)\n/.test(content) ? "mixed" : "crlf";
}
