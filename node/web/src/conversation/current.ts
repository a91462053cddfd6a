// Which session the page shows: the one that was active last, on this page or in the node's memory.

import { signal } from "@preact/signals";

import { api, request } from "../net/api";

/** Null until it is known. */
export const currentSession = signal<string | null>(null);

/** Sessions that this page began; the node knows them from their first message on. */
const fresh = new Set<string>();
let isAsked = false;

/** Find out which session to show first; asked once. */
export async function findCurrent(): Promise<void> {
  if (isAsked) return;
  isAsked = true;
  const { id } = await api<{ id: string | null }>("GET", "/api/chat/sessions/active").catch(() => ({ id: null }));
  currentSession.value ??= id ?? begun();
}

/** Whether there is nothing to read of a session yet. */
export function isFresh(id: string): boolean {
  return fresh.has(id);
}

function begun(): string {
  const id = crypto.randomUUID();
  fresh.add(id);
  return id;
}

/** Show a session, now and on the next visit. */
export function openSession(id: string): void {
  currentSession.value = id;
  remember(id);
}

/** Begin a new conversation; the node stores it with its first message. */
export function newSession(): string {
  const id = begun();
  currentSession.value = id;
  remember(null);
  return id;
}

/** Tell the node which session to show first, also when the page goes at once. A failure costs nothing but that. */
export function remember(id: string | null): void {
  const told = { method: "PUT", body: JSON.stringify({ id }), keepalive: true };
  void request("/api/chat/sessions/active", told).catch(() => {});
}
