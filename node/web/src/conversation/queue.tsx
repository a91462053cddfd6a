// Messages that wait for the ones before them: each can be changed, taken back, or brought forward.

import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../shell/icons";
import { editing } from "./editing";
import { turnIn } from "./fold";
import { type Turn, queuedTurns, runningTurn } from "./model";
import type { ConversationView } from "./views";

export function Queue({ view }: { view: ConversationView }) {
  const waiting = queuedTurns(view.state.value);
  useEffect(() => rescue(view, waiting));
  if (waiting.length === 0) return null;
  return (
    <section class="queue" aria-label="Waiting messages">
      <ol>
        {waiting.map((turn, index) => (
          <li key={turn.id}>{editing.value?.turnId === turn.id ? <Editor view={view} /> : <Row turn={turn} view={view} isFirst={index === 0} />}</li>
        ))}
      </ol>
    </section>
  );
}

/** Give what was written in a message that waits no longer to the composer: it went out as it was before. */
function rescue(view: ConversationView, waiting: readonly Turn[]): void {
  const now = editing.peek();
  const turn = now && turnIn(view.state.peek(), now.turnId);
  if (!turn || waiting.includes(turn)) return;
  editing.value = null;
  if (now.text !== turn.prompt) view.giveBack(now.text);
}

function Row({ turn, view, isFirst }: { turn: Turn; view: ConversationView; isFirst: boolean }) {
  const canGoNow = isFirst && runningTurn(view.state.value) !== undefined;
  return (
    <>
      <Icon name="queue" />
      <span class="text">{turn.prompt}</span>
      {canGoNow && (
        <button type="button" class="plain" title="Stop the message that runs, so that this one goes now" onClick={() => view.stop()}>
          Send now
        </button>
      )}
      <button type="button" class="plain" onClick={() => (editing.value = { turnId: turn.id, text: turn.prompt })}>
        Edit
      </button>
      <button type="button" class="plain" onClick={() => view.withdraw(turn.id)}>
        Withdraw
      </button>
    </>
  );
}

function Editor({ view }: { view: ConversationView }) {
  const now = editing.value;
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => area.current?.focus(), []);
  if (!now) return null;
  const close = () => (editing.value = null);
  const save = () => {
    const text = now.text.trim();
    if (text) view.edit(now.turnId, text);
    close();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        aria-label="Waiting message"
        ref={area}
        value={now.text}
        onInput={(event) => (editing.value = { ...now, text: event.currentTarget.value })}
        onKeyDown={(event) => {
          const { key, shiftKey, ctrlKey, altKey, metaKey, isComposing } = event;
          if (shiftKey || ctrlKey || altKey || metaKey || isComposing || (key !== "Escape" && key !== "Enter")) return;
          event.preventDefault();
          key === "Escape" ? close() : save();
        }}
      />
      <button type="submit">Save</button>
      <button type="button" class="plain" onClick={close}>
        Cancel
      </button>
    </form>
  );
}
