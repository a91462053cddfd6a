// Fetching a model, with how far it is; the other pages hear of it on the socket.

import { signal } from "@preact/signals";

import { request } from "../net/api";
import { socket } from "../net/socket";
import type { Pull } from "../wire.gen";
import { chooseModel } from "./models";

/** The pull that goes on or ended last, whoever began it. */
export const pulling = signal<Pull | null>(null);

let own: AbortController | null = null;

socket.on("models", "pull", (pull) => {
  pulling.value = pull;
});

/** Fetch a model, and answer with it once it is there. */
export async function pull(model: string, address: string): Promise<void> {
  own?.abort();
  const stop = (own = new AbortController());
  pulling.value = { model, state: "running", status: "starting", total: null, completed: null };
  try {
    const response = await request("/api/agent/pull", { method: "POST", body: JSON.stringify({ model }), signal: stop.signal });
    // The node fetches as long as somebody reads; how far it is comes on the socket, to every page alike.
    await response.text();
    if (pulling.peek()?.state !== "failed") await chooseModel(model, address);
  } catch (error) {
    if (stop.signal.aborted) return;
    const status = error instanceof Error ? error.message : String(error);
    pulling.value = { model, state: "failed", status, total: null, completed: null };
  }
}

export function stopPull(): void {
  own?.abort();
}

/** Whether this page began the pull, and may stop it. */
export function isOwnPull(): boolean {
  return own !== null && !own.signal.aborted;
}
