// What ties the conversation to the panes around it: a session that is opened comes into view, and what the owner
// looked at last beside it goes along with a message.

import { effect } from "@preact/signals";

import { currentSession, focusedContext } from "../conversation";
import type { LayoutController } from "../layout/controller";
import { paneOf, panesOf } from "../layout/model";
import type { FocusedContext } from "../wire.gen";

const KIND = "conversation";

export function tieConversation(layout: LayoutController): void {
  showOpenedSessions(layout);
  let lookedAt: string | null = null;
  effect(() => {
    const pane = paneOf(layout.layout.value, layout.focused.value ?? "");
    if (pane && layout.context(pane)?.uri) lookedAt = pane.id;
  });
  focusedContext.value = () => contextOf(layout, lookedAt);
}

function showOpenedSessions(layout: LayoutController): void {
  let shown = currentSession.peek();
  effect(() => {
    const opened = currentSession.value;
    // The first one is what the page begins with, wherever it is.
    if (shown !== null && opened !== shown) queueMicrotask(() => showConversation(layout));
    shown = opened;
  });
}

/** Bring a pane into view that shows whatever session is the current one. */
function showConversation(layout: LayoutController): void {
  const pane = panesOf(layout.layout.peek()).find((one) => one.kind === KIND && !one.params["session"]);
  if (pane) layout.show(pane.id, false);
  else layout.open(KIND);
}

function contextOf(layout: LayoutController, paneId: string | null): FocusedContext | null {
  const pane = paneOf(layout.layout.peek(), paneId ?? "");
  const context = pane && layout.context(pane);
  if (!context?.uri) return null;
  const { uri, title, language = "", content = "" } = context;
  return { uri, title, language, content };
}
