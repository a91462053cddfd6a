// How the list of sessions stands after some of them changed. Pure.

import type { SessionShown } from "../wire.gen";

/** A session as a list shows it; what goes on in it is told on the socket alone. */
export type Session = Omit<SessionShown, "doing" | "waiting">;

export interface Change {
  readonly sessions: readonly Session[];
  /** Ids of those that were deleted. */
  readonly gone: readonly string[];
}

/** Part of the node's list, from its beginning on. */
export interface Listed {
  readonly sessions: readonly Session[];
  /** Whether more of them stand behind these. */
  readonly hasMore: boolean;
}

/** Return the list with the changed ones in their places; one that belongs behind the known part is left out. */
export function withChange(listed: Listed, change: Change, isArchived: boolean): Listed {
  const moved = new Set([...change.gone, ...change.sessions.map(({ id }) => id)]);
  const stay = listed.sessions.filter(({ id }) => !moved.has(id));
  const last = listed.sessions.at(-1);
  const come = change.sessions.filter(
    (session) => session.archived === isArchived && (!listed.hasMore || (last !== undefined && inOrder(session, last) <= 0)),
  );
  return { sessions: [...stay, ...come].sort(inOrder), hasMore: listed.hasMore };
}

/** Return the list with its next page, of which some may be known already. */
export function withPage(listed: Listed, page: readonly Session[], size: number): Listed {
  const known = new Set(listed.sessions.map(({ id }) => id));
  const fresh = page.filter(({ id }) => !known.has(id));
  return { sessions: [...listed.sessions, ...fresh], hasMore: page.length >= size };
}

/** Pinned ones first, then those that were spoken in last. */
function inOrder(one: Session, other: Session): number {
  return Number(other.pinned) - Number(one.pinned) || other.lastMessageAt - one.lastMessageAt;
}
