// The rows of the list, of which only those in view are in the page. Arrow keys walk, F2 renames, Delete deletes.

import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { remove } from "./actions";
import { readMore } from "./list";
import type { Session } from "./order";
import { Row } from "./row";
import { sliceOf } from "./slice";

const ROW_PX = 34;
const HIT_PX = 54;
/** So many rows before the end of what is known, more is read. */
const AHEAD = 30;

interface RowsProps {
  label: string;
  sessions: readonly (Session & { excerpt?: string })[];
  hasMore: boolean;
}

export function Rows({ label, sessions, hasMore }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [stop, setStop] = useState<string | null>(null);
  const [renamed, setRenamed] = useState<string | null>(null);
  /** A row that is to take the keyboard as soon as it is in the page. */
  const wanted = useRef<string | null>(null);
  const rowPx = sessions.some(({ excerpt }) => excerpt !== undefined) ? HIT_PX : ROW_PX;
  const { from, to } = sliceOf(view.top, view.height, rowPx, sessions.length);
  const stopAt = Math.max(0, sessions.findIndex(({ id }) => id === stop));
  /** Where the row with the keyboard was, should it go: the one that comes in its place takes it. */
  const lastAt = useRef(0);

  useLayoutEffect(() => {
    const look = () => box.current && setView({ top: box.current.scrollTop, height: box.current.clientHeight });
    const watcher = new ResizeObserver(look);
    if (box.current) watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (hasMore && to > sessions.length - AHEAD) void readMore();
  }, [to, sessions.length, hasMore]);
  useLayoutEffect(() => {
    if (sessions.some(({ id }) => id === stop)) lastAt.current = stopAt;
    else if (stop !== null && document.activeElement === document.body) go(lastAt.current);
  }, [sessions, stop]);
  useLayoutEffect(() => {
    const row = wanted.current !== null && box.current?.querySelector<HTMLElement>(`[data-session="${CSS.escape(wanted.current)}"] button`);
    if (!row) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
  });

  const go = (index: number) => {
    const next = sessions[Math.max(0, Math.min(index, sessions.length - 1))];
    if (!next || !box.current) return;
    const top = sessions.indexOf(next) * rowPx;
    const { scrollTop, clientHeight } = box.current;
    if (top < scrollTop) box.current.scrollTop = top;
    else if (top + rowPx > scrollTop + clientHeight) box.current.scrollTop = top + rowPx - clientHeight;
    wanted.current = next.id;
    setStop(next.id);
    setView({ top: box.current.scrollTop, height: clientHeight });
  };
  const rename = (id: string, isRenamed: boolean) => {
    setRenamed(isRenamed ? id : null);
    if (!isRenamed && box.current?.contains(document.activeElement)) wanted.current = id;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // In the field of a new name the keys write.
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.target instanceof HTMLInputElement) return;
    const page = Math.max(1, Math.floor(view.height / rowPx) - 1);
    const to = { ArrowDown: stopAt + 1, ArrowUp: stopAt - 1, Home: 0, End: sessions.length - 1, PageDown: stopAt + page, PageUp: stopAt - page }[event.key];
    const session = sessions[stopAt];
    if (to !== undefined) go(to);
    else if (event.key === "F2" && session) rename(session.id, true);
    else if (event.key === "Delete" && session) void remove(session);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={box} class="session-rows" onScroll={({ currentTarget }) => setView({ top: currentTarget.scrollTop, height: currentTarget.clientHeight })}>
      {/* As high as all rows together, whichever of them are in the page: else the browser would move the view. */}
      <ul aria-label={label} style={{ height: `${sessions.length * rowPx}px` }} onKeyDown={onKeyDown}>
        {sessions.slice(from, to).map((session, index) => (
          <li
            key={session.id}
            data-session={session.id}
            style={{ top: `${(from + index) * rowPx}px`, height: `${rowPx}px` }}
            aria-setsize={hasMore ? -1 : sessions.length}
            aria-posinset={from + index + 1}
          >
            <Row
              session={session}
              excerpt={session.excerpt}
              isStop={from + index === stopAt}
              isRenamed={renamed === session.id}
              onRename={(isRenamed) => rename(session.id, isRenamed)}
              onFocus={() => setStop(session.id)}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}
