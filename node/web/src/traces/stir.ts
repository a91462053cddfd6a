// Tells views that ask the node how things stand when it is time to ask again.

import { effect } from "@preact/signals";

import { socket } from "../net/socket";
import type { NodeFrame } from "../wire.gen";

/** Changes that come within this time are asked for once. */
const COALESCE_MS = 150;
const STREAMED = new Set<string>(["token", "reasoning", "tools"]);

/** Call back soon after something may have changed in any turn, until the returned function is called. */
export function onStir(callback: () => void): () => void {
  subscribe();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stir = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      callback();
    }, COALESCE_MS);
  };
  const stops = [
    socket.onChannel("agent", ({ event }: NodeFrame) => {
      if (!STREAMED.has(event)) stir();
    }),
    socket.onChannel("sessions", stir),
    socket.on("network", "collaboration", stir),
    socket.state.subscribe((state) => {
      if (state === "open") stir();
    }),
  ];
  return () => {
    clearTimeout(timer);
    stops.forEach((stop) => stop());
  };
}

let isSubscribed = false;

/** Hear of sessions and asks that no pane of this page follows, now and after every reconnect. */
function subscribe(): void {
  if (isSubscribed) return;
  isSubscribed = true;
  effect(() => {
    if (socket.state.value !== "open") return;
    socket.send({ channel: "sessions", event: "subscribe", data: {} });
    socket.send({ channel: "network", event: "subscribe", data: {} });
  });
}
