// What an owner does next once two nodes are paired.

import { asksAllowed } from "./network";
import { closePairing } from "./pairing";
import { AsksSwitch } from "./head";
import { selected } from "./selection";

export function Paired({ nodeId, name }: { nodeId: string; name: string }) {
  return (
    <div class="paired">
      <p role="status">
        <strong>You are paired with {name || nodeId.slice(0, 8)}.</strong> Each owner decides alone what the other may do.
      </p>
      {!asksAllowed.value && <AsksSwitch />}
      <button
        type="button"
        class="primary"
        onClick={() => {
          selected.value = nodeId;
          closePairing();
        }}
      >
        Done
      </button>
    </div>
  );
}
