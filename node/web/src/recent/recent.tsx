// The sessions that were spoken in last, each with how its last turn stands.

import { currentSession, openSession } from "../conversation";
import { useAsked } from "../traces/asked";
import { StateMark, TURNS } from "../traces/states";
import type { TurnLine } from "../traces/wire";
import "./recent.css";

const TURNS_MAX = 100;
const SHOWN = 8;

export function Recent() {
  const { value: turns, problem } = useAsked<TurnLine[]>(`/api/chat/turns?limit=${TURNS_MAX}`);
  const latest = latestOf(turns ?? []);
  return (
    <div class="recent">
      {problem && <p class="problem">The sessions cannot be read: {problem}.</p>}
      {turns?.length === 0 && <p>What you talk about with your agent appears here.</p>}
      <ul aria-label="Recent sessions">
        {latest.map((turn, index) => (
          <li key={turn.sessionId}>
            <button
              type="button"
              data-autofocus={index === 0 || undefined}
              aria-current={turn.sessionId === currentSession.value ? "true" : undefined}
              onClick={() => openSession(turn.sessionId)}
            >
              <StateMark look={TURNS[turn.state]} state={turn.state} />
              <span class="session-title">{turn.title || "Without a title"}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Return the latest turn of each session; one that runs or waits says more than one that has ended. */
function latestOf(turns: readonly TurnLine[]): readonly TurnLine[] {
  const latest = new Map<string, TurnLine>();
  for (const turn of turns) {
    const known = latest.get(turn.sessionId);
    if (!known || (turn.state === "dispatching" && known.state === "pending")) latest.set(turn.sessionId, turn);
  }
  return [...latest.values()].slice(0, SHOWN);
}
