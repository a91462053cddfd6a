// The permission rules in force, what is kept for one conversation, and what the gate would say of a call.

import { signal } from "@preact/signals";

import { currentSession } from "../conversation";
import { api } from "../net/api";
import { amend, settingOf } from "./store";

export const LISTS = ["deny", "ask", "allow"] as const;
export type List = (typeof LISTS)[number];

interface Own {
  mode: string | null;
  deny: string[];
  ask: string[];
  allow: string[];
}

interface Overview {
  session: Own;
  /** A sentence for each rule that does nothing. */
  warnings: string[];
}

export interface Verdict {
  call: string;
  tool: string;
  known: boolean;
  mode: string;
  verdict: "allow" | "ask" | "deny";
  reason: string;
}

export const overview = signal<Overview | null>(null);

export async function lookAtRules(): Promise<void> {
  const id = currentSession.peek();
  const rest = id === null ? "" : `?sessionId=${encodeURIComponent(id)}`;
  overview.value = await api<Overview>("GET", `/api/permissions${rest}`).catch(() => overview.peek());
}

export function keyOf(list: List): string {
  return `agent.permissions.${list}`;
}

export function rulesIn(list: List): readonly string[] {
  const value = settingOf(keyOf(list))?.value;
  return Array.isArray(value) ? value : [];
}

/** Change a list; false when a rule in it cannot be read. */
export async function changeRules(list: List, next: (rules: readonly string[]) => readonly string[]): Promise<boolean> {
  const isTaken = await amend<readonly string[]>(keyOf(list), (rules) => [...new Set(next(rules))]);
  await lookAtRules();
  return isTaken;
}

/** Say why a rule does nothing; null when it does something. */
export function flawOf(list: List, rule: string): string | null {
  const start = `the rule \`${list} ${rule}\` does nothing: `;
  const found = overview.value?.warnings.find((warning) => warning.startsWith(start));
  return found?.slice(start.length) ?? null;
}

/** Forget what was allowed for the shown conversation alone: one rule, or all of it. */
export async function forgetForSession(list: List, rule: string): Promise<void> {
  const id = currentSession.peek();
  const own = overview.peek()?.session;
  if (id === null || !own) return;
  await api("PUT", `/api/permissions/sessions/${encodeURIComponent(id)}`, { ...own, [list]: own[list].filter((one) => one !== rule) }).catch(() => {});
  await lookAtRules();
}

export function testCall(call: string, mode: string): Promise<Verdict> {
  return api<Verdict>("POST", "/api/permissions/test", { call, mode: mode || null, sessionId: currentSession.peek() });
}
