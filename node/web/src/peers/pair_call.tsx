// The card that appears, whatever is open, when another owner's node asks to compare digits.

import { Icon } from "../shell/icons";
import { useDoing } from "./doing";
import type { Comparison } from "./network";
import { decide, isOpen, openPairing, shownComparison } from "./pairing";
import { Problem } from "./problem";

export function PairCall() {
  const comparison = shownComparison();
  if (isOpen.value || comparison?.state !== "undecided") return null;
  return <Call comparison={comparison} />;
}

function Call({ comparison }: { comparison: Comparison }) {
  const doing = useDoing();
  const { name, role } = comparison;
  const who = name || "A node without a name";
  return (
    <aside class="pair-call" aria-label="Pairing">
      <Icon name="peers" />
      <div>
        <div role="alert">
          <h2>{role === "listener" ? `${who} asks to pair` : `Compare digits with ${who}`}</h2>
          <p>Both screens show six digits. Look whether they are the same.</p>
        </div>
        <footer>
          <button type="button" class="primary" onClick={() => openPairing("nearby")}>
            Compare
          </button>
          <button type="button" disabled={doing.isBusy} onClick={() => void doing.run(() => decide(comparison, false))}>
            No
          </button>
        </footer>
        <Problem of={doing} />
      </div>
    </aside>
  );
}
