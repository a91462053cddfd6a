// The settings as the node has them; every change goes there first and shows as it answered.

import { effect, signal } from "@preact/signals";

import { ownKeys } from "../commands/keys";
import { isAnimated } from "../conversation/avatar";
import { askProviders } from "../conversation/models";
import { api } from "../net/api";
import { socket } from "../net/socket";
import { look } from "../shell/node_state";
import { loadTheme } from "../shell/theme";
import type { Setting } from "./groups";

const ROOT = "/api/settings";

/** Null until the node has told. */
export const settings = signal<readonly Setting[] | null>(null);
/** Why the last change of a setting was not taken, by key. */
export const problems = signal<ReadonlyMap<string, string>>(new Map());
/** Why they cannot be read. */
export const failure = signal<string | null>(null);

let isWatching = false;
/** Settles with the last amendment. */
let amending: Promise<unknown> = Promise.resolve();

/** Keep the settings as they are with the node; begun once, by the first pane that shows them. */
export function watchSettings(): void {
  if (isWatching) return void load();
  isWatching = true;
  effect(() => {
    if (socket.state.value === "open") void load();
  });
  // Others change settings, too: the console, a script, another page.
  window.addEventListener("focus", () => void load());
}

export async function load(): Promise<void> {
  try {
    settings.value = await api<Setting[]>("GET", ROOT);
    failure.value = null;
  } catch (error) {
    failure.value = textOf(error);
  }
}

export function settingOf(key: string): Setting | undefined {
  return settings.value?.find((setting) => setting.key === key);
}

/** Change a setting; false when the node does not take it, and then `problems` says why. */
export function put(key: string, value: unknown): Promise<boolean> {
  return change(key, () => api("PUT", `${ROOT}/${key}`, { value }));
}

/** Change a setting from what it is when the amendments before this one are answered: of two in a row neither is lost. */
export function amend<Value>(key: string, next: (value: Value) => Value): Promise<boolean> {
  const amended = amending.then(() => put(key, next(settingOf(key)?.value as Value)));
  amending = amended;
  return amended;
}

/** Go back to the default. */
export function reset(key: string): Promise<boolean> {
  return change(key, () => api("DELETE", `${ROOT}/${key}`));
}

/** Say that what was typed for a setting is none of its values. */
export function refuse(key: string, problem: string | null): void {
  const next = new Map(problems.peek());
  if (problem === null) next.delete(key);
  else next.set(key, problem);
  problems.value = next;
}

async function change(key: string, ask: () => Promise<Setting>): Promise<boolean> {
  try {
    const changed = await ask();
    settings.value = settings.peek()?.map((setting) => (setting.key === key ? { ...setting, ...changed } : setting)) ?? null;
    refuse(key, null);
    follow(changed);
    return true;
  } catch (error) {
    refuse(key, textOf(error));
    return false;
  }
}

/** Have the page itself follow what it was told. */
function follow({ key, value }: Setting): void {
  if (key === "ui.theme") void loadTheme();
  if (key === "agent.avatarAnimation") isAnimated.value = value === true;
  if (key === "ui.keys") ownKeys.value = value as Record<string, string>;
  if (key === "agent.permissions.mode") void look();
  if (key.startsWith("models.") || key === "agent.orchestrator.model") void Promise.all([look(), askProviders()]);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
