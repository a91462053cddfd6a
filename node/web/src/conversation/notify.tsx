// Telling an owner who looks elsewhere: the title counts what waits, and the system tells if it was allowed to.

import { signal } from "@preact/signals";

import { Icon } from "../shell/icons";
import type { AgentFrame } from "./fold";
import type { Turn } from "./model";
import { duration } from "./numbers";

/** A shorter turn is not worth a word: its owner is still here. */
const WORTH_TELLING_MS = 10_000;
const TEXT_MAX_CHARS = 120;

/** How many questions and answers came while nobody looked; for the title of the window. */
export const unseen = signal(0);

const permission = signal<NotificationPermission | "unknown">(typeof Notification === "undefined" ? "unknown" : Notification.permission);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) unseen.value = 0;
});

/** Tell of an event if the owner does not look: of questions always, of ends after a long turn. */
export function tellOf(frame: AgentFrame, turn: Turn | undefined): void {
  if (!document.hidden) return;
  if (frame.event === "approval_request") tell("Your agent asks", `Allow ${frame.data.tool} ${frame.data.specifier}?`, frame.data.approvalId);
  if (frame.event !== "done" || frame.data.reason === "interrupted" || !turn?.ms || turn.ms < WORTH_TELLING_MS) return;
  const how = frame.data.reason === "cancelled" ? "was stopped" : frame.data.reason;
  tell(`Your agent ${how} after ${duration(turn.ms)}`, turn.prompt, turn.id);
}

/** Have the system tell something, if it was allowed to, and return whether it does; the title counts it in any case. */
export function tell(title: string, body: string, tag: string): boolean {
  unseen.value++;
  if (permission.peek() !== "granted") return false;
  const shown = new Notification(title, { body: body.slice(0, TEXT_MAX_CHARS), tag });
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
  return true;
}

/** Browsers ask for this only after a press, and so do we. */
export function NotifyButton() {
  if (permission.value !== "default") return null;
  const ask = async () => {
    permission.value = await Notification.requestPermission();
  };
  return (
    <button type="button" class="plain notify" aria-label="Notify me" title="Notify me: have the system tell when the agent asks or has answered while you look elsewhere" onClick={() => void ask()}>
      <Icon name="bell" />
    </button>
  );
}
