// The pane that shows how a turn went, and what the node sent and heard meanwhile.

import { useId, useState } from "preact/hooks";

import { currentSession } from "../conversation";
import type { PaneProps } from "../panes/registry";
import { useAsked } from "../traces/asked";
import type { Trace, TurnLine } from "../traces/wire";
import { IoLog } from "./io";
import { TABS, tab } from "./tab";
import { TraceView } from "./trace";
import { oneLine } from "./words";
import "./inspector.css";

const LISTED = 30;
const NAME_CHARS = 70;

export function Inspector({ params }: PaneProps) {
  const shown = tab.value;
  const id = useId();
  return (
    <div class="inspector">
      <div class="tab-strip" role="tablist" aria-label="Inspector">
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-controls={`${id}-shown`}
            aria-selected={shown === name}
            tabIndex={shown === name ? 0 : -1}
            data-autofocus={shown === name || undefined}
            onClick={() => (tab.value = name)}
            onKeyDown={onTabKey}
          >
            {name}
          </button>
        ))}
      </div>
      <div class="inspected" role="tabpanel" id={`${id}-shown`} aria-labelledby={`${id}-${shown}`} tabIndex={0}>
        {shown === "Turn" ? <Turns params={params} /> : <IoLog />}
      </div>
    </div>
  );
}

/** There are two, so every arrow leads to the other one. */
function onTabKey(event: KeyboardEvent): void {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  const button = event.currentTarget as HTMLElement;
  tab.value = tab.peek() === "Turn" ? "I/O" : "Turn";
  ((button.nextElementSibling ?? button.previousElementSibling) as HTMLElement | null)?.focus();
}

function Turns({ params }: { params: PaneProps["params"] }) {
  const wanted = `${params["session"]} ${params["turn"]} ${params["call"]}`;
  const [chosen, choose] = useState<{ wanted: string; turn: string } | null>(null);
  const session = params["session"] || currentSession.value || "";
  const path = session && `/api/chat/turns?limit=${LISTED}&session=${encodeURIComponent(session)}`;
  const { value: listed, problem } = useAsked<TurnLine[]>(path || null);
  // What was chosen here counts until another turn is asked for.
  const picked = chosen?.wanted === wanted ? chosen.turn : (params["turn"] ?? "");
  const turn = picked || listed?.[0]?.turnId || "";
  if (listed === null || !turn) return <p class="empty">{sayEmpty(listed, problem)}</p>;
  return (
    <>
      <select aria-label="Which turn" value={picked} onChange={({ currentTarget }) => choose({ wanted, turn: currentTarget.value })}>
        <option value="">The latest turn</option>
        {picked && !listed.some(({ turnId }) => turnId === picked) && <option value={picked}>An earlier turn</option>}
        {listed.map(({ turnId, prompt }) => (
          <option key={turnId} value={turnId}>
            {oneLine(prompt, NAME_CHARS)}
          </option>
        ))}
      </select>
      <Traced session={session} turn={turn} call={params["call"] ?? ""} />
    </>
  );
}

function Traced({ session, turn, call }: { session: string; turn: string; call: string }) {
  const path = `/api/chat/sessions/${encodeURIComponent(session)}/turns/${encodeURIComponent(turn)}`;
  const { value: trace, problem } = useAsked<Trace>(path);
  if (trace === null) return <p class="empty">{problem ? `This turn cannot be shown: ${problem}.` : "Looking it up…"}</p>;
  return <TraceView trace={trace} wantedCall={call} />;
}

function sayEmpty(listed: readonly TurnLine[] | null, problem: string | null): string {
  if (problem) return `The turns cannot be read: ${problem}.`;
  if (listed === null) return "Looking it up…";
  return "Nothing was asked in this conversation yet. What a turn does, and what it takes, is shown here.";
}
