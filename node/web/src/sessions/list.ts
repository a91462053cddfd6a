// The stored sessions, as the node lists them; asked for again when something may have changed.

import { signal } from "@preact/signals";

import { api } from "../net/api";
import { socket } from "../net/socket";

export interface Session {
  id: string;
  title: string;
  /** Seconds since 1970. */
  lastMessageAt: number;
  pinned: boolean;
  archived: boolean;
}

/** Pinned ones first, then those that were spoken in last; null until the node has told. */
export const sessions = signal<readonly Session[] | null>(null);

let isWatching = false;

/** Keep the list as it is with the node; begun once, by the first pane that shows it. */
export function watchSessions(): void {
  if (isWatching) return;
  isWatching = true;
  socket.on("agent", "queued", () => void look());
  socket.on("agent", "done", () => void look());
  socket.state.subscribe((state) => void (state === "open" && look()));
  window.addEventListener("focus", () => void look());
}

async function look(): Promise<void> {
  const all = await api<Session[]>("GET", "/api/chat/sessions").catch(() => null);
  if (all === null) return; // the status bar says that the node is away
  sessions.value = all
    .filter((session) => !session.archived)
    .sort((one, other) => Number(other.pinned) - Number(one.pinned) || other.lastMessageAt - one.lastMessageAt);
}
