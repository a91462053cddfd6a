// Text that was changed and not saved yet; kept in the browser, so that a reload or a closed pane loses none.

const KEY = "palaver.texts";
const TEXTS_MAX = 20;
const TEXT_MAX_CHARS = 200_000;

export interface Kept {
  readonly text: string;
  /** Of the document that was changed; null for a text that was never saved. */
  readonly revision: string | null;
  readonly at: number;
}

type All = Record<string, Kept>;
type Keeper = Pick<Storage, "getItem" | "setItem">;

export function keptText(id: string, store: Keeper = localStorage): Kept | null {
  return read(store)[id] ?? null;
}

/** Return what was never saved, the latest first. */
export function keptScratch(store: Keeper = localStorage): readonly { id: string; text: string }[] {
  return Object.entries(read(store))
    .filter(([id]) => id.startsWith("scratch:"))
    .toSorted(([, one], [, other]) => other.at - one.at)
    .map(([id, { text }]) => ({ id, text }));
}

/** Keep a text; of too many the oldest is dropped. One that is too long for the browser is not kept. */
export function keepText(id: string, text: Kept | null, store: Keeper = localStorage): void {
  const all = read(store);
  delete all[id];
  if (text && text.text.length <= TEXT_MAX_CHARS) all[id] = text;
  const newest = Object.entries(all).toSorted(([, one], [, other]) => other.at - one.at);
  try {
    store.setItem(KEY, JSON.stringify(Object.fromEntries(newest.slice(0, TEXTS_MAX))));
  } catch {
    // The text stays in the editor all the same.
  }
}

function read(store: Keeper): All {
  try {
    const kept: unknown = JSON.parse(store.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as All) : {};
  } catch {
    return {};
  }
}
