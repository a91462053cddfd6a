// Which models there are, which one answers, and why none does; for the composer and the first visit.

import { effect, signal } from "@preact/signals";

import { api } from "../net/api";
import { socket } from "../net/socket";
import { type Readiness, look, readiness } from "../shell/node_state";

export interface ModelShown {
  name: string;
  label: string;
  contextWindow: number | null;
  callsTools: boolean | null;
  thinks: boolean | null;
  current: boolean;
}

export interface ModelServer {
  address: string;
  provider: string | null;
  label: string | null;
  canPull: boolean;
  problem: string | null;
  models: ModelShown[];
}

export interface Providers {
  servers: ModelServer[];
  offer: { model: string; address: string } | null;
}

export const RULES = "rules";

export const providers = signal<Providers | null>(null);
/** Why the last choice of a model was not taken. */
export const modelProblem = signal<string | null>(null);

export async function askProviders(): Promise<void> {
  providers.value = await api<Providers>("GET", "/api/agent/providers").catch(() => providers.peek());
}

export async function chooseModel(model: string, url: string | null): Promise<void> {
  try {
    await api("PUT", "/api/agent/config", url === null ? { model } : { model, url });
    modelProblem.value = null;
  } catch (error) {
    modelProblem.value = error instanceof Error ? error.message : String(error);
  }
  await Promise.all([look(), askProviders()]);
}

/** Return why nothing can answer now, or null. */
export function reasonToWait(): Readiness | null {
  const now = readiness.value;
  return now?.state === "provider_unreachable" || now?.state === "node_down" ? now : null;
}

effect(() => {
  if (socket.state.value === "open") void askProviders();
});
socket.on("models", "server", () => void askProviders());
socket.on("models", "pull", ({ state }) => {
  if (state !== "running") void askProviders();
});
