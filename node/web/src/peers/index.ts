// The pane of peers as the cockpit offers it; what it shows comes when it is first opened.

import { registerCommands } from "../commands/registry";
import { lazy } from "../panes/lazy";
import { registerPane } from "../panes/registry";
import { openPairing } from "./pairing";

registerCommands(
  { id: "peers.invite", title: "Invite a friend to pair", run: () => openPairing("invite") },
  { id: "peers.join", title: "Join with a ticket", run: () => openPairing("join") },
  { id: "peers.compare", title: "Pair with a node on this network", run: () => openPairing("nearby") },
);

registerPane({
  id: "peers",
  title: "Peers",
  icon: "peers",
  component: lazy(async () => (await import("./pane")).Peers),
  single: true,
  place: "centre",
});
