// Where documents are opened: in the pane that shows them, an empty editor, or a new one.

import { effect } from "@preact/signals";

import { layout } from "../shell/cockpit";
import { type Pane, type Refusal, groupOf, panesOf } from "../layout/model";
import * as operations from "../layout/operations";
import type { PaneParams } from "../panes/registry";
import { askText } from "../shell/ask_text";
import { type Buffer, SCRATCH, allBuffers, dropBuffer, openBuffer } from "./buffers";
import { addressOf, writeDocument } from "./documents";

export const KIND = "editor";
const URI_MAX_CHARS = 1_000;

/** Return what an editor shows; null when it is empty. */
export function shownIn(params: PaneParams): string | null {
  return params.uri ?? params.scratch ?? null;
}

export function editors(): readonly Pane[] {
  return panesOf(layout.layout.value).filter(({ kind }) => kind === KIND);
}

export function editorOf(id: string): Pane | undefined {
  return editors().find(({ params }) => shownIn(params) === id);
}

/** Return the document that the owner works at: in the active editor, else in the only one. */
export function activeBuffer(): Buffer | undefined {
  const active = layout.active.value;
  const open = editors().filter(({ params }) => shownIn(params) !== null);
  const pane = open.find(({ id }) => id === active?.id) ?? (open.length === 1 ? open[0] : undefined);
  return pane && openBuffer(shownIn(pane.params) ?? "");
}

/** Show a document and return its pane's id; only what the owner asked for takes the keyboard. */
export function openDocument(id: string, { focus, into }: { focus: boolean; into?: string }): string | Refusal {
  const there = editorOf(id);
  if (there) return shown(there.id, focus);
  const params: PaneParams = id.startsWith(SCRATCH) ? { scratch: id } : { uri: id };
  const empty = editors().find((pane) => (into ? pane.id === into : shownIn(pane.params) === null));
  if (!empty) return openPane(params, focus);
  return layout.do((now) => operations.retarget(now, empty.id, params)) ?? shown(empty.id, focus);
}

/** Open an editor: with the others, else beside the conversation, so that both are seen. */
export function openPane(params: PaneParams, focus: boolean): string | Refusal {
  const all = panesOf(layout.layout.peek());
  const group = groupOf(layout.layout.peek(), all.find(({ kind }) => kind === KIND)?.id ?? "");
  const beside = all.find(({ kind }) => kind === "conversation")?.id;
  if (group) return layout.open(KIND, { params, focus, where: { group: group.id } });
  return layout.open(KIND, { params, focus, ...(beside ? { where: { beside, side: "right" } } : {}) });
}

function shown(paneId: string, focus: boolean): string {
  layout.show(paneId, focus);
  return paneId;
}

export function newText(into?: string): void {
  openDocument(`${SCRATCH}${crypto.randomUUID()}`, { focus: true, ...(into ? { into } : {}) });
}

/** Give a text its place, and go on with it there. */
export async function saveAs(buffer: Buffer): Promise<void> {
  const label = "A note, as note:bread, or a path in the workspace, as docs/plan.md";
  const said = await askText("Save this text", { label, button: "Save", value: "note:", maxChars: URI_MAX_CHARS });
  if (!said || said === "note:") return;
  const uri = addressOf(said);
  try {
    await writeDocument(uri, buffer.surface.peek()?.fileText() ?? "", null);
  } catch (problem) {
    buffer.problem.value = `Not saved: ${problem instanceof Error ? problem.message : String(problem)}`;
    return;
  }
  const pane = editorOf(buffer.id);
  buffer.isDirty.value = false;
  if (pane) openDocument(uri, { focus: true, into: pane.id });
  dropBuffer(buffer.id);
}

export function save(buffer: Buffer): Promise<void> {
  return buffer.uri === null ? saveAs(buffer) : buffer.save();
}

/** Let go of the documents whose panes are closed; those of another workspace stay. */
export function watchPanes(): void {
  let before: { workspace: string; ids: readonly string[] } = { workspace: "", ids: [] };
  effect(() => {
    const workspace = layout.shown.value;
    const ids = editors().flatMap(({ params }) => shownIn(params) ?? []);
    if (workspace === before.workspace) before.ids.filter((id) => !ids.includes(id)).forEach(dropBuffer);
    before = { workspace, ids };
  });
  window.addEventListener("focus", () => allBuffers().forEach((buffer) => void buffer.lookAgain()));
  window.addEventListener("pagehide", () => allBuffers().forEach((buffer) => buffer.keep()));
}
