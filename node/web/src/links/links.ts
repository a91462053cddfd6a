// The chat links: where others can read conversations.

import { signal } from "@preact/signals";

import { api } from "../net/api";

export type Reach = "loopback" | "lan";

export interface Link {
  id: string;
  sessionId: string;
  title: string;
  reach: Reach;
  /** Where it is served now, as `127.0.0.1:40123`. */
  addresses: readonly string[];
  follows: boolean;
  details: boolean;
  createdAt: number;
  expiresAt: number;
  reads: number;
  lastReadAt: number | null;
}

/** What only the answer to its making has: the address holds the secret. */
export interface MadeLink extends Link {
  url: string;
  qr: { size: number; path: string };
}

export interface Wishes {
  reach: Reach;
  hours: number;
  follows: boolean;
  details: boolean;
}

const ROOT = "/api/chat/links";

/** Null until the node has told. */
export const links = signal<readonly Link[] | null>(null);

export async function look(): Promise<void> {
  const told = await api<Link[]>("GET", ROOT).catch(() => null);
  if (told !== null) links.value = told; // else the pane says that the node is away
}

export async function make(sessionId: string, wishes: Wishes): Promise<MadeLink> {
  const made = await api<MadeLink>("POST", `/api/chat/sessions/${encodeURIComponent(sessionId)}/links`, wishes);
  void look();
  return made;
}

export async function revoke(id: string): Promise<void> {
  await api("DELETE", `${ROOT}/${id}`);
  await look();
}

/** Return the hours after which a link usually ends. */
export async function usualHours(): Promise<number> {
  const { value } = await api<{ value: number }>("GET", "/api/settings/chat.linkHours");
  return value;
}
