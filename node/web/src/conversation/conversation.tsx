// The conversation pane: the transcript, and below it the place to write.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { socket } from "../net/socket";
import { type PaneProps, registerPane } from "../panes/registry";
import { crumb } from "../shell/crumb";
import { plainly } from "../shell/plainly";
import { addConversationCommands } from "./commands";
import { Composer } from "./composer";
import { currentSession, findCurrent, remember } from "./current";
import { useKeyboardKept } from "./keyboard";
import { answerOf, turnsOf } from "./model";
import { Transcript } from "./transcript";
import { type ConversationView, viewOf } from "./views";
import "./conversation.css";
import "./composer.css";

export function Conversation({ sessionId }: { sessionId: string }) {
  const view = viewOf(sessionId);
  const said = useAnnounced(view);
  const box = useRef<HTMLDivElement>(null);
  useRemembered(view);
  useKeyboardKept(box);
  return (
    <div class="conversation" ref={box} data-session={sessionId}>
      <h2 class="visually-hidden">Conversation</h2>
      <Connection />
      <Transcript view={view} />
      <Composer view={view} />
      <p class="visually-hidden" role="status">
        {said}
      </p>
    </div>
  );
}

const LOST = "The connection to the node is lost; trying again. What you write is kept.";
const LOCKED = "The node has started again and locked this page: run `palaver open`, and it goes on here, too. What you write is kept.";

/** Stays until the connection is back; what is being written stays, too. */
function Connection() {
  if (socket.state.value !== "lost") return null;
  return (
    <div class="connection" role="status">
      <span>{plainly(socket.isLocked.value ? LOCKED : LOST)}</span>
      <button type="button" onClick={() => socket.retryNow()}>
        Try now
      </button>
    </div>
  );
}

/** Say once that an answer is complete, not word by word. */
function useAnnounced(view: ConversationView): string {
  const running = turnsOf(view.state.value).find(({ state }) => state === "running")?.id;
  const [last, setLast] = useState<string | undefined>(undefined);
  const [said, say] = useState("");
  useEffect(() => {
    if (running === last) return;
    const ended = turnsOf(view.state.peek()).find(({ id }) => id === last);
    if (ended?.state === "done") say(`The agent answered: ${answerOf(ended).slice(0, 300)}`);
    else if (ended?.state === "failed") say("The agent failed");
    else if (running !== undefined) say("");
    setLast(running);
  }, [running]);
  return said;
}

/** The session that was spoken in is the one to open next time; its title names the window. */
function useRemembered(view: ConversationView): void {
  const isStored = turnsOf(view.state.value).some(({ state }) => state !== "sending" && state !== "refused");
  // Not after the next frame: a page that is closed at once has no more of them.
  useLayoutEffect(() => {
    if (isStored) remember(view.id);
  }, [view, isStored]);
  const title = view.title.value ?? "";
  useEffect(() => {
    crumb.value = title;
  }, [title]);
}

function ConversationPane({ params }: PaneProps) {
  useEffect(() => void findCurrent(), []);
  const sessionId = params.session ?? currentSession.value;
  return sessionId === null ? null : <Conversation key={sessionId} sessionId={sessionId} />;
}

registerPane({
  id: "conversation",
  title: "Conversation",
  icon: "conversation",
  component: ConversationPane,
  place: "centre",
});
addConversationCommands();
