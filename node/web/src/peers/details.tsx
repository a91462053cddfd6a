// One peer in full: who it is, asking it, what it may do here, and the end of its trust.

import { useEffect, useRef, useState } from "preact/hooks";

import { mayFocus } from "../layout/keyboard";
import { CopyButton } from "../markdown/code";
import { api } from "../net/api";
import { Icon } from "../shell/icons";
import { useDoing } from "./doing";
import { Grants } from "./grants";
import { KeyChangeCard } from "./key_change";
import { type Peer, keyChanges, look } from "./network";
import { openPairing } from "./pairing";
import { Sure } from "./parts";
import { Problem } from "./problem";
import { Asks } from "./record";
import { Relay } from "./relay";
import { selected } from "./selection";
import { roundTrip, stateOf } from "./words";

export function Details({ peer }: { peer: Peer }) {
  const own = useRef<HTMLElement>(null);
  useEffect(() => {
    if (mayFocus(own.current)) own.current?.focus({ preventScroll: true });
  }, [peer.nodeId]);
  const name = peer.label || peer.nodeId.slice(0, 8);
  const change = keyChanges.value.find((one) => one.peerId === peer.nodeId);
  return (
    <article class="peer" ref={own} tabIndex={-1} aria-labelledby="peer-title">
      <header>
        <h3 id="peer-title">{name}</h3>
        <span class="badge">{stateOf(peer)}</span>
        <button type="button" class="plain" aria-label={`Close ${name}`} title="Close" onClick={() => (selected.value = null)}>
          <Icon name="close" />
        </button>
      </header>
      {change && <KeyChangeCard change={change} />}
      {peer.state === "trusted" ? <Trusted key={peer.nodeId} peer={peer} /> : <Stranger key={peer.nodeId} peer={peer} name={name} />}
    </article>
  );
}

function Trusted({ peer }: { peer: Peer }) {
  const { nodeId, label } = peer;
  return (
    <>
      <Relay
        id={nodeId}
        asked={[nodeId]}
        whom={label}
        hint={peer.connected ? "Goes to its agent, not through your model." : "It is away just now; its node has to run."}
      />
      <Grants peer={peer} />
      <Facts peer={peer} />
      <Rename peer={peer} />
      <Connect peer={peer} />
      <Asks peer={nodeId} />
      <section class="ending-trust" aria-label={`End the trust in ${label}`}>
        <Sure
          label="Revoke"
          question={`Forget ${label}? Its links close at once, what it asks now is stopped, and to come back it has to pair again.`}
          yes={`Revoke ${label}`}
          act={() => revoke(nodeId)}
        />
        <Sure
          label="Block"
          question={`Block ${label}? As revoking, and it cannot pair again until you unblock it.`}
          yes={`Block ${label}`}
          act={() => block(nodeId, true)}
        />
      </section>
    </>
  );
}

function Stranger({ peer, name }: { peer: Peer; name: string }) {
  const doing = useDoing();
  return (
    <>
      {peer.state === "seen" && (
        <>
          <p>It was noticed, and nothing follows of that: it cannot ask, and is asked nothing. Pair to trust it.</p>
          <button type="button" class="primary" onClick={() => openPairing("nearby")}>
            Pair with it
          </button>
        </>
      )}
      {peer.state === "blocked" && (
        <>
          <p>It is kept out, with a ticket or without. Unblocked it may pair again; it is not trusted by that.</p>
          <button type="button" disabled={doing.isBusy} onClick={() => void doing.run(() => block(peer.nodeId, false))}>
            Unblock {name}
          </button>
          <Problem of={doing} />
        </>
      )}
      <Facts peer={peer} />
    </>
  );
}

function Facts({ peer }: { peer: Peer }) {
  return (
    <dl class="facts">
      <dt>Fingerprint</dt>
      <dd>
        <code class="fingerprint">{peer.fingerprint}</code>
      </dd>
      <dt>Id</dt>
      <dd>
        <code title={peer.nodeId}>{peer.nodeId.slice(0, 16)}…</code> <CopyButton text={peer.nodeId} label="Copy its id" />
      </dd>
      {peer.petName !== "" && (
        <>
          <dt>Calls itself</dt>
          <dd>{peer.name}</dd>
        </>
      )}
      {peer.addresses.length > 0 && (
        <>
          <dt>Addresses</dt>
          <dd>{peer.addresses.join(", ")}</dd>
        </>
      )}
      {peer.rttMs !== null && (
        <>
          <dt>Round trip</dt>
          <dd>{roundTrip(peer.rttMs)}</dd>
        </>
      )}
      {peer.capabilities.length > 0 && (
        <>
          <dt>Offers</dt>
          <dd>{peer.capabilities.join(", ")}</dd>
        </>
      )}
    </dl>
  );
}

function Rename({ peer }: { peer: Peer }) {
  const doing = useDoing();
  const [name, setName] = useState(peer.petName);
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        void doing.run(async () => {
          await api("PUT", `/api/network/peers/${peer.nodeId}`, { petName: name.trim() });
          await look();
        });
      }}
    >
      <label class="field">
        Your name for it
        <input
          type="text"
          maxLength={64}
          value={name}
          placeholder={peer.name}
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={doing.isBusy || name.trim() === peer.petName}>
        Rename
      </button>
      <Problem of={doing} />
    </form>
  );
}

/** A friend whose address changed is found under its new one; whoever answers with another key is hung up on. */
function Connect({ peer }: { peer: Peer }) {
  const doing = useDoing();
  const [address, setAddress] = useState("");
  if (peer.connected) return null;
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        void doing.run(async () => {
          const to = address.trim();
          await api("POST", "/api/network/connect", { peerId: peer.nodeId, ...(to && { address: to }) });
          await look();
        });
      }}
    >
      <label class="field">
        Its address, if it changed
        <input
          type="text"
          maxLength={300}
          value={address}
          placeholder={peer.addresses[0] ?? "192.168.1.20:8766"}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setAddress(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={doing.isBusy}>
        {doing.isBusy ? "Connecting…" : "Connect"}
      </button>
      <Problem of={doing} />
    </form>
  );
}

async function revoke(nodeId: string): Promise<void> {
  await api("DELETE", `/api/network/peers/${nodeId}`);
  if (selected.peek() === nodeId) selected.value = null;
  await look();
}

async function block(nodeId: string, blocked: boolean): Promise<void> {
  await api("PUT", `/api/network/peers/${nodeId}`, { blocked });
  await look();
}
