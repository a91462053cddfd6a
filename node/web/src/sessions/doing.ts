// Where something goes on: the sessions whose turns run, wait in line, or ask their owner, as the socket tells.

import { effect, signal } from "@preact/signals";

import { socket } from "../net/socket";
import type { SessionShown } from "../wire.gen";

export type Doing = NonNullable<SessionShown["doing"]>;

/** By session; what is not in it rests. */
export const doing = signal<ReadonlyMap<string, { what: Doing; waiting: number }>>(new Map());

let isWatching = false;

/** Be told of the sessions that change, from now on and after every reconnect. */
export function watchDoing(): void {
  if (isWatching) return;
  isWatching = true;
  socket.on("sessions", "changed", ({ sessions, gone }) => {
    const now = new Map(doing.peek());
    for (const { id, doing, waiting } of sessions) doing === null ? now.delete(id) : now.set(id, { what: doing, waiting });
    for (const id of gone) now.delete(id);
    doing.value = now;
  });
  effect(() => {
    if (socket.state.value === "lost") doing.value = new Map();
    if (socket.state.value === "open") socket.send({ channel: "sessions", event: "subscribe", data: {} });
  });
}
