// Which sessions hold something that this browser has not shown yet.

const KEY = "palaver.seen";
const SEEN_MAX = 1_000;

type Keeper = Pick<Storage, "getItem" | "setItem">;

export interface Seen {
  /** What was said up to then counts as seen, in every session; null before the first list was shown. */
  readonly until: number | null;
  /** The time of the last message that was shown, by session, where it is later. */
  readonly sessions: Readonly<Record<string, number>>;
}

export const NOTHING: Seen = { until: null, sessions: {} };

/** Whether something was said in a session since it was shown. Times are the node's, so its clock alone counts. */
export function isUnread(seen: Seen, id: string, lastMessageAt: number): boolean {
  return seen.until !== null && lastMessageAt > Math.max(seen.until, seen.sessions[id] ?? 0);
}

export function withSeen(seen: Seen, id: string, lastMessageAt: number): Seen {
  if (!isUnread(seen, id, lastMessageAt)) return seen;
  return bounded({ ...seen, sessions: { ...seen.sessions, [id]: lastMessageAt } });
}

/** A browser that comes for the first time has missed nothing. */
export function begun(seen: Seen, latest: number): Seen {
  return seen.until === null ? { ...seen, until: latest } : seen;
}

/** Of too many, the oldest half counts as seen altogether. */
function bounded(seen: Seen): Seen {
  const all = Object.entries(seen.sessions);
  if (all.length <= SEEN_MAX) return seen;
  const newest = all.toSorted(([, one], [, other]) => other - one).slice(0, SEEN_MAX / 2);
  const oldest = newest.at(-1)?.[1] ?? 0;
  return { until: Math.max(seen.until ?? 0, oldest), sessions: Object.fromEntries(newest) };
}

export function readSeen(store: Keeper = localStorage): Seen {
  try {
    const kept: unknown = JSON.parse(store.getItem(KEY) ?? "null");
    return isSeen(kept) ? kept : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** A full or forbidden storage keeps nothing; the marks then hold for this page. */
export function keepSeen(seen: Seen, store: Keeper = localStorage): void {
  try {
    store.setItem(KEY, JSON.stringify(seen));
  } catch {
    // Nothing is lost but marks.
  }
}

function isSeen(kept: unknown): kept is Seen {
  if (typeof kept !== "object" || kept === null || !("until" in kept) || !("sessions" in kept)) return false;
  return (kept.until === null || typeof kept.until === "number") && typeof kept.sessions === "object" && kept.sessions !== null;
}
