// One session in the list: its marks, its name, when it was spoken in, and what can be done with it.

import { useLayoutEffect, useRef } from "preact/hooks";

import { currentSession, openSession } from "../conversation";
import { Icon } from "../shell/icons";
import { MenuButton } from "../shell/menu";
import { archive, exportAs, pin, remove, rename, share, titleOf } from "./actions";
import { type Doing, doing } from "./doing";
import { hasNews } from "./list";
import type { Session } from "./order";

const GOING_ON: Readonly<Record<Doing, string>> = { running: "answering", waiting: "waiting in line", asking: "asks you" };

interface RowProps {
  session: Session;
  excerpt?: string;
  /** Whether Tab stops at it; arrow keys go to the others. */
  isStop: boolean;
  isRenamed: boolean;
  onRename: (isRenamed: boolean) => void;
  onFocus: () => void;
}

export function Row({ session, excerpt, isStop, isRenamed, onRename, onFocus }: RowProps) {
  const isShown = session.id === currentSession.value;
  const stop = isStop ? 0 : -1;
  return (
    <div class="session" data-shown={isShown} onFocusIn={onFocus} onDblClick={() => onRename(true)}>
      <Mark session={session} />
      {isRenamed ? (
        <NameField session={session} onDone={() => onRename(false)} />
      ) : (
        <button type="button" class="session-open" tabIndex={stop} aria-current={isShown ? "true" : undefined} onClick={() => openSession(session.id)}>
          <span class="session-title">
            {titleOf(session)}
            <Said session={session} />
          </span>
          {excerpt && <span class="session-excerpt">{excerpt}</span>}
        </button>
      )}
      {session.pinned && <span class="session-pin" title="Pinned"><Icon name="pin" /></span>}
      {session.links > 0 && <span class="session-pin" title="Others can read it by link"><Icon name="link" /></span>}
      <time dateTime={new Date(session.lastMessageAt * 1_000).toISOString()}>{day(session.lastMessageAt)}</time>
      <MenuButton class="session-more" tabIndex={stop} label={`More for ${titleOf(session)}`} items={() => itemsFor(session, onRename)}>
        <Icon name="menu" />
      </MenuButton>
    </div>
  );
}

/** What goes on, or that there is news; said in words beside the name. */
function Mark({ session }: { session: Session }) {
  const going = doing.value.get(session.id)?.what;
  const kind = going ?? (hasNews(session) ? "unread" : undefined);
  return <span class="session-mark" data-mark={kind} title={going ? GOING_ON[going] : kind} aria-hidden="true" />;
}

function Said({ session }: { session: Session }) {
  const going = doing.value.get(session.id)?.what;
  const words = [going && GOING_ON[going], hasNews(session) && "unread", session.pinned && "pinned", session.archived && "archived", session.links > 0 && "shared by link"];
  const said = words.filter(Boolean).join(", ");
  return said ? <span class="visually-hidden">, {said}</span> : null;
}

/** Enter and leaving keep the new name, Escape the old one. */
function NameField({ session, onDone }: { session: Session; onDone: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  useLayoutEffect(() => field.current?.select(), []);
  const end = (isKept: boolean) => {
    if (isDone.current) return;
    isDone.current = true;
    if (isKept) void rename(session, field.current?.value ?? "");
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || event.shiftKey || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter");
  };
  return (
    <input ref={field} class="session-name" aria-label={`New name of ${titleOf(session)}`} maxLength={60} defaultValue={session.title} onKeyDown={onKeyDown} onBlur={() => end(true)} />
  );
}

function itemsFor(session: Session, onRename: (isRenamed: boolean) => void) {
  return [
    { title: "Rename", keys: "F2", run: () => onRename(true) },
    { title: session.pinned ? "Unpin" : "Pin", run: () => void pin(session) },
    { title: session.archived ? "Restore" : "Archive", run: () => void archive(session) },
    null,
    { title: "Share by link", run: () => void share(session) },
    { title: "Export as Markdown", run: () => exportAs(session, "markdown") },
    { title: "Export as JSON", run: () => exportAs(session, "json") },
    null,
    { title: "Delete", keys: "Del", run: () => void remove(session) },
  ];
}

/** The time of today, the day of this year, else the month. */
function day(seconds: number): string {
  const date = new Date(seconds * 1_000);
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.getFullYear() === now.getFullYear()) return date.toLocaleDateString([], { day: "numeric", month: "short" });
  return date.toLocaleDateString([], { month: "short", year: "numeric" });
}

