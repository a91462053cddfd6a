// The commands that are typed after a slash. The node has the one table of them and does them; what they say is shown
// in bubbles of this page, and stored nowhere.

import { effect, signal } from "@preact/signals";

import { api, request } from "../net/api";
import { lines } from "../net/ndjson";
import { socket } from "../net/socket";
import type { Mode } from "../shell/node_state";
import { type Block, type Outcome, addBubble, changeBubble, clearBubbles, removeBubble } from "./bubbles";
import { newSession, openSession } from "./current";
import { keepMode } from "./drafts";
import { focusComposer } from "./focus";
import { contextToSend } from "./surroundings";
import type { ConversationView } from "./views";

export interface SlashCommand {
  /** Without the slash. */
  readonly name: string;
  readonly kind: "info" | "control" | "prompt";
  /** What may follow the name, as `PEER TEXT`. */
  readonly arguments: string;
  readonly hint: string;
  readonly aliases: readonly string[];
  readonly where: "both" | "console" | "cockpit";
}

/** What a command tells: steps on its way, at last its outcome or why there is none. */
type Told = { step: Block & { progress?: string } } | { outcome: Outcome } | { error: string };

const table = signal<readonly SlashCommand[]>([]);

/** The commands of the cockpit; none before the node was reached. */
export function slashCommands(): readonly SlashCommand[] {
  return table.value;
}

effect(() => {
  if (socket.state.value !== "open") return;
  void api<readonly SlashCommand[]>("GET", "/api/commands")
    .then((all) => (table.value = all.filter(({ where }) => where !== "console")))
    .catch(() => {});
});

/** Whether a message is a command. A path, as `/etc/hosts`, is none, and neither is what begins with two slashes. */
export function isCommand(text: string): boolean {
  return /^\/(\?|[a-z][\w-]*)(\s|$)/i.test(text);
}

/** Have a line done, and show what it comes to below what was said so far. */
export async function runCommand(view: ConversationView, line: string): Promise<void> {
  if (/^\/localclear\b/i.test(line)) return clearBubbles(view.id);
  const stop = new AbortController();
  const id = addBubble(view, line, stop);
  try {
    const body = JSON.stringify({ line, sessionId: view.id, stream: true });
    const response = await request("/api/commands", { method: "POST", body, signal: stop.signal });
    for await (const told of lines<Told>(response)) {
      if ("error" in told) changeBubble(view.id, id, { problem: told.error });
      else if ("outcome" in told) takeOver(view, id, told.outcome);
      else if (told.step.progress !== undefined) changeBubble(view.id, id, { progress: told.step.progress });
      else changeBubble(view.id, id, { shown: [told.step] });
    }
  } catch (error) {
    const problem = stop.signal.aborted ? "stopped" : error instanceof Error ? error.message : String(error);
    changeBubble(view.id, id, { problem });
  } finally {
    changeBubble(view.id, id, { isRunning: false, progress: "" });
  }
}

function takeOver(view: ConversationView, id: string, outcome: Outcome): void {
  changeBubble(view.id, id, { shown: outcome.shown, confirm: outcome.confirm });
  // The node keeps this one, for no longer than it runs.
  if (outcome.mode !== null) {
    view.mode.value = outcome.mode as Mode;
    keepMode(view.id, null);
  }
  if (outcome.prompt !== null) {
    removeBubble(view.id, id);
    view.ask(outcome.prompt, { mode: view.mode.peek(), context: contextToSend() });
  }
  if (outcome.begins) newSession();
  if (outcome.opens !== null) openSession(outcome.opens);
  if (outcome.begins || outcome.opens !== null) focusComposer();
  // What is stored may have another title now.
  else if (view.title.peek() !== null) void view.load();
}
