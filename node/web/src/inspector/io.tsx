// What the node sent and heard: calls of model servers and peers, by peers and clients, as they end.

import { useEffect, useState } from "preact/hooks";

import { duration } from "../conversation/numbers";
import { api } from "../net/api";
import { onIo } from "../net/telemetry";
import { clockTime } from "../traces/clock";
import { StateMark } from "../traces/states";
import type { Io } from "../wire.gen";
import { Block, pretty } from "./call";

const KEPT = 200;
const KINDS: readonly (readonly [Io["kind"] | "", string])[] = [
  ["", "Everything"], ["model", "Model servers"], ["peer", "Peers"],
  ["turn", "Turns"], ["frame", "Frames of clients"], ["http", "HTTP requests"],
]; // prettier-ignore
const DIRECTIONS: Readonly<Record<Io["direction"], string>> = { outbound: "out", inbound: "in", client: "turn" };

export function IoLog() {
  const [events, setEvents] = useState<readonly Io[] | null>(null);
  const [kind, setKind] = useState<Io["kind"] | "">("");
  useEffect(() => {
    void api<{ events: Io[] }>("GET", `/api/telemetry?limit=${KEPT}`).then(
      (told) => setEvents((live) => withEvents(told.events, live ?? [])),
      () => setEvents((live) => live ?? []), // the status bar says that the node is away
    );
    return onIo((io) => setEvents((before) => withEvents(before ?? [], [io])));
  }, []);
  const shown = events?.filter((io) => kind === "" || io.kind === kind);
  return (
    <div class="io">
      <select aria-label="Which calls" value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value as Io["kind"] | "")}>
        {KINDS.map(([value, name]) => (
          <option key={value} value={value}>{name}</option>
        ))}
      </select>
      {shown?.length === 0 && <p class="empty">Nothing of this kind since the node started. Credentials are never shown.</p>}
      <ol class="calls-made" aria-label="Calls, the latest first">
        {shown?.toReversed().map((io) => <Row key={io.id} io={io} />)}
      </ol>
    </div>
  );
}

/** The last ones, each once, in their order. */
function withEvents(before: readonly Io[], more: readonly Io[]): readonly Io[] {
  const known = new Map([...before, ...more].map((io) => [io.id, io]));
  return [...known.values()].sort((one, other) => one.id - other.id).slice(-KEPT);
}

function Row({ io }: { io: Io }) {
  const [isOpen, setOpen] = useState(false);
  const state = io.error ? "failed" : "ok";
  return (
    <li>
      <details class="traced-call" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <StateMark look={{ icon: io.error ? "close" : "check", text: String(io.status) }} state={state} />
          <span class="way">{DIRECTIONS[io.direction]}</span>
          <code>{io.method}</code>
          <span class="short">{io.target}</span>
          <span class="time">{duration(io.ms)}</span>
        </summary>
        {isOpen && <Detail io={io} />}
      </details>
    </li>
  );
}

function Detail({ io }: { io: Io }) {
  const sent = io.direction === "outbound" ? io.bodyOut : io.bodyIn;
  const answered = io.direction === "outbound" ? io.bodyIn : io.bodyOut;
  return (
    <div class="detail">
      <p class="soft">
        {clockTime(io.at)} · {io.status} · {io.bytesIn.toLocaleString()} bytes in, {io.bytesOut.toLocaleString()} out
      </p>
      <p class="target">{io.target}</p>
      {io.error && <p class="problem">{io.error}</p>}
      {io.dropped > 0 && <p class="caution">{io.dropped} calls before this one are not shown: this page read too slowly.</p>}
      {Object.keys(io.headers).length > 0 && <Block level={3} title="Headers" text={pretty(io.headers)} />}
      {sent && <Block level={3} title="Request" text={pretty(sent)} />}
      {answered && <Block level={3} title="Answer" text={pretty(answered)} />}
    </div>
  );
}
