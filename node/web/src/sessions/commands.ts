// What the palette and the keyboard can do to the conversation that is shown.

import { registerCommands } from "../commands/registry";
import { currentSession } from "../conversation";
import { viewOf } from "../conversation/views";
import { api } from "../net/api";
import { askText } from "../shell/ask_text";
import type { Session } from "./order";

export function addSessionCommands(): void {
  registerCommands(
    { id: "chat.rename", title: "Rename the conversation", when: isStored, run: () => withCurrent(askForTitle) },
    { id: "chat.pin", title: "Pin or unpin the conversation", when: isStored, run: () => withCurrent((actions, one) => actions.pin(one)) },
    { id: "chat.archive", title: "Archive or restore the conversation", when: isStored, run: () => withCurrent((actions, one) => actions.archive(one)) },
    { id: "chat.delete", title: "Delete the conversation", when: isStored, run: () => withCurrent((actions, one) => actions.remove(one)) },
    { id: "chat.exportJson", title: "Export the conversation as JSON", when: isStored, run: () => withCurrent((actions, one) => actions.exportAs(one, "json")) },
    { id: "chat.exportMarkdown", title: "Export the conversation as Markdown", when: isStored, run: () => withCurrent((actions, one) => actions.exportAs(one, "markdown")) },
    { id: "chat.share", title: "Share the conversation by link", when: isStored, run: () => withCurrent((actions, one) => actions.share(one)) },
    { id: "chat.import", title: "Import a conversation", run: async () => (await import("./actions")).chooseFile() },
  );
}

/** A conversation is stored with its first message. */
function isStored(): boolean {
  const id = currentSession.value;
  return id !== null && viewOf(id).state.value.items.length > 0;
}

type Actions = typeof import("./actions");

async function withCurrent(act: (actions: Actions, session: Session) => unknown): Promise<void> {
  const path = `/api/chat/sessions/${encodeURIComponent(currentSession.peek() ?? "")}?limit=1`;
  const [actions, session] = await Promise.all([import("./actions"), api<Session>("GET", path)]);
  await act(actions, session);
}

async function askForTitle(actions: Actions, session: Session): Promise<void> {
  const title = await askText("Rename the conversation", { label: "Name", button: "Rename", value: session.title });
  if (title) await actions.rename(session, title);
}
