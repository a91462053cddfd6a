// With whom a folder is shared: every peer that may search what is shared, or only some.

import { useId } from "preact/hooks";

import { trusted } from "../peers/network";

interface WhomProps {
  /** Node ids; null: every peer that may search what is shared. */
  chosen: readonly string[] | null;
  choose: (chosen: readonly string[] | null) => void;
}

export function Whom({ chosen, choose }: WhomProps) {
  const name = useId();
  const peers = trusted.value;
  const toggle = (nodeId: string) =>
    choose(chosen?.includes(nodeId) ? chosen.filter((one) => one !== nodeId) : [...(chosen ?? []), nodeId]);
  return (
    <fieldset class="whom">
      <legend>With whom</legend>
      <label class="choice">
        <input type="radio" name={name} checked={chosen === null} onChange={() => choose(null)} />
        Every peer that may search what you share
      </label>
      {peers.length > 0 && (
        <label class="choice">
          <input type="radio" name={name} checked={chosen !== null} onChange={() => choose([])} />
          Only some
        </label>
      )}
      {chosen !== null && (
        <div class="choices" role="group" aria-label="Peers">
          {peers.map((peer) => (
            <label key={peer.nodeId}>
              <input type="checkbox" checked={chosen.includes(peer.nodeId)} onChange={() => toggle(peer.nodeId)} />
              {peer.label}
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}
