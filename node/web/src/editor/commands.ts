// What the keyboard and the palette can do with documents.

import { registerCommands } from "../commands/registry";
import { registerTargets } from "../commands/targets";
import { everythingHeard } from "./everything";
import { KIND, activeBuffer, editors, newText, openDocument, openPane, save, shownIn } from "./opening";
import { layout } from "../shell/cockpit";
import type { Decision } from "./surface";

export function addEditorCommands(): void {
  const isProposed = (): boolean => (activeBuffer()?.proposal.value ?? null) !== null;
  const decided = (id: string, title: string, how: Decision, all: boolean) => ({
    id: `editor.${id}`,
    title,
    when: isProposed,
    run: () => {
      const surface = activeBuffer()?.surface.peek();
      if (all) surface?.decideAll(how);
      else surface?.decideHere(how);
    },
  });
  registerCommands(
    { id: "editor.find", title: "Open a file or note", keys: "Ctrl+Alt+O", run: find },
    { id: "editor.new", title: "New text", run: () => newText() },
    {
      id: "editor.save",
      title: "Save",
      keys: "Ctrl+S",
      when: () => layout.active.value?.kind === KIND && activeBuffer() !== undefined,
      run: () => {
        const buffer = activeBuffer();
        return buffer && save(buffer);
      },
    },
    { ...decided("acceptHunk", "Accept the proposed change", "accepted", false), keys: "Ctrl+Alt+Y" },
    { ...decided("rejectHunk", "Reject the proposed change", "rejected", false), keys: "Ctrl+Alt+N" },
    decided("acceptAll", "Accept everything that is proposed", "accepted", true),
    decided("rejectAll", "Reject everything that is proposed", "rejected", true),
  );
  registerTargets(async () =>
    (await everythingHeard()).map((uri) => ({
      kind: uri.startsWith("note:") ? "note" : "file",
      id: uri,
      title: uri.replace(/^(?:file|note):/, ""),
      icon: "file" as const,
      show: (focus: boolean) => openDocument(uri, { focus }),
    })),
  );
}

/** Go to an empty editor, where documents are chosen. */
function find(): void {
  const empty = editors().find(({ params }) => shownIn(params) === null);
  if (empty) layout.focus(empty.id);
  else openPane({}, true);
}
