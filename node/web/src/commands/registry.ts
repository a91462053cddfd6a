// Everything that can be done from the keyboard, the palette and the menus; the agent may do what says so.

import { signal } from "@preact/signals";

/** How a command is offered to the agent, as a tool of this page. */
export interface AgentUse {
  description: string;
  /** JSON schema of its arguments; none if left out. */
  params?: Record<string, unknown>;
  /** It changes nothing, so nobody is asked. */
  reads?: boolean;
}

export interface Command {
  /** `group.verb`, which is also the name of its tool. */
  id: string;
  title: string;
  /** As `Ctrl+K`; on a Mac, Ctrl is the command key. */
  keys?: string;
  /** Left out: always. */
  when?: () => boolean;
  run: (args?: Readonly<Record<string, unknown>>) => unknown;
  agent?: AgentUse;
}

const registered = signal<ReadonlyMap<string, Command>>(new Map());

/** Offer commands until the returned function is called. A second one of the same id is a mistake. */
export function registerCommands(...added: readonly Command[]): () => void {
  const next = new Map(registered.peek());
  for (const command of added) {
    if (next.has(command.id)) throw new Error(`two commands are called ${command.id}`);
    next.set(command.id, command);
  }
  registered.value = next;
  return () => {
    const left = new Map(registered.peek());
    for (const command of added) left.delete(command.id);
    registered.value = left;
  };
}

export function commands(): readonly Command[] {
  return [...registered.value.values()];
}

export function command(id: string): Command | undefined {
  return registered.value.get(id);
}

export function isAvailable(one: Command): boolean {
  return one.when?.() !== false;
}
