// What the agent may do with the editor: look, open, and propose. What it proposes is the owner's to accept and save.

import type { PaneTool } from "../panes/registry";

/** What they do is fetched with the first call. */
const acting = () => import("./acting");

const WHICH = {
  uri: { type: "string", description: "address of an open buffer, from editor.list" },
  instanceId: { type: "string", description: "its pane, instead of uri" },
};
const line = (description: string) => ({ type: "integer", minimum: 1, description });

export const editorTools: readonly PaneTool[] = [
  {
    name: "editor.list",
    description: "List the files and notes that are open in the owner's editor.",
    params: { type: "object", properties: {}, additionalProperties: false },
    reads: true,
    run: async () => (await acting()).list(),
  },
  {
    name: "editor.open",
    description: "Open a text file of the workspace, or a note, in the owner's editor.",
    params: {
      type: "object",
      properties: { path: { type: "string", description: "path from the workspace on, as docs/plan.md, or note:NAME" } },
      required: ["path"],
      additionalProperties: false,
    },
    reads: true,
    path: "path",
    run: async (args) => (await acting()).open(args),
  },
  {
    name: "editor.read",
    description: "Read what is open in the owner's editor, as it stands there.",
    params: {
      type: "object",
      properties: { ...WHICH, fromLine: line("first line, from 1"), toLine: line("last line") },
      additionalProperties: false,
    },
    reads: true,
    run: async (args) => (await acting()).read(args),
  },
  {
    name: "editor.proposeEdit",
    description:
      "Change, fix or rewrite code or text in an open buffer: shows the owner your edits to accept or reject one by one." +
      " Writes nothing itself.",
    params: {
      type: "object",
      properties: {
        ...WHICH,
        edits: {
          type: "array",
          description: "replacements; every oldText must be in the buffer exactly once",
          items: {
            type: "object",
            properties: { oldText: { type: "string" }, newText: { type: "string" } },
            required: ["oldText", "newText"],
          },
        },
        newContent: { type: "string", description: "the whole new text, instead of edits" },
        summary: { type: "string", description: "what changes, in one line" },
      },
      additionalProperties: false,
    },
    // It shows a proposal; only the owner's own hand accepts and saves it.
    reads: true,
    run: async (args) => (await acting()).proposeEdit(args),
  },
];
