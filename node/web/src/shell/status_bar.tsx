// The bar at the bottom: this node, what answers, who is connected.

import { socket } from "../net/socket";
import { type Readiness, agent, peersConnected, readiness } from "./node_state";

export function StatusBar() {
  const status = agent.value;
  const ready = readiness.value;
  const peers = peersConnected.value;
  return (
    <footer class="status-bar">
      <span title="This node">{socket.hello.value?.name ?? status?.node.name ?? "…"}</span>
      {ready && <Ready ready={ready} label={status?.model?.label ?? ""} />}
      <span class="space" />
      {peers !== null && <span>{peers === 0 ? "no peer connected" : peers === 1 ? "1 peer connected" : `${peers} peers connected`}</span>}
    </footer>
  );
}

/** Which model answers on which server, or what has to be done so that one does. */
function Ready({ ready, label }: { ready: Readiness; label: string }) {
  const isFine = ready.state === "ready";
  const text = isFine || (ready.state === "not_configured" && label) ? label : ready.text;
  return (
    <span class="ready" role="status" data-state={ready.state}>
      <span class="lamp" aria-hidden="true" />
      {text}
      {!isFine && ready.remedy && <span class="remedy"> – {ready.remedy}</span>}
    </span>
  );
}
