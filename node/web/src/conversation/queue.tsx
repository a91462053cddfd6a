// Messages that wait for the ones before them: each can be changed, taken back, or brought forward.

import { signal } from "@preact/signals";

import { Icon } from "../shell/icons";
import { type Turn, queuedTurns, runningTurn } from "./model";
import type { ConversationView } from "./views";

/** The message that is being changed. */
export const editing = signal<{ turnId: string; text: string } | null>(null);

export function Queue({ view }: { view: ConversationView }) {
  const waiting = queuedTurns(view.state.value);
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
        ref={(made) => made?.focus()}
        value={now.text}
        onInput={(event) => (editing.value = { ...now, text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            save();
          }
          event.stopPropagation();
        }}
      />
      <button type="submit">Save</button>
      <button type="button" class="plain" onClick={close}>
        Cancel
      </button>
    </form>
  );
}
