// The commands that are typed after a slash. The list can be added to; what nobody added does not exist.

import { signal } from "@preact/signals";

import { newSession } from "./current";
import { turnsOf } from "./model";
import type { ConversationView } from "./views";

export interface SlashCommand {
  /** Without the slash. */
  name: string;
  description: string;
  /** What may follow the name, as `TITLE`. */
  takes?: string;
  /** What it returns is shown to the owner alone. */
  run: (view: ConversationView, rest: string) => string | void | Promise<string | void>;
}

const OWN: readonly SlashCommand[] = [
  { name: "help", description: "list the commands", run: () => help() },
  { name: "new", description: "begin a new conversation", run: () => void newSession() },
  { name: "stop", description: "stop what runs", run: (view) => view.stop() },
  { name: "retry", description: "say the last failed or stopped message again", run: retry },
  { name: "compact", description: "have older turns read as a summary from now on", run: (view) => view.compact() },
  { name: "title", takes: "TITLE", description: "name this conversation", run: rename },
];

const added = signal<readonly SlashCommand[]>([]);

/** Offer more commands; one of the same name goes before an own one. */
export function addSlashCommands(...more: readonly SlashCommand[]): void {
  added.value = [...added.peek(), ...more];
}

export function slashCommands(): readonly SlashCommand[] {
  const names = new Set(added.value.map(({ name }) => name));
  return [...OWN.filter(({ name }) => !names.has(name)), ...added.value];
}

/** Read a message as a command; null for one that is none. A path, as `/etc/hosts`, is none. */
export function readCommand(text: string): { name: string; rest: string } | null {
  const [, name, rest] = /^\/([a-z][\w-]*)(?:\s+([\s\S]*))?$/.exec(text.trim()) ?? [];
  return name === undefined ? null : { name, rest: rest ?? "" };
}

/** Run a typed command, and return what to tell. */
export async function runCommand(view: ConversationView, name: string, rest: string): Promise<string> {
  const found = slashCommands().find((one) => one.name === name);
  if (!found) return `There is no command /${name}; /help lists them.`;
  return (await found.run(view, rest)) ?? "";
}

function help(): string {
  return slashCommands()
    .map(({ name, takes, description }) => `/${name}${takes ? ` ${takes}` : ""}: ${description}`)
    .join("\n");
}

function retry(view: ConversationView): string | void {
  const last = turnsOf(view.state.peek()).findLast(({ state }) => state === "failed" || state === "cancelled" || state === "refused");
  if (!last) return "Nothing here failed or was stopped.";
  view.retry(last.id);
}

async function rename(view: ConversationView, rest: string): Promise<string | void> {
  if (!rest.trim()) return "Say the title too: /title Bread";
  await view.rename(rest.trim().slice(0, 200));
}
