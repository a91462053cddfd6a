// The writing surface: CodeMirror as the cockpit uses it. It is fetched when the first document is opened.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import {
  type Chunk,
  acceptChunk,
  diff,
  getChunks,
  getOriginalDoc,
  goToNextChunk,
  goToPreviousChunk,
  rejectChunk,
  unifiedMergeView,
} from "@codemirror/merge";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension, Prec, type Text } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

import { onKeyDown } from "../commands/keys";
import { cspNonce } from "../nonce";
import { languageOf } from "./languages";
import { ownEdits } from "./own_edits";

export type LineEnds = "lf" | "crlf" | "mixed";
export type Decision = "accepted" | "rejected";

export interface Hunk {
  /** Its first line in the proposed text, from 1. */
  readonly line: number;
  readonly oldText: string;
  readonly newText: string;
}

export interface Listener {
  /** The owner changed something, or a proposal did. */
  changed: () => void;
  /** A hunk of the proposal was decided; `left` are not yet. */
  decided: (hunk: Hunk, decision: Decision, left: number) => void;
}

const DIFF = { scanLimit: 5_000, timeout: 500 };

export class Surface {
  readonly view: EditorView;
  readonly #language = new Compartment();
  readonly #merge = new Compartment();
  #isProposing = false;

  constructor(
    text: string,
    { language, label, listener, lineEnds }: { language: string; label: string; listener: Listener; lineEnds: LineEnds },
  ) {
    this.#listener = listener;
    this.#lineEnd = lineEnds === "crlf" ? "\r\n" : "\n";
    this.view = new EditorView({
      state: EditorState.create({
        doc: text,
        extensions: [
          common(label),
          // What ends now so and now so is kept sign by sign; each odd one is shown.
          lineEnds === "mixed" ? EditorState.lineSeparator.of("\n") : [],
          history(),
          lineNumbers(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          indentOnInput(),
          search({ top: true }),
          highlightSelectionMatches(),
          keymap.of([...searchKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
          // The cockpit's own keys go first, wherever the keyboard is.
          Prec.highest(EditorView.domEventHandlers({ keydown: isTaken })),
          EditorView.updateListener.of((update) => update.docChanged && listener.changed()),
          this.#language.of([]),
          this.#merge.of([]),
        ],
      }),
    });
    void languageOf(language).then((found) => this.view.dispatch({ effects: this.#language.reconfigure(found) }));
  }

  readonly #listener: Listener;
  readonly #lineEnd: string;

  /** Return the text with `\n` at every line's end; of a proposal only what was accepted. */
  text(): string {
    return this.#settled().sliceString(0, undefined, "\n");
  }

  /** Return the text with the line ends of its file. */
  fileText(): string {
    return this.#settled().sliceString(0, undefined, this.#lineEnd);
  }

  /** Put another text in the place of this one, as a change that can be undone. */
  replace(text: string): void {
    const { state } = this.view;
    const next = state.toText(text);
    const changes = diff(state.doc.toString(), next.toString(), DIFF).map(({ fromA, toA, fromB, toB }) => ({
      from: fromA,
      to: toA,
      insert: next.slice(fromB, toB),
    }));
    this.view.dispatch({ changes });
  }

  focus(): void {
    this.view.focus();
  }

  /** Show a text as a proposal, and return its hunks; none when it is the text that is there. */
  propose(text: string): readonly Hunk[] {
    const original = this.view.state.doc;
    this.replace(text);
    const shown = unifiedMergeView({ original, mergeControls: (kind) => this.#button(kind), diffConfig: DIFF });
    this.#isProposing = true;
    this.view.dispatch({ effects: this.#merge.reconfigure([shown, ownEdits]) });
    const hunks = this.#chunks().map((chunk) => this.#hunk(chunk));
    if (hunks.length === 0) this.#end();
    else this.#reveal(this.#chunks()[0]);
    return hunks;
  }

  /** Decide about the hunk at the cursor, else about the first one. */
  decideHere(decision: Decision): void {
    const chunk = this.#here() ?? this.#chunks()[0];
    if (!chunk) return;
    this.#decide(chunk, decision);
    const next = this.#chunks().find((one) => one.fromB >= this.view.state.selection.main.head) ?? this.#chunks()[0];
    if (next) this.#reveal(next);
  }

  decideAll(decision: Decision): void {
    for (let chunk = this.#chunks()[0]; chunk; chunk = this.#chunks()[0]) {
      const before = this.#chunks().length;
      this.#decide(chunk, decision);
      if (this.#chunks().length >= before) return; // what cannot be decided stays to be seen
    }
  }

  step(by: 1 | -1): void {
    (by === 1 ? goToNextChunk : goToPreviousChunk)(this.view);
    this.view.focus();
  }

  #settled(): Text {
    return this.#isProposing ? getOriginalDoc(this.view.state) : this.view.state.doc;
  }

  #chunks(): readonly Chunk[] {
    return getChunks(this.view.state)?.chunks ?? [];
  }

  #here(): Chunk | undefined {
    const at = this.view.state.selection.main.head;
    return this.#chunks().find((chunk) => chunk.fromB <= at && chunk.endB >= at);
  }

  #hunk(chunk: Chunk): Hunk {
    const { doc } = this.view.state;
    return {
      line: doc.lineAt(Math.min(chunk.fromB, doc.length)).number,
      oldText: getOriginalDoc(this.view.state).sliceString(chunk.fromA, chunk.endA, "\n"),
      newText: doc.sliceString(chunk.fromB, chunk.endB, "\n"),
    };
  }

  #decide(chunk: Chunk, decision: Decision): void {
    const hunk = this.#hunk(chunk);
    (decision === "accepted" ? acceptChunk : rejectChunk)(this.view, chunk.fromB);
    const left = this.#chunks().length;
    if (left === 0) this.#end();
    this.#listener.decided(hunk, decision, left);
    this.#listener.changed();
  }

  #end(): void {
    this.#isProposing = false;
    this.view.dispatch({ effects: this.#merge.reconfigure([]) });
  }

  #reveal(chunk: Chunk | undefined): void {
    if (!chunk) return;
    const selection = { anchor: Math.min(chunk.fromB, this.view.state.doc.length) };
    this.view.dispatch({ selection, effects: EditorView.scrollIntoView(selection.anchor, { y: "center" }) });
  }

  #button(kind: "accept" | "reject"): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.name = kind;
    button.textContent = kind === "accept" ? "Accept" : "Reject";
    button.setAttribute("aria-label", `${button.textContent} this change`);
    // A press would move the cursor before the click counts.
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      const at = this.view.posAtDOM(button.closest(".cm-deletedChunk") ?? button);
      const chunk = this.#chunks().find((one) => one.fromB <= at && one.endB >= at);
      if (chunk) this.#decide(chunk, kind === "accept" ? "accepted" : "rejected");
    });
    return button;
  }
}

/** Show, for reading only, how one text differs from another. */
export function differences(host: HTMLElement, before: string, after: string): EditorView {
  return new EditorView({
    parent: host,
    state: EditorState.create({
      doc: after,
      extensions: [
        common("Differences"),
        EditorState.readOnly.of(true),
        lineNumbers(),
        unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: {}, diffConfig: DIFF }),
      ],
    }),
  });
}

function common(label: string): Extension {
  return [
    cspNonce ? EditorView.cspNonce.of(cspNonce) : [],
    highlightSpecialChars(),
    drawSelection(),
    bracketMatching(),
    syntaxHighlighting(classHighlighter),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label, "data-autofocus": "" }),
  ];
}

function isTaken(event: KeyboardEvent): boolean {
  onKeyDown(event);
  return event.defaultPrevented;
}
