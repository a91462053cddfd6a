// The pane of peers: this node, who is around it, what they ask, and asking them.

import { useEffect } from "preact/hooks";

import type { PaneProps } from "../panes/registry";
import { Icon, type IconName } from "../shell/icons";
import { Details } from "./details";
import { Fabric } from "./fabric";
import { Head } from "./head";
import { Inbound } from "./inbound";
import { KeyChangeCard } from "./key_change";
import { discovery, keyChanges, look, peerOf, peers } from "./network";
import { type Way, openPairing } from "./pairing";
import { Offline } from "./parts";
import { Asks } from "./record";
import { selected } from "./selection";
import { Several } from "./several";
import { PeersTable } from "./table";
import "./peers.css";

/** How old a round trip and a presence may be that are shown here. */
const REFRESH_MS = 4_000;

export function Peers({ params }: PaneProps) {
  useEffect(() => {
    if (params["peer"]) selected.value = params["peer"];
  }, [params["peer"]]);
  useEffect(() => {
    void look();
    const timer = setInterval(() => document.visibilityState === "visible" && void look(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const shown = peerOf(selected.value ?? "");
  const waiting = keyChanges.value.filter((change) => change.peerId !== shown?.nodeId);
  return (
    <div class="peers">
      <Offline />
      <Head />
      <div class="peers-body">
        <div class="peers-list">
          <Inbound />
          {waiting.map((change) => (
            <KeyChangeCard key={change.newId} change={change} />
          ))}
          {peers.value?.length === 0 ? (
            <Nobody />
          ) : (
            <>
              <Fabric />
              <PeersTable />
              <Several />
            </>
          )}
          <Asks peer={null} />
        </div>
        {shown && <Details peer={shown} />}
      </div>
    </div>
  );
}

const WAYS: readonly { way: Way; icon: IconName; title: string; means: string }[] = [
  { way: "invite", icon: "send", title: "Invite a friend", means: "Send a ticket to somebody who is elsewhere." },
  { way: "join", icon: "link", title: "Join with a ticket", means: "A friend sent you one." },
  { way: "nearby", icon: "search", title: "Look on this network", means: "Compare six digits on two screens." },
];

/** What peers are for, while there is none. */
function Nobody() {
  return (
    <section class="nobody" aria-labelledby="nobody-title">
      <h3 id="nobody-title">Nobody is here yet</h3>
      <p>
        Pair your node with a friend's, and your agents can ask each other over a link that only you two can read. Each answers
        from what its owner shares, and does nothing else.
      </p>
      <ul>
        {WAYS.map(({ way, icon, title, means }) => (
          <li key={way}>
            <button type="button" onClick={() => openPairing(way)}>
              <Icon name={icon} />
              <span>
                <strong>{title}</strong>
                <small>{means}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {discovery.value?.enabled && <p class="soft">Looking on this network; nobody is seen so far.</p>}
    </section>
  );
}
