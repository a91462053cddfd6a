// The addresses of all documents, as last heard; asked for again in the background when they may have changed.

import { signal } from "@preact/signals";

import { listEverything } from "./documents";

const FRESH_MS = 10_000;

const known = signal<readonly string[]>([]);
/** Whether the node named only a part. */
export const isPartOnly = signal(false);
let heardAt = -FRESH_MS;

/** Return what is known now; a newer list comes by itself. */
export function everything(): readonly string[] {
  if (performance.now() - heardAt > FRESH_MS) void lookForAll();
  return known.value;
}

/** Return what is known, but wait for the node where nothing was heard yet. */
export async function everythingHeard(): Promise<readonly string[]> {
  if (known.peek().length === 0) await lookForAll();
  return everything();
}

export async function lookForAll(): Promise<void> {
  heardAt = performance.now();
  const all = await listEverything().catch(() => null);
  if (!all) return; // the status bar says that the node is away
  isPartOnly.value = all.more;
  known.value = [...all.notes.map((name) => `note:${name}`), ...all.files.map((path) => `file:${path}`)];
}
