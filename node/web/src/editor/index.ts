// The editor's door for the rest of the cockpit.

import { lazy } from "../panes/lazy";
import { registerPane } from "../panes/registry";
import { openBuffer } from "./buffers";
import { addEditorCommands } from "./commands";
import { nameOf } from "./documents";
import { KIND, shownIn, watchPanes } from "./opening";
import { editorTools } from "./tools";

registerPane({
  id: KIND,
  title: "Editor",
  icon: "edit",
  component: lazy(async () => (await import("./editor")).Editor),
  place: "right",
  share: 0.5,
  tools: editorTools,
  titleOf: (params) => {
    const id = shownIn(params);
    if (id === null) return "";
    const name = params.uri ? nameOf(params.uri) : "Untitled";
    const buffer = openBuffer(id);
    if (buffer?.proposal.value) return `${name} – to decide`;
    return buffer?.isDirty.value ? `${name} •` : name;
  },
  context: (_, params) => {
    const buffer = openBuffer(shownIn(params) ?? "");
    if (!buffer?.surface.value || buffer.isPrivate.value) return null;
    return {
      title: buffer.name,
      ...(buffer.uri !== null && { uri: buffer.uri }),
      language: buffer.language,
      // Read only when it is wanted: a text may be long.
      get content() {
        return buffer.text();
      },
    };
  },
});
addEditorCommands();
// The layout is made by a module that is still being read.
queueMicrotask(watchPanes);
