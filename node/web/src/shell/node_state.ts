// What the node says of itself: who it is, what answers, how much the agent may do.

import { computed, effect, signal } from "@preact/signals";

import { currentSession } from "../conversation/current";
import { api } from "../net/api";
import { socket } from "../net/socket";
import type { Ask } from "../wire.gen";

/** How much the agent may do unasked. */
export type Mode = NonNullable<Ask["mode"]>;

export interface Readiness {
  state: "ready" | "unresolved" | "not_configured" | "provider_unreachable" | "node_down";
  text: string;
  remedy: string;
}

interface AgentStatus {
  readiness: Readiness;
  ifDown: Readiness;
  model: { provider: string; name: string; label: string; contextWindow: number | null } | null;
  /** In force in the current session. */
  mode: Mode;
  node: { name: string };
}

const POLL_MS = 15_000;
/** Known before the node has ever answered. */
const DOWN: Readiness = { state: "node_down", text: "the node does not answer", remedy: "start it with `palaver up`" };
const LOCKED: Readiness = { state: "node_down", text: "this page is locked", remedy: "open it anew with `palaver open`" };

export const agent = signal<AgentStatus | null>(null);

/** Whether turns can be answered and the one thing to do if not, for every place that shows it; null: not known yet. */
export const readiness = computed<Readiness | null>(() => {
  if (socket.isLocked.value) return LOCKED;
  if (socket.state.value === "lost") return agent.value?.ifDown ?? DOWN;
  return agent.value?.readiness ?? null;
});

export function watchNode(): void {
  socket.on("agent", "done", () => void look());
  socket.onChannel("models", () => void look());
  effect(() => {
    if (socket.state.value === "open") void look(currentSession.value);
  });
  setInterval(() => document.visibilityState === "visible" && void look(), POLL_MS);
}

/** Ask how it stands in a session; the current one, if none is named. */
export async function look(session = currentSession.peek()): Promise<void> {
  const about = session === null ? "" : `?sessionId=${encodeURIComponent(session)}`;
  // What cannot be asked stays as it was: the socket tells that the node is away.
  const status = await api<AgentStatus>("GET", `/api/agent/status${about}`).catch(() => null);
  if (status !== null && session === currentSession.peek()) agent.value = status;
}
