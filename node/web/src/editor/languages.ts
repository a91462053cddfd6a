// The languages that are coloured; each is fetched when a document needs it.

import type { Extension } from "@codemirror/state";

const languages: Readonly<Record<string, () => Promise<Extension>>> = {
  markdown: async () => (await import("@codemirror/lang-markdown")).markdown(),
  json: async () => (await import("@codemirror/lang-json")).json(),
  python: async () => (await import("@codemirror/lang-python")).python(),
};

/** Return the language's extension; plain text without one, also when it cannot be fetched. */
export async function languageOf(name: string): Promise<Extension> {
  return (await languages[name]?.().catch(() => [])) ?? [];
}
