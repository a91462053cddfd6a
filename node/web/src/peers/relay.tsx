// A conversation with one peer's agent or with several at once, past the own model.

import { useEffect, useRef, useState } from "preact/hooks";

import { Markdown } from "../markdown/markdown";
import { Icon } from "../shell/icons";
import { useClock } from "./clock";
import { type Exchange, QUESTION_MAX_CHARS, ask, exchanges, stop } from "./asking";
import { Said } from "./said";
import { span } from "./words";
import "./relay.css";

export interface Whom {
  /** Under which the exchanges are kept: a peer's node id, or a word. */
  id: string;
  asked: readonly string[];
  /** In words, as "bob". */
  whom: string;
  hint: string;
  /** Have the own model put the answers together. */
  together?: boolean;
}

/** What is written and not asked yet, by the conversation it belongs to. */
const drafts = new Map<string, string>();

export function Relay(props: Whom) {
  const { id, whom } = props;
  const said = exchanges.value.get(id) ?? [];
  const last = useRef<HTMLLIElement>(null);
  const latest = said.at(-1);
  useEffect(() => last.current?.scrollIntoView({ block: "nearest" }), [said.length, latest?.heard.size, latest?.state, latest?.together]);
  return (
    <div class="relay">
      {said.length > 0 && (
        <ol class="exchanges" aria-label={`What you asked ${whom}`}>
          {said.map((one, index) => (
            <li key={one.id} ref={index === said.length - 1 ? last : undefined}>
              <ExchangeView one={one} />
            </li>
          ))}
        </ol>
      )}
      <Question key={id} {...props} isBusy={latest?.state === "open"} />
    </div>
  );
}

function ExchangeView({ one }: { one: Exchange }) {
  const done = [...one.heard.values()];
  return (
    <article class="exchange" aria-busy={one.state === "open"} data-state={one.state}>
      <p class="asked">
        <span class="visually-hidden">You asked: </span>
        {one.question}
      </p>
      <div class="heard" data-several={one.asked.length > 1 || undefined}>
        {one.asked.map((nodeId) => {
          const heard = one.heard.get(nodeId);
          const name = one.names.get(nodeId) ?? nodeId.slice(0, 8);
          if (heard) return <Said key={nodeId} heard={heard} name={name} nodeId={nodeId} />;
          return one.state === "open" ? <Awaited key={nodeId} name={name} since={one.startedAt} /> : <Silent key={nodeId} name={name} one={one} />;
        })}
      </div>
      {one.together !== null && <Together text={one.together} />}
      {one.state === "open" && (
        <button type="button" onClick={() => stop(one.id)}>
          <Icon name="stop" /> Stop
        </button>
      )}
      <p class="visually-hidden" role="status">
        {one.state !== "open" && done.map((heard) => `${heard.name} ${heard.ok ? "answered" : "did not answer"}. `)}
      </p>
    </article>
  );
}

/** What the own model made of the answers. */
function Together({ text }: { text: string }) {
  return (
    <section class="together" aria-label="Put together by your model">
      <header>
        <Icon name="model" />
        <strong>Put together by your model</strong>
      </header>
      <Markdown text={text} />
    </section>
  );
}

function Awaited({ name, since }: { name: string; since: number }) {
  const now = useClock(1);
  return (
    <p class="awaited">
      <strong>{name}</strong> is being asked, {span(Math.max(0, now - since))}
    </p>
  );
}

function Silent({ name, one }: { name: string; one: Exchange }) {
  return (
    <p class="awaited">
      <strong>{name}</strong> {one.state === "stopped" ? "was stopped; it answers no more" : `was not asked: ${one.problem || "nothing came"}`}
    </p>
  );
}

function Question({ id, asked, whom, hint, together = false, isBusy }: Whom & { isBusy: boolean }) {
  const [text, setText] = useState(drafts.get(id) ?? "");
  useEffect(() => void drafts.set(id, text), [text]);
  const canAsk = !isBusy && asked.length > 0 && text.trim() !== "";
  const send = () => {
    if (!canAsk) return;
    void ask(id, asked, text.trim(), together);
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="relay-question"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="field">
        Ask {whom}
        <textarea
          rows={2}
          maxLength={QUESTION_MAX_CHARS}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </label>
      <footer>
        <span class="soft">{hint}</span>
        <button type="submit" class="primary" disabled={!canAsk}>
          <Icon name="send" /> Ask
        </button>
      </footer>
    </form>
  );
}
