// The pane of sessions: one line each, the one that is shown marked.

import { useEffect } from "preact/hooks";

import { command } from "../commands/registry";
import { currentSession, openSession } from "../conversation";
import { registerPane } from "../panes/registry";
import { Icon } from "../shell/icons";
import { type Session, sessions, watchSessions } from "./list";
import "./sessions.css";

function Sessions() {
  useEffect(watchSessions, []);
  const listed = sessions.value;
  return (
    <div class="sessions">
      <button type="button" class="new-session" data-autofocus onClick={() => void command("chat.new")?.run()}>
        <Icon name="plus" />
        New conversation
      </button>
      {listed?.length === 0 && <p>What you talk about with your agent is kept here, on this machine.</p>}
      <ul aria-label="Conversations">
        {listed?.map((session) => (
          <Entry key={session.id} session={session} />
        ))}
      </ul>
    </div>
  );
}

function Entry({ session }: { session: Session }) {
  const isShown = session.id === currentSession.value;
  return (
    <li>
      <button type="button" aria-current={isShown ? "true" : undefined} onClick={() => openSession(session.id)}>
        <span class="session-title">{session.title || "Without a title"}</span>
        <time dateTime={new Date(session.lastMessageAt * 1_000).toISOString()}>{day(session.lastMessageAt)}</time>
      </button>
    </li>
  );
}

/** The time of today, else the day. */
function day(seconds: number): string {
  const date = new Date(seconds * 1_000);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString([], { day: "numeric", month: "short" });
}

registerPane({
  id: "sessions",
  title: "Sessions",
  icon: "sessions",
  component: Sessions,
  single: true,
  place: "left",
  share: 0.2,
});
