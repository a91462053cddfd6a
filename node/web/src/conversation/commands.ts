// What the keyboard and the palette can do in a conversation. No single key allows anything.

import { registerCommands } from "../commands/registry";
import { registerTargets } from "../commands/targets";
import { api } from "../net/api";
import { answer } from "./approval";
import { currentSession, newSession, openSession } from "./current";
import { focusComposer } from "./focus";
import { answerOf, openApprovals, runningTurn, turnsOf } from "./model";
import { type ConversationView, viewOf } from "./views";

function view(): ConversationView | null {
  return currentSession.value === null ? null : viewOf(currentSession.value);
}

function firstQuestion() {
  const shown = view();
  const part = shown && openApprovals(shown.state.value)[0];
  return shown && part ? { shown, request: part.request } : null;
}

export function addConversationCommands(): void {
  registerCommands(
    { id: "chat.new", title: "New conversation", keys: "Ctrl+Shift+O", run: () => (newSession(), focusComposer()) },
    { id: "chat.focusInput", title: "Write a message", keys: "Shift+Escape", run: focusComposer },
    {
      id: "chat.openSession",
      title: "Open a conversation",
      // It needs to be told which; the palette lists the sessions themselves.
      when: () => false,
      run: (args) => typeof args?.id === "string" && openSession(args.id),
    },
    { id: "chat.stopGeneration", title: "Stop the agent", when: () => isRunning(), run: () => view()?.stop() },
    { id: "chat.copyLastReply", title: "Copy the last answer", keys: "Ctrl+Shift+C", run: copyLastReply },
    {
      id: "approval.allow",
      title: "Allow the waiting call once",
      keys: "Ctrl+Alt+Enter",
      when: () => firstQuestion() !== null,
      run: () => decide("allow_once"),
    },
    {
      id: "approval.deny",
      title: "Deny the waiting call",
      keys: "Ctrl+Alt+Backspace",
      when: () => firstQuestion() !== null,
      run: () => decide("deny"),
    },
  );
  registerTargets(async () => {
    const all = await api<{ id: string; title: string }[]>("GET", "/api/chat/sessions");
    return all.map(({ id, title }) => ({ kind: "session", id, title: title || id, icon: "sessions", show: () => openSession(id) }));
  });
}

function isRunning(): boolean {
  const shown = view();
  return shown !== null && runningTurn(shown.state.value) !== undefined;
}

/** Answer the first question; one that is out of sight comes into view, and it takes another press. */
function decide(decision: "allow_once" | "deny"): void {
  const question = firstQuestion();
  if (!question?.request.decisions.includes(decision)) return;
  const { shown, request } = question;
  if (cardsOf(request.approvalId).some(isSeen)) return void answer(shown, request, decision);
  focusComposer();
  shown.endWish.value++;
  requestAnimationFrame(() => cardsOf(request.approvalId).forEach((card) => card.scrollIntoView({ block: "end" })));
}

function cardsOf(approvalId: string): readonly Element[] {
  return [...document.querySelectorAll(`[data-approval="${approvalId}"]`)];
}

/** Whether the lower end of a card, with its answers, is in view and nothing lies over it. */
function isSeen(card: Element): boolean {
  const { left, right, top, bottom } = card.querySelector("footer")!.getBoundingClientRect();
  return card.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
}

function copyLastReply(): void {
  const last = view() && turnsOf(view()!.state.peek()).findLast(({ state }) => state === "done");
  if (last) void navigator.clipboard.writeText(answerOf(last)).catch(() => {});
}
