// How the states of turns and calls look: an icon, a word, and only then a colour.

import { Icon, type IconName } from "../shell/icons";
import type { CallState, TurnState } from "./wire";
import "./states.css";

interface Look {
  icon: IconName;
  text: string;
}

export const TURNS: Readonly<Record<TurnState, Look>> = {
  pending: { icon: "queue", text: "waiting" },
  dispatching: { icon: "activity", text: "running" },
  sent: { icon: "check", text: "answered" },
  failed: { icon: "close", text: "failed" },
  cancelled: { icon: "stop", text: "stopped" },
};

export const CALLS: Readonly<Record<CallState, Look>> = {
  running: { icon: "activity", text: "running" },
  asking: { icon: "warning", text: "asks you" },
  ok: { icon: "check", text: "done" },
  failed: { icon: "close", text: "failed" },
  denied: { icon: "stop", text: "denied" },
};

/** The state as an icon; its word is there for those who do not see it, and for all with `isNamed`. */
export function StateMark({ look, state, isNamed = false }: { look: Look; state: string; isNamed?: boolean }) {
  return (
    <span class="state-mark" data-state={state} title={look.text}>
      <Icon name={look.icon} />
      <span class={isNamed ? undefined : "visually-hidden"}>{look.text}</span>
    </span>
  );
}
