// What goes on now, and what happened lately: turns of every session, and asks of peers and to them.

import { useEffect, useState } from "preact/hooks";

import { command } from "../commands/registry";
import { openSession } from "../conversation";
import { duration } from "../conversation/numbers";
import { Icon } from "../shell/icons";
import { useAsked } from "../traces/asked";
import { clockTime, useNow } from "../traces/clock";
import { StateMark, TURNS } from "../traces/states";
import type { AskRow, TurnLine } from "../traces/wire";
import { type Entry, type Who, doingOf, filtered, runsOf, timeline } from "./timeline";
import "./activity.css";

const TURNS_MAX = 60;
const ASKS_MAX = 40;
const NOW_MAX = 6;
/** A tool that begins in a session that this page does not follow is not told; it is looked for. */
const LOOK_EVERY_MS = 2_000;
const WHO: readonly (readonly [Who, string])[] = [
  ["all", "Everything"], ["turns", "Conversations"], ["asks", "Peers"],
]; // prettier-ignore

export function Activity() {
  const [isBusy, setBusy] = useState(false);
  const turns = useAsked<TurnLine[]>(`/api/chat/turns?limit=${TURNS_MAX}`, isBusy ? LOOK_EVERY_MS : null);
  const asks = useAsked<AskRow[]>(`/api/network/asks?limit=${ASKS_MAX}`);
  const [filter, setFilter] = useState<{ who: Who; session: string }>({ who: "all", session: "" });
  const entries = timeline(turns.value ?? [], asks.value ?? []);
  const current = entries.filter(isUnderWay);
  const goesOn = current.length > 0;
  useEffect(() => setBusy(goesOn), [goesOn]);
  const now = useNow(goesOn);
  const shown = filtered(entries, filter);
  const isNew = turns.value?.length === 0 && asks.value?.length === 0;
  return (
    <div class="activity" tabIndex={-1} data-autofocus>
      <Now entries={current} now={now} isKnown={turns.value !== null} />
      {turns.problem && <p class="problem">The turns cannot be read: {turns.problem}.</p>}
      {!isNew && <Filters turns={turns.value ?? []} filter={filter} onChange={setFilter} />}
      <ol class="timeline" aria-label="What happened lately" tabIndex={0}>
        {shown.map((entry) => (
          <li key={entry.id}>{entry.kind === "turn" ? <TurnRow turn={entry.turn} now={now} /> : <AskRowView ask={entry.ask} />}</li>
        ))}
      </ol>
      {isNew && <p class="empty">Nothing has happened yet. What your agent does for you, and for your peers, is listed here.</p>}
      {!isNew && turns.value && shown.length === 0 && <p class="empty">Nothing of this kind lately.</p>}
    </div>
  );
}

function isUnderWay(entry: Entry): boolean {
  return entry.kind === "turn" ? entry.turn.state === "dispatching" : entry.ask.outcome === null;
}

function Now({ entries, now, isKnown }: { entries: readonly Entry[]; now: number; isKnown: boolean }) {
  if (entries.length === 0) return <p class="idle">{isKnown ? "The agent is idle." : "Looking it up…"}</p>;
  return (
    <ul class="now" aria-label="Under way">
      {entries.slice(0, NOW_MAX).map((entry) => (
        <li key={entry.id}>{entry.kind === "turn" ? <Running turn={entry.turn} now={now} /> : <Asking ask={entry.ask} now={now} />}</li>
      ))}
      {entries.length > NOW_MAX && <li>and {entries.length - NOW_MAX} more</li>}
    </ul>
  );
}

function Running({ turn, now }: { turn: TurnLine; now: number }) {
  const { text, since } = doingOf(turn);
  return (
    <>
      <StateMark look={TURNS[turn.state]} state={turn.state} />
      <strong>{text}</strong>
      <span class="time">{elapsed(now - since)}</span>
      <button type="button" class="plain where" onClick={() => openSession(turn.sessionId)}>
        <Icon name="conversation" /> {turn.title}
      </button>
    </>
  );
}

