// The bar at the bottom: this node, what answers, who is connected, how full the model's window is.

import { socket } from "../net/socket";
import { type Readiness, agent, peersConnected, readiness, usage } from "./node_state";

export function StatusBar() {
  const status = agent.value;
  const ready = readiness.value;
  const peers = peersConnected.value;
  return (
    <footer class="status-bar">
      <span title="This node">{socket.hello.value?.name ?? status?.node.name ?? "…"}</span>
      {ready && <Ready ready={ready} label={status?.model?.label ?? ""} />}
      <span class="space" />
      {usage.value && <Window used={usage.value.used} window={usage.value.window} />}
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

function Window({ used, window }: { used: number; window: number }) {
  const share = Math.min(1, used / window);
  const text = `${short(used)} / ${short(window)}`;
  return (
    <span class="window" title={`${used} of the ${window} tokens of the model's window`}>
      <meter min={0} max={1} low={0.7} high={0.85} optimum={0} value={share} aria-label={`Context: ${text} tokens`} />
      {text}
    </span>
  );
}

function short(tokens: number): string {
  return tokens < 1_000 ? String(tokens) : `${(tokens / 1_000).toFixed(tokens < 10_000 ? 1 : 0)}K`;
}
