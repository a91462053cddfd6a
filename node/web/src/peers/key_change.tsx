// A peer that is said to have a new key: the owner's word decides, and nothing happens without it.

import { Icon } from "../shell/icons";
import { api } from "../net/api";
import { useDoing } from "./doing";
import { type KeyChange, look } from "./network";
import { Problem } from "./problem";
import { selected } from "./selection";

export function KeyChangeCard({ change }: { change: KeyChange }) {
  const doing = useDoing();
  const settle = (accept: boolean) =>
    doing.run(async () => {
      await api("POST", `/api/network/key-changes/${change.peerId}`, { accept });
      if (accept && selected.peek() === change.peerId) selected.value = change.newId;
      await look();
    });
  return (
    <section class="key-change" aria-label={`New key of ${change.name}`}>
      <header>
        <Icon name="warning" />
        <h3>{change.name} says its key changed</h3>
      </header>
      <p>The old key signed the new one. Whoever stole the old key could say so, too: ask them, best by phone.</p>
      <dl>
        <dt>Old</dt>
        <dd>
          <code class="fingerprint">{change.fingerprint}</code>
        </dd>
        <dt>New</dt>
        <dd>
          <code class="fingerprint">{change.newFingerprint}</code>
        </dd>
      </dl>
      <footer>
        <button type="button" class="primary" disabled={doing.isBusy} onClick={() => void settle(true)}>
          Trust the new key
        </button>
        <button type="button" disabled={doing.isBusy} onClick={() => void settle(false)}>
          Keep the old one
        </button>
      </footer>
      <Problem of={doing} />
    </section>
  );
}
