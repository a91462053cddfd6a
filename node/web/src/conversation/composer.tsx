// Where the next message is written. Enter sends, Shift+Enter breaks the line, Escape stops, ArrowUp recalls.

import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Later } from "../net/later";
import { Icon } from "../shell/icons";
import { capital, plainly } from "../shell/plainly";
import { draftOf, keepDraft } from "./drafts";
import { editing } from "./editing";
import { draftWish, focusWish } from "./focus";
import { GoingAlong } from "./going_along";
import { queuedTurns, runningTurn, turnsOf } from "./model";
import { reasonToWait } from "./models";
import { NotifyButton } from "./notify";
import { ModePicker, ModelPicker } from "./pickers";
import { isCommand, runCommand } from "./slash";
import { contextToSend } from "./surroundings";
import { type Suggested, type Suggestion, Suggestions, suggest } from "./suggestions";
import type { ConversationView } from "./views";

const ROWS_MAX = 12;

/** It comes behind the first paint, long before a message waits. */
const queue = new Later(async () => (await import("./queue")).Queue);

export function Composer({ view }: { view: ConversationView }) {
  const [text, setText] = useState(() => draftOf(view.id));
  const [suggested, setSuggested] = useState<Suggested | null>(null);
  const [chosen, setChosen] = useState(0);
  const area = useRef<HTMLTextAreaElement>(null);
  const latest = useRef("");
  const listId = useId();
  const conversation = view.state.value;
  const running = runningTurn(conversation);
  const Queue = queue.part.value;
  const reason = reasonToWait();
  const isStopping = running !== undefined && view.awaited.value.has(running.id);

  useEffect(() => {
    if (focusWish.value > 0) area.current?.focus();
  }, [focusWish.value]);
  useEffect(() => queue.want(), [running !== undefined]);
  useLayoutEffect(() => fit(area.current), [text]);
  // The pane may have had the keyboard before there was anything to write in.
  useEffect(() => {
    const pane = area.current?.closest("[data-pane]");
    if (pane && document.activeElement === pane) area.current?.focus();
  }, []);

  const write = (now: string, cursor = now.length) => {
    setText(now);
    keepDraft(view.id, now, Date.now());
    latest.current = now;
    setChosen(0);
    void suggest(now, cursor).then((found) => latest.current === now && setSuggested(found));
  };
  useEffect(() => {
    const wish = draftWish.value;
    if (wish?.sessionId !== view.id) return;
    draftWish.value = null;
    const before = text.trim() ? `${text}\n` : "";
    write(before + wish.text);
    requestAnimationFrame(() => {
      // It stays in another pane if its owner took it there.
      const pane = area.current?.closest("[data-pane]");
      if (document.activeElement === document.body || pane?.contains(document.activeElement)) area.current?.focus();
      area.current?.setSelectionRange(before.length + wish.cursor, before.length + wish.cursor);
    });
  }, [draftWish.value]);
  const say = (typed: string) => {
    const said = typed.trim();
    if (!said) return;
    // What can be done without an answer goes at any time; the draft stays while nothing can answer.
    if (!isCommand(said) && reason) return;
    write("");
    setSuggested(null);
    if (isCommand(said)) void runCommand(view, said);
    // Two slashes send the rest as it is, so that a message may begin with one.
    else view.ask(said.replace(/^\/\//, "/"), { mode: view.mode.peek(), context: contextToSend() });
  };
  /** Put a suggestion into the text; a command that takes nothing more is done at once when it was meant to be. */
  const take = (index: number, isMeant: boolean) => {
    const one = suggested?.list[index];
    if (!suggested || !one) return;
    if (isMeant && one.isWhole) return say(one.text);
    const now = text.slice(0, suggested.from) + one.text + text.slice(suggested.to);
    write(now);
    setSuggested(null);
    area.current?.focus();
  };
  const recall = () => {
    const waiting = queuedTurns(view.state.peek()).at(-1);
    if (waiting) editing.value = { turnId: waiting.id, text: waiting.prompt };
    else write(turnsOf(view.state.peek()).at(-1)?.prompt ?? "");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While a character is being composed, Enter belongs to the input method.
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const used = suggested ? steered(event) : false;
    if (used) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      // A key that is held down may have pressed a button before the keyboard came here.
      if (!event.repeat) say(text);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (running) view.stop();
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      recall();
    }
  };
  /** Move in the suggestions; false for keys that mean nothing there. */
  const steered = (event: KeyboardEvent): boolean => {
    const count = suggested?.list.length ?? 0;
    if (event.key === "ArrowDown") setChosen((chosen + 1) % count);
    else if (event.key === "ArrowUp") setChosen((chosen + count - 1) % count);
    else if (event.key === "Escape") setSuggested(null);
    else if (event.key === "Tab") take(chosen, false);
    else if (event.key === "Enter" && !event.shiftKey && !isTyped(suggested?.list[chosen], text)) take(chosen, true);
    else return false;
    return true;
  };

  return (
    <div class="composer">
      {Queue && <Queue view={view} />}
      {view.problem.value && <p class="problem" role="alert">{view.problem.value}</p>}
      {reason && (
        <p class="reason-to-wait" role="status" id={`${listId}-reason`}>
          <Icon name="warning" />
          <span>{plainly(capital(reason.remedy ? `${reason.text}: ${reason.remedy}` : reason.text))}</span>
        </p>
      )}
      {suggested && <Suggestions id={listId} list={suggested.list} chosen={chosen} onChoose={(index) => take(index, true)} />}
      <GoingAlong />
      <div class="writing">
        <textarea
          ref={area}
          data-autofocus
          aria-label="Message"
          aria-autocomplete="list"
          aria-controls={suggested ? listId : undefined}
          aria-activedescendant={suggested ? `${listId}-${chosen}` : undefined}
          aria-describedby={reason ? `${listId}-reason` : undefined}
          placeholder={running ? "Write the next message" : "Ask anything"}
          rows={1}
          value={text}
          onInput={(event) => write(event.currentTarget.value, event.currentTarget.selectionStart)}
          onBlur={() => setSuggested(null)}
          onKeyDown={onKeyDown}
        />
        {running && (
          <button type="button" class="stop" aria-label={isStopping ? "Stopping…" : "Stop"} title="Stop (Escape)" disabled={isStopping} onClick={() => view.stop()}>
            {isStopping ? "Stopping…" : <Icon name="stop" />}
          </button>
        )}
        <button type="button" class="primary" aria-label="Send" title="Send (Enter)" disabled={reason !== null || text.trim() === ""} onClick={() => say(text)}>
          <Icon name="send" />
        </button>
      </div>
      <div class="beside">
        <ModePicker view={view} />
        <ModelPicker />
        <NotifyButton />
      </div>
    </div>
  );
}

/** Whether a suggestion stands there already, under whichever of its names. */
function isTyped(one: Suggestion | undefined, text: string): boolean {
  const typed = text.trim();
  return one !== undefined && [one.text.trim(), ...(one.alsoTyped ?? [])].some((name) => name === typed || name === typed.toLowerCase());
}

/** Make the field as high as its text, up to a limit. */
function fit(area: HTMLTextAreaElement | null): void {
  if (!area) return;
  area.rows = 1;
  const line = parseFloat(getComputedStyle(area).lineHeight) || 20;
  area.rows = Math.max(1, Math.min(ROWS_MAX, Math.floor((area.scrollHeight - 12) / line)));
}
