// The sessions that were spoken in last, each with how its last turn stands.

import { currentSession, openSession } from "../conversation";
import { useAsked } from "../traces/asked";
import { StateMark, TURNS } from "../traces/states";
import type { TurnLine, TurnState } from "../traces/wire";
import "./recent.css";

const SHOWN = 8;
/** Pinned ones come first, however old, so more are asked for than are shown. */
const ASKED = 50;

interface Session {
  id: string;
  title: string;
  /** Seconds since 1970. */
  lastMessageAt: number;
}

export function Recent() {
  const { value: sessions, problem } = useAsked<Session[]>(`/api/chat/sessions?limit=${ASKED}`);
  const { value: turns } = useAsked<TurnLine[]>(`/api/chat/turns?limit=${ASKED}`);
  const states = statesOf(turns ?? []);
  const latest = (sessions ?? []).toSorted((one, other) => other.lastMessageAt - one.lastMessageAt).slice(0, SHOWN);
  return (
    <div class="recent">
      {problem && <p class="problem">The sessions cannot be read: {problem}.</p>}
      {sessions?.length === 0 && <p>What you talk about with your agent appears here.</p>}
      <ul aria-label="Recent sessions">
        {latest.map((session, index) => (
          <li key={session.id}>
            <button
              type="button"
              data-autofocus={index === 0 || undefined}
              aria-current={session.id === currentSession.value ? "true" : undefined}
              onClick={() => openSession(session.id)}
            >
              <span class="mark">{states.has(session.id) && <Mark state={states.get(session.id)!} />}</span>
              <span class="recent-title">{session.title || "Without a title"}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Mark({ state }: { state: TurnState }) {
  return <StateMark look={TURNS[state]} state={state} />;
}

/** Return how the latest turn of each session stands; one that runs counts more than those that wait behind it. */
function statesOf(turns: readonly TurnLine[]): ReadonlyMap<string, TurnState> {
  const states = new Map<string, TurnState>();
  for (const { sessionId, state } of turns) {
    const known = states.get(sessionId);
    if (known === undefined || (known === "pending" && state === "dispatching")) states.set(sessionId, state);
  }
  return states;
}
