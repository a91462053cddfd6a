// What was said, the latest at the end; only the last turns are in the page, and earlier ones come when wanted.

import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../shell/icons";
import { queuedTurns } from "./model";
import { useStick } from "./stick";
import { NoteView, TurnView } from "./turn";
import type { ConversationView } from "./views";
import { Welcome } from "./welcome";

/** More of them make the page slow, whatever they hold. */
const SHOWN_ITEMS = 60;

export function Transcript({ view }: { view: ConversationView }) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [limit, setLimit] = useState(SHOWN_ITEMS);
  /** The distance to the end, which has to stay when something is put before what is read. */
  const fromEnd = useRef<number | null>(null);
  const conversation = view.state.value;
  const inLine = new Set<unknown>(queuedTurns(conversation));
  const items = conversation.items.filter((item) => !inLine.has(item));
  const shown = items.slice(-limit);
  const hasMore = shown.length < items.length || conversation.hasEarlier;

  const showEarlier = () => {
    if (!hasMore || fromEnd.current !== null) return;
    fromEnd.current = box.current ? box.current.scrollHeight - box.current.scrollTop : null;
    if (shown.length < items.length) setLimit(limit + SHOWN_ITEMS);
    else void view.loadEarlier().then(() => setLimit(limit + SHOWN_ITEMS));
  };
  const { isAtEnd, toEnd } = useStick(box, content, showEarlier);
  useLayoutEffect(() => {
    if (fromEnd.current === null || !box.current) return;
    box.current.scrollTop = box.current.scrollHeight - fromEnd.current;
    fromEnd.current = null;
  }, [shown[0]?.id, limit]);
  // Back at the end, what was read further up leaves the page again.
  useLayoutEffect(() => {
    if (isAtEnd) setLimit(SHOWN_ITEMS);
  }, [isAtEnd]);

  return (
    <div class="transcript-frame">
      <div class="transcript" ref={box} role="region" aria-label="Transcript" tabIndex={0}>
        <div class="transcript-content" ref={content}>
          {hasMore && (
            <button type="button" class="plain earlier" onClick={showEarlier}>
              Show earlier messages
            </button>
          )}
          {shown.map((item) =>
            item.kind === "turn" ? <TurnView key={item.id} turn={item} view={view} /> : <NoteView key={item.id} note={item} />,
          )}
          {view.isLoaded.value && <Welcome isEmpty={items.length === 0} />}
        </div>
      </div>
      {!isAtEnd && (
        <button type="button" class="to-latest" onClick={toEnd}>
          <Icon name="chevron" /> Jump to latest
        </button>
      )}
    </div>
  );
}
