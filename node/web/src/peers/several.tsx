// One question to several peers, their answers side by side.

import { useState } from "preact/hooks";

import { trusted } from "./network";
import { Relay } from "./relay";
import { plural } from "./words";

/** More are refused by the node. */
const ASKED_MAX = 16;

export function Several() {
  const [together, setTogether] = useState(false);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const there = trusted.value;
  const asked = there
    .filter((peer) => peer.connected && !left.has(peer.nodeId))
    .map((peer) => peer.nodeId)
    .slice(0, ASKED_MAX);
  if (there.length < 2) return null;
  const toggle = (nodeId: string) => {
    const next = new Set(left);
    if (!next.delete(nodeId)) next.add(nodeId);
    setLeft(next);
  };
  return (
    <section class="several" aria-labelledby="several-title">
      <h3 id="several-title">Ask several</h3>
      <div class="choices" role="group" aria-label="Whom to ask">
        {there.map((peer) => (
          <label key={peer.nodeId}>
            <input
              type="checkbox"
              checked={asked.includes(peer.nodeId)}
              disabled={!peer.connected}
              onChange={() => toggle(peer.nodeId)}
            />
            {peer.label}
            {!peer.connected && <span class="soft"> (away)</span>}
          </label>
        ))}
      </div>
      <label class="choice">
        <input type="checkbox" checked={together} onChange={() => setTogether(!together)} />
        Have my model put the answers together
      </label>
      <Relay id="several" asked={asked} whom={plural(asked.length, "peer")} hint="All are asked at the same time." together={together} />
    </section>
  );
}
