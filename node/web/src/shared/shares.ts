// The folders that peers' asks may search and read, as the node tells of them.

import { signal } from "@preact/signals";

import { api } from "../net/api";

export interface Share {
  folder: string;
  /** Under what name peers see it. */
  label: string;
  /** Null: every peer that may read what is shared. */
  peers: readonly { nodeId: string; label: string }[] | null;
  /** Seconds since 1970; null while its files are read for the first time. */
  scannedAt: number | null;
  files: number;
  passages: number;
  /** How many files are left out, by reason. */
  skipped: Readonly<Record<string, number>>;
  /** The first of them. */
  skippedFiles: readonly { file: string; reason: string }[];
  /** Why the folder itself cannot be read; blank when it can. */
  problem: string;
  /** Who else can read its files, through a shared folder that it lies in; a sentence for each of those. */
  alsoReadable: readonly string[];
}

export interface Passage {
  file: string;
  first: number;
  last: number;
  unit: string;
  heading: string;
  text: string;
}

export interface Found {
  /** Whether the peer may search what is shared at all. */
  allowed: boolean;
  passages: readonly Passage[];
}

const ALL = "all";

/** Null until the node has told. */
export const shares = signal<readonly Share[] | null>(null);

export async function look(): Promise<void> {
  const told = await api<Share[]>("GET", "/api/network/shares").catch(() => null);
  if (told !== null) shares.value = told; // else the pane says that the node is away
}

/** Share a folder, or change with whom; `peers` null is every peer that may read what is shared. */
export async function share(folder: string, peers: readonly string[] | null): Promise<void> {
  await api("POST", "/api/network/shares", { folder, with: peers ?? [ALL] });
  await look();
}

export async function unshare(folder: string): Promise<void> {
  await api("DELETE", "/api/network/shares", { folder });
  await look();
}

/** Search as this peer's asks do; blank: all that is shared. */
export function search(query: string, peer: string): Promise<Found> {
  return api("GET", `/api/network/shares/search?${new URLSearchParams({ query, ...(peer && { peer }) })}`);
}
