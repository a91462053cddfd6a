// What the palette and the keyboard can do to the conversation that is shown.

import { registerCommands } from "../commands/registry";
import { currentSession } from "../conversation";
import { viewOf } from "../conversation/views";
import { api } from "../net/api";
import { askText } from "../shell/ask_text";
import * as actions from "./actions";
import type { Session } from "./order";

export function addSessionCommands(): void {
  registerCommands(
    { id: "chat.rename", title: "Rename the conversation", when: isStored, run: () => withCurrent(askForTitle) },
    { id: "chat.pin", title: "Pin or unpin the conversation", when: isStored, run: () => withCurrent(actions.pin) },
    { id: "chat.archive", title: "Archive or restore the conversation", when: isStored, run: () => withCurrent(actions.archive) },
    { id: "chat.delete", title: "Delete the conversation", when: isStored, run: () => withCurrent(actions.remove) },
    { id: "chat.exportJson", title: "Export the conversation as JSON", when: isStored, run: () => withCurrent((one) => actions.exportAs(one, "json")) },
    { id: "chat.exportMarkdown", title: "Export the conversation as Markdown", when: isStored, run: () => withCurrent((one) => actions.exportAs(one, "markdown")) },
    { id: "chat.import", title: "Import a conversation", run: actions.chooseFile },
  );
}

/** A conversation is stored with its first message. */
function isStored(): boolean {
  const id = currentSession.value;
  return id !== null && viewOf(id).state.value.items.length > 0;
}

async function withCurrent(act: (session: Session) => unknown): Promise<void> {
  const session = await api<Session>("GET", `/api/chat/sessions/${encodeURIComponent(currentSession.peek() ?? "")}?limit=1`);
  await act(session);
}

async function askForTitle(session: Session): Promise<void> {
  const title = await askText("Rename the conversation", { label: "Name", button: "Rename", value: session.title });
  if (title) await actions.rename(session, title);
}
