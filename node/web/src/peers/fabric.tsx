// The fabric as a picture: this node, its peers, and what is asked between them just now. The table says the same.

import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import { type Peer, identity, inbound, outgoing, peers } from "./network";
import type { placed } from "./positions";
import { selected } from "./selection";

const SHOWN_MAX = 40;
const NAME_MAX_CHARS = 14;
const FAR = { trusted: 78, pending: 96, seen: 118, blocked: 136 } as const;
const MARGIN = 34;
const LEAST = { width: 320, height: 160 };

/** Fetched when the first picture is drawn. */
const place = signal<typeof placed | null>(null);

export function Fabric() {
  useEffect(() => {
    if (!place.peek()) void import("./positions").then((module) => (place.value = module.placed), () => {});
  }, []);
  const shown = (peers.value ?? []).slice(0, SHOWN_MAX);
  const bodies = shown.map((peer) => ({ id: peer.nodeId, far: FAR[peer.state] }));
  const shape = bodies.map(({ id, far }) => `${id} ${far}`).join();
  const places = useMemo(() => place.value?.(bodies) ?? [], [place.value, shape]);
  if (places.length === 0) return null;
  const at = new Map(places.map((one) => [one.id, one]));
  const { x, y, width, height } = frame(places);
  return (
    <svg class="fabric" viewBox={`${x} ${y} ${width} ${height}`} aria-hidden="true" focusable="false">
      {shown.map((peer) => {
        const to = at.get(peer.nodeId);
        return to && <Edge key={peer.nodeId} peer={peer} x={to.x} y={to.y} />;
      })}
      <g class="own">
        <circle r="15" />
        <text y="30">{clipped(identity.value?.name ?? "this node")}</text>
      </g>
      {shown.map((peer) => {
        const to = at.get(peer.nodeId);
        return to && <Node key={peer.nodeId} peer={peer} x={to.x} y={to.y} />;
      })}
    </svg>
  );
}

/** A line to whom this node trusts; dots run along it while one asks the other. */
function Edge({ peer, x, y }: { peer: Peer; x: number; y: number }) {
  if (peer.state !== "trusted" && peer.state !== "pending") return null;
  const asksHere = inbound.value.some((ask) => ask.nodeId === peer.nodeId);
  const isAsked = [...outgoing.value.values()].includes(peer.nodeId);
  return (
    <g class="edge" data-connected={peer.connected} data-state={peer.state}>
      <line x2={x} y2={y} />
      {asksHere && <line class="asking" x1={x} y1={y} x2={0} y2={0} />}
      {isAsked && <line class="asking" x2={x} y2={y} />}
    </g>
  );
}

function Node({ peer, x, y }: { peer: Peer; x: number; y: number }) {
  return (
    <g
      class="node"
      data-state={peer.state}
      data-connected={peer.connected}
      data-selected={selected.value === peer.nodeId || undefined}
      transform={`translate(${x} ${y})`}
      onClick={() => (selected.value = peer.nodeId)}
    >
      <circle r="11" />
      <Mark state={peer.state} />
      <text y="25">{clipped(peer.label || peer.nodeId.slice(0, 8))}</text>
    </g>
  );
}

/** Says by its form what the colour says, too. */
function Mark({ state }: { state: Peer["state"] }) {
  switch (state) {
    case "trusted":
      return <path d="M-4 0l3 3 5-6" />;
    case "blocked":
      return <path d="M-4-4l8 8M4-4l-8 8" />;
    case "pending":
      return <path d="M-4 0h.01M0 0h.01M4 0h.01" />;
    case "seen":
      return null;
  }
}

/** All of it with room around, and never so close that few nodes look like many. */
function frame(places: ReturnType<typeof placed>) {
  const [x, width] = reach(places.map((one) => one.x), LEAST.width);
  const [y, height] = reach(places.map((one) => one.y), LEAST.height);
  return { x, y, width, height };
}

function reach(all: readonly number[], least: number): [from: number, size: number] {
  const low = Math.min(0, ...all) - MARGIN;
  const high = Math.max(0, ...all) + MARGIN;
  const more = Math.max(0, least - (high - low)) / 2;
  return [low - more, high - low + 2 * more];
}

function clipped(name: string): string {
  return name.length > NAME_MAX_CHARS ? `${name.slice(0, NAME_MAX_CHARS - 1)}…` : name;
}
