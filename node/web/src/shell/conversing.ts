// What ties the conversation to the panes around it: a session that is opened comes into view, and what the owner
// looked at last beside it goes along with a message.

import { effect, signal } from "@preact/signals";

import { type Focused, currentSession, focusedContext } from "../conversation";
import { focusWish } from "../conversation/focus";
import type { LayoutController } from "../layout/controller";
import { seen } from "../layout/focus";
import { type Layout, groupOf, paneOf, panesOf } from "../layout/model";

const KIND = "conversation";
/** The node takes no more; it tells the model that what it reads is cut. */
const CONTENT_MAX_CHARS = 1_000_000;

export function tieConversation(layout: LayoutController): void {
  showOpenedSessions(layout);
  const lookedAt = signal<string | null>(null);
  effect(() => {
    const pane = paneOf(layout.layout.value, layout.focused.value ?? "");
    if (pane && layout.context(pane)?.uri) lookedAt.value = pane.id;
  });
  focusedContext.value = () => contextOf(layout, lookedAt.value);
}

function showOpenedSessions(layout: LayoutController): void {
  // Whether the next one is what the page begins with: a conversation in view has asked the node for it.
  let isAwaited = false;
  effect(() => {
    if (currentSession.value === null) isAwaited ||= isConversationSeen(layout.layout.value);
    else if (isAwaited) isAwaited = false;
    else queueMicrotask(() => showConversation(layout, false));
  });
  effect(() => {
    if (focusWish.value > 0) queueMicrotask(() => showConversation(layout, true));
  });
}

export function isConversationSeen(layout: Layout): boolean {
  return seen(layout).some(({ active }) => paneOf(layout, active)?.kind === KIND);
}

/** Bring a pane into view that shows whatever session is the current one; it takes the keyboard of what it covers. */
export function showConversation(layout: LayoutController, focus: boolean): void {
  const now = layout.layout.peek();
  const pane = panesOf(now).find((one) => one.kind === KIND && !one.params["session"]);
  const covers = groupOf(now, layout.focused.peek() ?? "")?.panes.some(({ id }) => id === pane?.id) ?? false;
  if (pane) layout.show(pane.id, focus || covers);
  else layout.open(KIND, { focus });
}

function contextOf(layout: LayoutController, paneId: string | null): Focused | null {
  const pane = paneOf(layout.layout.value, paneId ?? "");
  const context = pane && layout.context(pane);
  if (!context?.uri) return null;
  const { uri, title, language = "" } = context;
  return {
    uri,
    title,
    language,
    get content() {
      return (context.content ?? "").slice(0, CONTENT_MAX_CHARS);
    },
  };
}
