// The bar at the bottom, which comes behind the first paint: how the node stands, and the conversation in hand.

import { useComputed } from "@preact/signals";

import { command } from "../commands/registry";
import { type ConversationView, currentSession, openSession, viewOf } from "../conversation";
import { Meter } from "../conversation/meter";
import { MODES } from "../conversation/pickers";
import type { LayoutController } from "../layout/controller";
import { socket } from "../net/socket";
import { inbound, peers, trusted } from "../peers/network";
import { doing, watchDoing } from "../sessions/doing";
import { isConversationSeen, showConversation } from "./conversing";
import { Icon } from "./icons";
import { type Readiness, agent, readiness } from "./node_state";
import { plainly } from "./plainly";
import "./status_bar.css";

watchDoing();

export function StatusBar({ layout }: { layout: LayoutController }) {
  const view = inHand(layout);
  const settings = (key: string) => layout.open("settings", { params: { key }, focus: true });
  return (
    <>
      <span class="fact name" title="This node">{socket.hello.value?.name ?? agent.value?.node.name ?? "…"}</span>
      {readiness.value && <Ready ready={readiness.value} onPress={() => settings("agent.orchestrator.model")} />}
      <ModeInForce view={view} isNamed={!isConversationSeen(layout.layout.value)} onPress={() => settings("agent.permissions.mode")} />
      {view && <Context key={view.id} view={view} />}
      <span class="space" />
      <GoingOn onAsked={(id) => (openSession(id), showConversation(layout, true))} />
      <PeersThere />
    </>
  );
}

/** Return the conversation that was looked at last. */
function inHand(layout: LayoutController): ConversationView | null {
  const pane = layout.active.value;
  const id = (pane?.kind === "conversation" && pane.params["session"]) || currentSession.value;
  return id === null ? null : viewOf(id);
}

/** Which model answers on which server, or what has to be done so that one does. */
function Ready({ ready, onPress }: { ready: Readiness; onPress: () => void }) {
  const label = agent.value?.model?.label ?? "";
  const isFine = ready.state === "ready";
  const text = isFine || (ready.state === "not_configured" && label) ? label : ready.text;
  const remedy = !isFine && ready.remedy ? ` – ${ready.remedy}` : "";
  return (
    <span class="ready" role="status" data-state={ready.state}>
      <button type="button" class="fact" title={`${text}${remedy}\nChoose another model`.replaceAll("`", "")} onClick={onPress}>
        <span class="lamp" aria-hidden="true" />
        <span class="visually-hidden">Model: </span>
        <span class="text">
          {text}
          {plainly(remedy)}
        </span>
      </button>
    </span>
  );
}

interface ModeProps {
  view: ConversationView | null;
  /** Whether its words are shown, too. */
  isNamed: boolean;
  onPress: () => void;
}

/** How much the agent may do with the next message. */
function ModeInForce({ view, isNamed, onPress }: ModeProps) {
  const mode = view?.mode.value ?? agent.value?.mode;
  const title = MODES.find(({ id }) => id === mode)?.title;
  if (title === undefined) return null;
  return (
    <button type="button" class="fact" data-mode={mode} title={`The agent's mode: ${title}\nChange it for all conversations`} onClick={onPress}>
      <Icon name="lock" />
      <span class="visually-hidden">Mode: </span>
      <span class={isNamed ? "wide" : "visually-hidden"}>{title}</span>
    </button>
  );
}

function Context({ view }: { view: ConversationView }) {
  // The conversation changes with every word of an answer, and this with the last one only.
  const usage = useComputed(() => view.state.value.usage).value;
  return <Meter usage={usage} window={agent.value?.model?.contextWindow ?? null} onCompact={() => view.compact()} />;
}

/** Who asks the owner, and what runs and waits, in all conversations. */
function GoingOn({ onAsked }: { onAsked: (session: string) => void }) {
  const busy = [...doing.value];
  const asking = busy.find(([, { what }]) => what === "asking");
  const asks = busy.filter(([, { what }]) => what === "asking").length;
  const runs = busy.filter(([, { what }]) => what === "running").length;
  const waits = busy.reduce((sum, [, { waiting }]) => sum + waiting, 0);
  const turns = [runs > 0 && `${runs} running`, waits > 0 && `${waits} waiting`].filter(Boolean).join(", ");
  return (
    <>
      {asking && (
        <button type="button" class="fact asks" title="Show the conversation that asks you" onClick={() => onAsked(asking[0])}>
          <Icon name="warning" /> {asks} <span class="wide">{asks === 1 ? "asks" : "ask"} you</span>
        </button>
      )}
      {turns && (
        <button type="button" class="fact" title={`Turns: ${turns}\nShow activity`} onClick={() => void command("open.activity")?.run()}>
          <Icon name="activity" />
          <span class="wide">{turns}</span>
          <span class="narrow" aria-hidden="true">{runs + waits}</span>
        </button>
      )}
    </>
  );
}

function PeersThere() {
  if (peers.value === null || socket.state.value === "lost") return null;
  const all = trusted.value.length;
  const here = trusted.value.filter((peer) => peer.connected).length;
  const asks = inbound.value.length;
  return (
    <button type="button" class="fact" title={"Peers that are connected\nShow peers"} onClick={() => void command("open.peers")?.run()}>
      <Icon name="peers" />
      <span>
        {all > 0 && here} <span class="wide">{all === 0 ? "no peers" : `of ${all} ${all === 1 ? "peer" : "peers"}`}</span>
        {asks > 0 && `, ${asks} ${asks === 1 ? "asks" : "ask"}`}
      </span>
    </button>
  );
}
