// The node's record of its calls: subscribed to only while somebody looks, because it carries whole bodies.

import { effect } from "@preact/signals";

import type { Io } from "../wire.gen";
import { socket } from "./socket";

let watchers = 0;
let stop: (() => void) | null = null;

/** Hear of every call as it ends, until the returned function is called. */
export function onIo(handler: (io: Io) => void): () => void {
  const unhear = socket.on("telemetry", "io", handler);
  if (watchers++ === 0) {
    stop = effect(() => {
      if (socket.state.value === "open") socket.send({ channel: "telemetry", event: "subscribe", data: {} });
    });
  }
  return () => {
    unhear();
    if (--watchers > 0) return;
    stop?.();
    socket.send({ channel: "telemetry", event: "unsubscribe", data: {} });
  };
}