function Asking({ ask, now }: { ask: AskRow; now: number }) {
  return (
    <>
      <StateMark look={{ icon: "peers", text: "running" }} state="running" />
      <strong>{ask.direction === "in" ? `${ask.name} asks this node` : `this node asks ${ask.name}`}</strong>
      <span class="time">{elapsed(now - ask.startedAt)}</span>
    </>
  );
}

interface FiltersProps {
  turns: readonly TurnLine[];
  filter: { who: Who; session: string };
  onChange: (filter: { who: Who; session: string }) => void;
}

function Filters({ turns, filter, onChange }: FiltersProps) {
  const sessions = new Map(turns.map(({ sessionId, title }) => [sessionId, title]));
  return (
    <div class="filters">
      <select aria-label="Kind of activity" value={filter.who} onChange={({ currentTarget }) => onChange({ ...filter, who: currentTarget.value as Who })}>
        {WHO.map(([value, name]) => (
          <option key={value} value={value}>{name}</option>
        ))}
      </select>
      <select aria-label="Conversation" value={filter.session} onChange={({ currentTarget }) => onChange({ ...filter, session: currentTarget.value })}>
        <option value="">All conversations</option>
        {[...sessions].map(([id, title]) => (
          <option key={id} value={id}>{title || "Without a title"}</option>
        ))}
      </select>
    </div>
  );
}

function TurnRow({ turn, now }: { turn: TurnLine; now: number }) {
  const look = TURNS[turn.state];
  const inspect = () => void command("inspector.show")?.run({ sessionId: turn.sessionId, turnId: turn.turnId });
  return (
    <button type="button" class="entry" title="Show it in the inspector" onClick={inspect}>
      <time dateTime={new Date(turn.createdAt * 1_000).toISOString()}>{clockTime(turn.createdAt)}</time>
      <StateMark look={look} state={turn.state} />
      <span class="what">
        <span class="said">{turn.prompt}</span>
        {turn.title !== turn.prompt && <span class="soft"> in {turn.title}</span>}
      </span>
      <span class="chips">
        {runsOf(turn.calls).map(({ name, count, failed, denied }, index) => (
          <span key={index} class="chip" data-failed={failed > 0 || undefined}>
            {name}
            {count > 1 && ` ×${count}`}
            {failed > 0 && `, ${failed} failed`}
            {denied > 0 && `, ${denied} denied`}
          </span>
        ))}
      </span>
      <span class="time">{took(turn, now)}</span>
      {turn.error && <span class="problem">{turn.error}</span>}
    </button>
  );
}

function AskRowView({ ask }: { ask: AskRow }) {
  const outcome = ask.outcome ?? "running";
  const isFine = outcome === "answered" || outcome === "running";
  return (
    <div class="entry">
      <time dateTime={new Date(ask.startedAt * 1_000).toISOString()}>{clockTime(ask.startedAt)}</time>
      <StateMark look={{ icon: isFine ? "peers" : "close", text: outcome }} state={isFine ? outcome : "failed"} />
      <span class="what">
        {ask.direction === "in" ? `${ask.name} asked this node` : `This node asked ${ask.name}`}
        {ask.times > 1 && ` ${ask.times} times`}
        {ask.prompt && <span class="soft">: {ask.prompt}</span>}
      </span>
      <span class="chips">{outcome !== "answered" && outcome !== "running" && <span class="chip" data-failed>{outcome}</span>}</span>
      <span class="time">{ask.durationMs === null ? "" : duration(ask.durationMs)}</span>
    </div>
  );
}

/** Return how long its latest run took, or takes by now. */
function took({ startedAt, endedAt, state }: TurnLine, now: number): string {
  if (startedAt === null || state === "pending") return "";
  const end = state === "dispatching" ? now : (endedAt ?? startedAt);
  return duration(Math.max(0, end - startedAt) * 1_000);
}

function elapsed(seconds: number): string {
  return duration(Math.max(0, Math.floor(seconds)) * 1_000);
}
