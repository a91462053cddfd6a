// What an owner does to a whole session, from its row, the menu and the palette.

import { currentSession, newSession, openSession } from "../conversation";
import { viewOf } from "../conversation/views";
import { api } from "../net/api";
import { confirmed } from "../shell/confirm";
import { problem } from "./list";
import type { Session } from "./order";

const ROOT = "/api/chat/sessions";
const NAME_MAX_CHARS = 60;

function pathOf(id: string): string {
  return `${ROOT}/${encodeURIComponent(id)}`;
}

export function titleOf({ title }: Session): string {
  return title || "Without a title";
}

export async function rename(session: Session, title: string): Promise<void> {
  const wanted = title.trim();
  if (wanted === "" || wanted === session.title) return;
  if (await change(session, { title: wanted })) viewOf(session.id).title.value = wanted;
}

export function pin(session: Session): Promise<boolean> {
  return change(session, { pinned: !session.pinned });
}

/** Take a session out of the list, or bring it back; it can be found either way. */
export function archive(session: Session): Promise<boolean> {
  return change(session, { archived: !session.archived });
}

/** Delete a session for good, once its owner has agreed; true when it is gone. */
export async function remove(session: Session): Promise<boolean> {
  const messages = session.messageCount === 1 ? "Its one message is" : `Its ${session.messageCount} messages are`;
  const agreed = await confirmed(`Delete “${titleOf(session)}”?`, {
    text: `${messages} deleted for good. Archive it instead to keep it out of the list.`,
    button: "Delete",
  });
  if (!agreed) return false;
  // The title goes along: what was renamed meanwhile is not what was agreed to.
  const isGone = await tried(api("DELETE", `${pathOf(session.id)}?title=${encodeURIComponent(session.title)}`));
  if (isGone && currentSession.peek() === session.id) newSession();
  return isGone;
}

/** Let others read a session, as its owner chooses in a dialog. */
export async function share(session: Session): Promise<void> {
  const { shareByLink } = await import("../links/dialog");
  shareByLink({ id: session.id, title: titleOf(session) });
}

/** Have the browser save a session as a file. */
export function exportAs(session: Session, format: "json" | "markdown"): void {
  const link = document.createElement("a");
  link.href = `${pathOf(session.id)}/export?format=${format}`;
  link.download = `${fileName(session)}.${format === "json" ? "json" : "md"}`;
  link.click();
}

/** Store an exported session as a new one and open it. */
export async function importFile(file: File): Promise<void> {
  const stored = await file
    .text()
    .then((text) => api<Session>("POST", `${ROOT}/import`, JSON.parse(text)))
    .catch((error: unknown) => tell(error instanceof SyntaxError ? `${file.name} is no exported conversation (JSON)` : error));
  if (stored) openSession(stored.id);
}

/** Let the owner choose a file to import. */
export function chooseFile(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json,application/json";
  input.addEventListener("change", () => input.files?.[0] && void importFile(input.files[0]));
  input.click();
}

function change(session: Session, patch: Partial<Session>): Promise<boolean> {
  return tried(api("PUT", pathOf(session.id), patch));
}

async function tried(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    problem.value = null;
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

function tell(error: unknown): null {
  problem.value = error instanceof Error ? error.message : String(error);
  return null;
}

function fileName(session: Session): string {
  const plain = titleOf(session).replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  return plain.slice(0, NAME_MAX_CHARS).toLowerCase() || "conversation";
}
