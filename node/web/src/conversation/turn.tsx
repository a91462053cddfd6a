// One turn: what was asked, and in its order what came of it.

import { Component, type ComponentChildren } from "preact";

import { command } from "../commands/registry";
import { CopyButton } from "../markdown/code";
import { Markdown } from "../markdown/markdown";
import { Icon } from "../shell/icons";
import { Approval } from "./approval";
import { Calls } from "./calls";
import type { CallPart, Citation, ErrorPart, Note, Part, ReasoningPart, Turn } from "./model";
import { answerOf } from "./model";
import { duration, short } from "./numbers";
import type { ConversationView } from "./views";

interface TurnProps {
  turn: Turn;
  view: ConversationView;
}

/** Draws again only when the turn itself changed: folding an event makes a new one of that turn alone. */
export class TurnView extends Component<TurnProps> {
  override shouldComponentUpdate(next: Readonly<TurnProps>): boolean {
    return next.turn !== this.props.turn;
  }

  override render({ turn, view }: TurnProps) {
    const groups = groupsOf(turn.parts);
    return (
      <article class="turn" aria-busy={turn.state === "running"} data-state={turn.state} data-turn={turn.id}>
        <OwnerSaid text={turn.prompt}>{turn.state === "sending" && <small role="status">Sending…</small>}</OwnerSaid>
        <div class="agent-said">
          <h3 class="visually-hidden">Agent</h3>
          {groups.map((group, index) => (
            <PartView key={index} group={group} turn={turn} view={view} isLast={index === groups.length - 1} />
          ))}
          <Doing turn={turn} />
          <Sources citations={turn.citations} />
          <Ending turn={turn} view={view} />
        </div>
      </article>
    );
  }
}

export function NoteView({ note }: { note: Note }) {
  if (note.role === "user") return <OwnerSaid text={note.text} />;
  if (note.role === "agent") return <div class="agent-said"><Markdown text={note.text} /></div>;
  return <div class="note">{note.role === "system" ? <Markdown text={note.text} /> : <pre tabIndex={0}>{note.text}</pre>}</div>;
}

function OwnerSaid({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <div class="owner-said">
      <h3 class="visually-hidden">You</h3>
      <p dir="auto">{text}</p>
      {children}
    </div>
  );
}

type Group = Exclude<Part, CallPart> | { kind: "calls"; calls: readonly CallPart[] };

/** Put calls that follow one another together. A call that was denied never ran: its question says it all. */
function groupsOf(parts: readonly Part[]): readonly Group[] {
  const denied = new Set(parts.map((part) => (part.kind === "approval" && part.decision === "deny" ? part.request.callId : null)));
  const groups: Group[] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    if (part.kind === "call" && denied.has(part.callId)) continue;
    if (part.kind !== "call") groups.push(part);
    else if (last?.kind === "calls") groups[groups.length - 1] = { kind: "calls", calls: [...last.calls, part] };
    else groups.push({ kind: "calls", calls: [part] });
  }
  return groups;
}

function PartView({ group, turn, view, isLast }: { group: Group; turn: Turn; view: ConversationView; isLast: boolean }) {
  switch (group.kind) {
    case "text":
      return <Markdown text={group.text} isLive={turn.state === "running" && isLast} />;
    case "reasoning":
      return <Reasoning part={group} />;
    case "calls":
      return <Calls calls={group.calls} turnId={turn.id} />;
    case "approval":
      return <Approval part={group} view={view} />;
    case "notice":
      return <p class="notice">{group.text}</p>;
    case "error":
      return <Failure part={group} />;
  }
}

function Reasoning({ part }: { part: ReasoningPart }) {
  const isOn = part.ms === null && part.startedAt !== null;
  const took = part.ms !== null && part.ms >= 1_000 ? ` for ${duration(part.ms)}` : "";
  return (
    <details class="reasoning">
      <summary>{isOn ? "Thinking…" : `Thought${took}`}</summary>
      <p dir="auto">{part.text}</p>
    </details>
  );
}

function Failure({ part }: { part: ErrorPart }) {
  return (
    <p class="failure" role="alert">
      <Icon name="warning" /> {part.message}
    </p>
  );
}

/** What goes on while nothing streams. */
function Doing({ turn }: { turn: Turn }) {
  const last = turn.parts.at(-1);
  if (turn.state === "waiting") return <p class="doing">{turn.status || "Waiting…"}</p>;
  if (turn.state !== "running" || last?.kind === "text" || (last?.kind === "approval" && last.decision === null)) return null;
  const isOwners = last?.kind === "call" && last.state === "running" && last.name === "editor.proposeEdit";
  return <p class="doing" data-working="true">{isOwners ? "Your turn: accept or reject its changes in the editor." : turn.status || "Working…"}</p>;
}

function Sources({ citations }: { citations: readonly Citation[] }) {
  if (citations.length === 0) return null;
  return (
    <ol class="citations" aria-label="Sources">
      {citations.map((place, index) => (
        <li key={index}>
          <details>
            <summary>
              <Icon name="file" /> {place.file}, {placeOf(place)}
            </summary>
            <blockquote dir="auto">{place.quote || "It quotes nothing."}</blockquote>
          </details>
        </li>
      ))}
    </ol>
  );
}

function placeOf({ unit, first, last }: Citation): string {
  return first === last ? `${unit} ${first}` : `${unit}s ${first}–${last}`;
}

function Ending({ turn, view }: { turn: Turn; view: ConversationView }) {
  const canRetry = turn.state === "failed" || turn.state === "refused" || turn.state === "cancelled";
  if (!canRetry && turn.state !== "done") return null;
  return (
    <footer class="ending">
      {turn.state === "cancelled" && <span>{isWithdrawn(turn) ? "Taken back" : "Stopped"}</span>}
      {canRetry && (
        <button type="button" onClick={() => view.retry(turn.id)}>
          {isWithdrawn(turn) ? "Send it after all" : "Try again"}
        </button>
      )}
      {turn.state === "done" && <CopyButton text={answerOf(turn)} label="Copy answer" />}
      {turn.state !== "refused" && !isWithdrawn(turn) && <Inspect turnId={turn.id} />}
      {turn.state === "done" && <span>{figures(turn)}</span>}
    </footer>
  );
}

/** It ended before it ran. */
function isWithdrawn({ state, ms, parts }: Turn): boolean {
  return state === "cancelled" && !ms && parts.length === 0;
}

function Inspect({ turnId }: { turnId: string }) {
  const inspector = command("inspector.show");
  if (!inspector) return null;
  const show = () => void inspector.run({ turnId });
  return (
    <button type="button" class="plain inspect" aria-label="Inspect this turn" title="Inspect this turn" onClick={show}>
      <Icon name="inspector" />
    </button>
  );
}

/** As `tiny · 3.2 s · 120 tokens`; what is not known is left out. */
function figures({ usage, ms }: Turn): string {
  const tokens = usage?.completionTokens;
  return [usage?.model, ms === null ? null : duration(ms), tokens ? `${short(tokens)} ${tokens === 1 ? "token" : "tokens"}` : null]
    .filter(Boolean)
    .join(" · ");
}
