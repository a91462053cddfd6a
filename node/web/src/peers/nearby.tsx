// Pairing with a node that can be seen: found on this network, or at an address; or letting one ask.

import { useState } from "preact/hooks";

import { useClock } from "./clock";
import { type Doing, useDoing } from "./doing";
import { type Peer, discovery, identity, pairing, peers } from "./network";
import { compare, letOthers } from "./pairing";
import { SettingSwitch } from "./parts";
import { Problem } from "./problem";
import { countdown, span } from "./words";

const SEEN_SHOWN_MAX = 50;

export function Nearby() {
  const doing = useDoing();
  const resting = pairing.value?.pausedUntil ?? null;
  return (
    <>
      <p>Both screens will show six digits. Only if they are the same, both owners say yes.</p>
      {resting !== null && <Resting until={resting} />}
      <section aria-labelledby="nearby-ask">
        <h3 id="nearby-ask">Ask a node</h3>
        <SettingSwitch of="network.enableLanDiscovery" title="Look on this network">
          Your node shows its id and address there, no name, and lists who else does.
        </SettingSwitch>
        <Found doing={doing} />
        <ByAddress doing={doing} />
        {doing.isBusy && <p role="status">Asking. The other owner has to let others ask now…</p>}
        <Problem of={doing} />
      </section>
      <section aria-labelledby="nearby-let">
        <h3 id="nearby-let">Or let one ask you</h3>
        <Window />
      </section>
    </>
  );
}

function Found({ doing }: { doing: Doing }) {
  const seen = peers.value?.filter((peer) => peer.state === "seen") ?? [];
  const now = discovery.value;
  return (
    <>
      {now?.problem && <p class="problem">{now.problem}</p>}
      {seen.length === 0 && now?.enabled && (
        <p class="soft" role="status">
          Nobody is seen yet. The other node has to look, too; some guest networks keep machines apart.
        </p>
      )}
      <ul class="seen" aria-label="Nodes that were seen">
        {seen.slice(0, SEEN_SHOWN_MAX).map((peer) => (
          <Seen key={peer.nodeId} peer={peer} doing={doing} />
        ))}
      </ul>
    </>
  );
}

function Seen({ peer, doing }: { peer: Peer; doing: Doing }) {
  const name = peer.label || peer.nodeId.slice(0, 8);
  return (
    <li>
      <div>
        <strong>{name}</strong> <span class="soft">{peer.addresses[0]}</span>
        <code class="fingerprint">{peer.fingerprint}</code>
      </div>
      <button type="button" disabled={doing.isBusy} onClick={() => void doing.run(() => compare({ peerId: peer.nodeId }))}>
        Compare <span class="visually-hidden">with {name}</span>
      </button>
    </li>
  );
}

function ByAddress({ doing }: { doing: Doing }) {
  const [address, setAddress] = useState("");
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        void doing.run(() => compare({ address: address.trim() }));
      }}
    >
      <label class="field">
        By its address
        <input
          type="text"
          value={address}
          placeholder="192.168.1.20:8766"
          maxLength={300}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setAddress(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={doing.isBusy || address.trim() === ""}>
        Compare
      </button>
    </form>
  );
}

/** For two minutes another node may ask; whoever is asked sees its digits here. */
function Window() {
  const doing = useDoing();
  const now = useClock(1);
  const until = pairing.value?.openUntil ?? null;
  const isOpen = until !== null && until > now;
  return (
    <>
      {isOpen ? (
        <p role="timer" aria-label="Others may ask for">
          <strong class="countdown">{countdown(until, now)}</strong> Another node may ask now. Its owner compares with{" "}
          <code>{identity.value?.peerAddress}</code>
        </p>
      ) : (
        <p class="soft">For two minutes another node may ask to pair with this one.</p>
      )}
      <button type="button" disabled={doing.isBusy} onClick={() => void doing.run(() => letOthers(!isOpen))}>
        {isOpen ? "Let nobody ask" : "Let others ask"}
      </button>
      <Problem of={doing} />
    </>
  );
}

function Resting({ until }: { until: number }) {
  const left = until - useClock(1);
  if (left <= 0) return null;
  return (
    <p class="problem" role="status">
      Comparing rests for another {span(left)}, because it came to nothing several times. A ticket works meanwhile.
    </p>
  );
}
