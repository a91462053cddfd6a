// Who is there, what peers ask and how pairing stands, as the node tells it; asked for again at each change.

import { batch, computed, signal } from "@preact/signals";

import { api } from "../net/api";
import { socket } from "../net/socket";
import type { InboundShown } from "../wire.gen";

export type Grant = "ask" | "shared" | "notes" | "model";
export type PeerState = "seen" | "pending" | "trusted" | "blocked";

export interface Peer {
  nodeId: string;
  /** What it calls itself. */
  name: string;
  petName: string;
  /** What the owner calls it, else its name; blank for a node that was only seen. */
  label: string;
  fingerprint: string;
  state: PeerState;
  addresses: readonly string[];
  /** Seconds since 1970. */
  lastSeen: number | null;
  connected: boolean;
  capabilities: readonly string[];
  rttMs: number | null;
  /** Its own; null: those of peers in general. */
  grants: readonly Grant[] | null;
  /** What is in force now. */
  granted: readonly Grant[];
}

export interface Identity {
  nodeId: string;
  name: string;
  fingerprint: string;
  peerAddress: string;
}

export interface Comparison {
  peerId: string;
  name: string;
  code: string;
  fingerprint: string;
  role: "dialler" | "listener";
  state: "undecided" | "agreed" | "paired" | "refused";
  reason: string;
  expiresAt: number;
}

export interface Pairing {
  openUntil: number | null;
  pausedUntil: number | null;
  comparison: Comparison | null;
}

export interface KeyChange {
  peerId: string;
  name: string;
  fingerprint: string;
  newId: string;
  newFingerprint: string;
}

export interface Discovery {
  enabled: boolean;
  hidden: boolean;
  interfaces: readonly { name: string; address: string }[];
  announced: readonly string[];
  found: number;
  problem: string | null;
}

export type NetworkSetting =
  | "network.allowRemoteAgent"
  | "network.defaultGrants"
  | "network.enableLanDiscovery"
  | "network.lendModel";

/** Null until the node has told. */
export const peers = signal<readonly Peer[] | null>(null);
export const identity = signal<Identity | null>(null);
export const pairing = signal<Pairing | null>(null);
export const keyChanges = signal<readonly KeyChange[]>([]);
export const discovery = signal<Discovery | null>(null);
export const inbound = signal<readonly InboundShown[]>([]);
export const settings = signal<ReadonlyMap<string, unknown>>(new Map());
/** Counts the asks that began or ended, in either direction. */
export const asksHeard = signal(0);
/** The asks that are out from here, by peer. */
export const outgoing = signal<ReadonlyMap<string, string>>(new Map());

export const trusted = computed(() => peers.value?.filter((peer) => peer.state === "trusted") ?? []);
export const asksAllowed = computed(() => settings.value.get("network.allowRemoteAgent") === true);

export function peerOf(nodeId: string): Peer | undefined {
  return peers.value?.find((peer) => peer.nodeId === nodeId);
}

/** Return what a person calls a node: its label, else the start of its id. */
export function nameOf(nodeId: string): string {
  if (nodeId === identity.value?.nodeId) return "this node";
  return peerOf(nodeId)?.label || nodeId.slice(0, 8);
}

/** Follow the network from now on; a comparison that another owner begins is seen whatever is open. */
function watch(): void {
  socket.on("network", "changed", (now) => {
    inbound.value = now.inbound;
    void look();
  });
  socket.on("network", "collaboration", ({ id, source, target, state }) => {
    asksHeard.value++;
    if (source !== identity.peek()?.nodeId) return;
    const next = new Map(outgoing.peek());
    if (state === "started") next.set(id, target);
    else next.delete(id);
    outgoing.value = next;
  });
  socket.state.subscribe((state) => {
    if (state !== "open") return;
    outgoing.value = new Map();
    // The answer is the first `changed`, which asks for the rest.
    socket.send({ channel: "network", event: "subscribe", data: {} });
    asksHeard.value++;
  });
}

let looking: Promise<void> | null = null;
let isStale = false;

/** Ask how everything stands; changes that come meanwhile are asked for once more, together. */
export function look(): Promise<void> {
  isStale = true;
  looking ??= lookUntilFresh().finally(() => {
    looking = null;
  });
  return looking;
}

async function lookUntilFresh(): Promise<void> {
  while (isStale) {
    isStale = false;
    const told = await Promise.all([
      tell("/api/network/peers", (all: Peer[]) => (peers.value = all.sort(byNearness))),
      tell("/api/network/identity", (who: Identity) => (identity.value = who)),
      tell("/api/network/pairing", (now: Pairing) => (pairing.value = now)),
      tell("/api/network/key-changes", (all: KeyChange[]) => (keyChanges.value = all)),
      tell("/api/network/discovery", (now: Discovery) => (discovery.value = now)),
      tell("/api/settings", (all: { key: string; value: unknown }[]) => {
        settings.value = new Map(all.map(({ key, value }) => [key, value]));
      }),
    ]);
    // In one step, so that nothing moves from under a pointer while the rest is still on its way.
    batch(() => told.forEach((take) => take()));
  }
}

/** Change a setting of the network, and see what follows of it. */
export async function choose(key: NetworkSetting, value: unknown): Promise<void> {
  await api("PUT", `/api/settings/${key}`, { value });
  await look();
}

/** Fetch, and return how to take what came; what cannot be asked stays as it was: the pane says that the node is away. */
async function tell<T>(path: string, take: (told: T) => unknown): Promise<() => unknown> {
  const told = await api<T>("GET", path).catch(() => undefined);
  return () => told !== undefined && take(told);
}

const ORDER: readonly PeerState[] = ["pending", "trusted", "seen", "blocked"];

function byNearness(one: Peer, other: Peer): number {
  return (
    ORDER.indexOf(one.state) - ORDER.indexOf(other.state) ||
    Number(other.connected) - Number(one.connected) ||
    (one.label || one.nodeId).localeCompare(other.label || other.nodeId)
  );
}

watch();
