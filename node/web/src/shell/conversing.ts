// What ties the conversation to the panes around it: a session that is opened comes into view, and what the owner
// looked at last beside it goes along with a message.

import { effect, signal } from "@preact/signals";

import { type Focused, currentSession, focusedContext } from "../conversation";
import type { LayoutController } from "../layout/controller";
import { paneOf, panesOf } from "../layout/model";

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
  let shown = currentSession.peek();
  effect(() => {
    const opened = currentSession.value;
    // The first one is what the page begins with, wherever it is.
    if (shown !== null && opened !== shown) queueMicrotask(() => showConversation(layout, false));
    shown = opened;
  });
}

/** Bring a pane into view that shows whatever session is the current one. */
export function showConversation(layout: LayoutController, focus: boolean): void {
  const pane = panesOf(layout.layout.peek()).find((one) => one.kind === KIND && !one.params["session"]);
  if (pane) layout.show(pane.id, focus);
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
