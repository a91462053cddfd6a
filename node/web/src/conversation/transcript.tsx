// What was said, the latest at the end; only some turns are in the page, and others come when wanted.

import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Later } from "../net/later";
import { Icon } from "../shell/icons";
import { bubblesOf, placed } from "./bubbles";
import { queuedTurns } from "./model";
import { useStick } from "./stick";
import { NoteView, TurnView } from "./turn";
import type { ConversationView } from "./views";

import { AT_END, type Window, earlier, later, shownIn } from "./window";

/** It comes behind the first paint: whoever has a model and said something never sees it. */
const welcome = new Later(async () => (await import("../onboarding/welcome")).Welcome);

/** It decorates what is there without it. */
const avatar = new Later(async () => (await import("./avatar")).Avatar);
/** It comes with the first slash command. */
const bubbleView = new Later(async () => (await import("./bubble")).BubbleView);

export function Transcript({ view }: { view: ConversationView }) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [part, setPart] = useState(AT_END);
  /** What is read, and where it stood: it has to stay there when something comes or goes before it. */
  const held = useRef<{ element: Element; top: number } | null>(null);
  const wantsEarlier = useRef(false);
  const place = usePlace(view);
  const Welcome = welcome.part.value;
  const Avatar = avatar.part.value;
  useEffect(() => [welcome, avatar].forEach((part) => part.want()), []);
  const conversation = view.state.value;
  const inLine = new Set<unknown>(queuedTurns(conversation));
  const items = conversation.items.filter((item) => !inLine.has(item));
  const shown = shownIn(items, part);
  const last = items.at(-1);
  const bubbles = placed(bubblesOf(view.id).value, items);
  const BubbleView = bubbleView.part.value;
  const hasBubbles = bubbles.size > 0;
  useEffect(() => {
    if (hasBubbles) bubbleView.want();
  }, [hasBubbles]);
  const said = (after: string | null) => BubbleView && bubbles.get(after)?.map((one) => <BubbleView key={one.id} bubble={one} view={view} />);
  const hasMore = shown.before > 0 || conversation.hasEarlier;

  const move = (next: Window, hold: "first" | "last") => {
    const read = content.current?.querySelectorAll(":scope > :not(.earlier, .avatar, .welcome, .find-model, .starters, .by-rules)");
    const element = hold === "first" ? read?.[0] : read?.[read.length - 1];
    held.current = element ? { element, top: element.getBoundingClientRect().top } : null;
    setPart(next);
  };
  const onBeginning = () => {
    if (held.current !== null) return;
    wantsEarlier.current = shown.before === 0;
    if (shown.before > 0) move(earlier(items, part), "first");
    else if (conversation.hasEarlier) void view.loadEarlier();
  };
  const onEnd = () => {
    if (shown.behind > 0 && held.current === null) move(later(items, part), "last");
    return shown.behind > 0;
  };
  const { isAtEnd, toEnd } = useStick(box, content, { onBeginning, onEnd });
  // Who says something wants to see it go out, wherever they were reading.
  useLayoutEffect(toEnd, [view.endWish.value]);
  useLayoutEffect(() => {
    const { element, top } = held.current ?? {};
    held.current = null;
    if (box.current && element && top !== undefined) box.current.scrollTop += element.getBoundingClientRect().top - top;
  });
  // At its very beginning nothing scrolls any more, so what was fetched from the node is shown without another wish.
  useLayoutEffect(() => {
    if (wantsEarlier.current && shown.before > 0) onBeginning();
  }, [shown.before]);
  // Back at the end, what was read further up leaves the page again.
  useLayoutEffect(() => {
    if (!isAtEnd) return;
    held.current = null;
    setPart(AT_END);
  }, [isAtEnd]);

  // Several conversations may stand side by side, and one of them twice.
  const label = ["Transcript", view.title.value, place > 0 && `pane ${place + 1}`].filter(Boolean).join(": ");
  return (
    <div class="transcript-frame">
      <div class="transcript" ref={box} role="region" aria-label={label} tabIndex={0}>
        <div class="transcript-content" ref={content}>
          {hasMore && (
            <button type="button" class="plain earlier" onClick={onBeginning}>
              Show earlier messages
            </button>
          )}
          {shown.before === 0 && said(null)}
          {shown.items.map((item) => (
            <Fragment key={item.id}>
              {item.kind === "turn" ? <TurnView turn={item} view={view} /> : <NoteView note={item} />}
              {said(item.id)}
            </Fragment>
          ))}
          {Avatar && shown.behind === 0 && last?.kind === "turn" && <Avatar turn={last} />}
          {Welcome && view.isLoaded.value && <Welcome sessionId={view.id} isEmpty={items.length === 0 && !hasBubbles} />}
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

/** Return which of the panes that show a conversation this is, from 0 on. */
function usePlace(view: ConversationView): number {
  const [own] = useState(() => ({}));
  useLayoutEffect(() => {
    view.panes.value = [...view.panes.peek(), own];
    return () => void (view.panes.value = view.panes.peek().filter((one) => one !== own));
  }, [view]);
  return view.panes.value.indexOf(own);
}
