// Every peer in a row; the first column opens it.

import { useState } from "preact/hooks";

import { Icon } from "../shell/icons";
import { useClock } from "./clock";
import { type Peer, keyChanges, peers } from "./network";
import { selected } from "./selection";
import { GRANTS, ago, roundTrip, stateOf } from "./words";

const SHOWN_MAX = 100;
const REFRESH_S = 5;

export function PeersTable() {
  const now = useClock(REFRESH_S);
  const [shown, setShown] = useState(SHOWN_MAX);
  const all = peers.value ?? [];
  return (
    <div class="peers-table" tabIndex={0} role="region" aria-label="Peers">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Seen</th>
            <th scope="col" class="number">
              Round trip
            </th>
            <th scope="col">May here</th>
            <th scope="col">Offers</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, shown).map((peer) => (
            <Row key={peer.nodeId} peer={peer} now={now} />
          ))}
        </tbody>
      </table>
      {all.length > shown && (
        <button type="button" onClick={() => setShown(shown + SHOWN_MAX)}>
          Show more of {all.length}
        </button>
      )}
    </div>
  );
}

function Row({ peer, now }: { peer: Peer; now: number }) {
  const isSelected = selected.value === peer.nodeId;
  const hasNewKey = keyChanges.value.some((change) => change.peerId === peer.nodeId);
  return (
    <tr data-state={peer.state} data-connected={peer.connected} data-selected={isSelected || undefined}>
      <th scope="row">
        <button
          type="button"
          class="peer-name"
          aria-pressed={isSelected}
          onClick={() => (selected.value = isSelected ? null : peer.nodeId)}
        >
          <span class="peer-lamp" aria-hidden="true" />
          <span>{peer.label || <code>{peer.nodeId.slice(0, 8)}</code>}</span>
        </button>
        {hasNewKey && (
          <span class="badge caution">
            <Icon name="warning" /> new key
          </span>
        )}
      </th>
      <td>{stateOf(peer)}</td>
      <td>{peer.connected ? "now" : ago(peer.lastSeen, now)}</td>
      <td class="number">{roundTrip(peer.rttMs)}</td>
      <td>{mayOf(peer)}</td>
      <td>{peer.capabilities.join(", ")}</td>
    </tr>
  );
}

function mayOf(peer: Peer): string {
  if (peer.state !== "trusted") return "";
  const held = GRANTS.filter(({ grant }) => peer.granted.includes(grant)).map(({ grant }) => grant);
  return held.length === 0 ? "nothing" : held.join(", ");
}
