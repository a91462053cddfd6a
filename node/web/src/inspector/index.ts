// The inspector's door for the rest of the cockpit: a pane, and the command that shows a turn in it.

import { registerCommands } from "../commands/registry";
import { currentSession, sessionOf } from "../conversation";
import { Refusal } from "../layout/model";
import { lazy } from "../panes/lazy";
import { registerPane } from "../panes/registry";
import { layout } from "../shell/cockpit";
import { tab } from "./tab";

registerPane({
  id: "inspector",
  title: "Inspector",
  icon: "inspector",
  component: lazy(async () => (await import("./inspector")).Inspector),
  single: true,
  place: "right",
  share: 0.32,
});

registerCommands({
  id: "inspector.show",
  title: "Inspect the last turn",
  when: () => currentSession.value !== null,
  run: (args = {}) => show(text(args["sessionId"]), text(args["turnId"]), text(args["callId"])),
});

function show(sessionId: string, turnId: string, callId: string): void {
  const session = sessionId || (turnId && sessionOf(turnId)) || currentSession.peek();
  tab.value = "Turn";
  const shown = layout.open("inspector", { params: params(session ?? "", turnId, callId), focus: true });
  if (shown instanceof Refusal) console.info("the inspector cannot be shown:", shown.text);
}

/** Without a turn it follows the current conversation. */
function params(session: string, turn: string, call: string): Record<string, string> {
  return turn ? { session, turn, call } : { session: "", turn: "", call: "" };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
