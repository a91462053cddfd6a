// What the status bar says of the node: who it is, what answers, who is connected.

import { signal } from "@preact/signals";

import { api } from "../net/api";
import { socket } from "../net/socket";

export interface Readiness {
  state: "ready" | "unresolved" | "not_configured" | "provider_unreachable" | "node_down";
  text: string;
  remedy: string;
}

interface AgentStatus {
  readiness: Readiness;
  ifDown: Readiness;
  model: { provider: string; name: string; label: string; contextWindow: number | null } | null;
  node: { name: string };
}

const POLL_MS = 15_000;
/** Known before the node has ever answered. */
const DOWN: Readiness = { state: "node_down", text: "the node does not answer", remedy: "start it with `palaver up`" };

export const agent = signal<AgentStatus | null>(null);
export const readiness = signal<Readiness | null>(null);
export const peersConnected = signal<number | null>(null);

export function watchNode(): void {
  socket.on("agent", "done", () => void look());
  socket.onChannel("models", () => void look());
  socket.state.subscribe((state) => {
    if (state === "open") void look();
    if (state === "lost") readiness.value = agent.peek()?.ifDown ?? DOWN;
  });
  setInterval(() => document.visibilityState === "visible" && void look(), POLL_MS);
}

export async function look(): Promise<void> {
  const [status, peers] = await Promise.allSettled([
    api<AgentStatus>("GET", "/api/agent/status"),
    api<{ connected: boolean }[]>("GET", "/api/network/peers"),
  ]);
  if (status.status === "fulfilled") {
    agent.value = status.value;
    readiness.value = status.value.readiness;
  }
  if (peers.status === "fulfilled") peersConnected.value = peers.value.filter((peer) => peer.connected).length;
}
