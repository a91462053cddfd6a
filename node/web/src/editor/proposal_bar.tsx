// What the agent proposes, in a line, with what can be decided.

import { shownKeys } from "../commands/keys";
import { Icon } from "../shell/icons";
import type { Buffer } from "./buffers";
import type { Proposal } from "./proposal";

export function ProposalBar({ buffer, proposal }: { buffer: Buffer; proposal: Proposal }) {
  const left = proposal.left.value;
  const surface = buffer.surface.value;
  if (!surface) return null;
  const keys = (id: string) => (shownKeys(id) ? ` (${shownKeys(id)})` : "");
  return (
    <div class="proposal" role="group" aria-label="Proposal of the agent">
      <p>
        <strong>The agent proposes</strong> {proposal.summary || (proposal.count === 1 ? "a change" : "changes")}
        <span class="proposal-left" role="status">
          {left} of {proposal.count} to decide
        </span>
      </p>
      <div class="proposal-actions">
        <button type="button" aria-label="Previous change" title="Previous change" onClick={() => surface.step(-1)}>
          <span class="turned">
            <Icon name="chevron" />
          </span>
        </button>
        <button type="button" aria-label="Next change" title="Next change" onClick={() => surface.step(1)}>
          <Icon name="chevron" />
        </button>
        <button type="button" title={`Accept the change at the cursor${keys("editor.acceptHunk")}`} onClick={() => surface.decideHere("accepted")}>
          Accept
        </button>
        <button type="button" title={`Reject the change at the cursor${keys("editor.rejectHunk")}`} onClick={() => surface.decideHere("rejected")}>
          Reject
        </button>
        <button type="button" class="primary" onClick={() => surface.decideAll("accepted")}>
          Accept all
        </button>
        <button type="button" onClick={() => surface.decideAll("rejected")}>
          Reject all
        </button>
      </div>
    </div>
  );
}
