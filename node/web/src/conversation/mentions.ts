// What can be named in a message with an @, and the words that stand for it there: the agent's tools take them.

import { ranked } from "../commands/match";
import { type Target, targets } from "../commands/targets";
import { api } from "../net/api";
import { currentSession } from "./current";
import type { Suggestion } from "./suggestions";

/** As many of one kind are offered: no kind may hide the others. */
const OF_A_KIND_MAX = 6;

/** How a thing is named, by its kind; kinds that are not here have no name in a message. */
const WORDS: Readonly<Record<string, (target: Target) => string>> = {
  session: ({ id, title }) => `session “${title}” (${id}) `,
  file: ({ title }) => `file “${title}” `,
  note: ({ title }) => `note “${title}” `,
  "open pane": ({ id, title }) => `pane “${title}” (${id}) `,
  pane: ({ id, title }) => `pane “${title}” (${id}) `,
};

/** Return what fits the word behind the @, peers first; everything a little when there is none yet. */
export async function mentionsLike(wanted: string): Promise<readonly Suggestion[]> {
  const [named, shown] = await Promise.all([peers().catch(() => []), targets()]);
  const others = Object.keys(WORDS).map((kind) => shown.filter((one) => one.kind === kind && one.id !== currentSession.peek()).map(suggestion));
  return [named, ...others].flatMap((list) => fitting(wanted, list).slice(0, OF_A_KIND_MAX));
}

/** No guesses: Enter takes the first of them, and somebody may just have typed an address. */
function fitting(wanted: string, list: readonly Suggestion[]): readonly Suggestion[] {
  const having = list.filter(({ title }) => title.toLowerCase().includes(wanted.toLowerCase()));
  return ranked(wanted, having, ({ title }) => [title]);
}

function suggestion(target: Target): Suggestion {
  const { kind, title, icon } = target;
  return { icon, title, detail: kind, text: WORDS[kind]?.(target) ?? title };
}

async function peers(): Promise<Suggestion[]> {
  const all = await api<{ name: string; label: string; connected: boolean }[]>("GET", "/api/network/peers");
  return all.map(({ name, label, connected }) => ({
    icon: "peers",
    title: label || name,
    detail: connected ? "peer" : "peer, not connected",
    text: `@${name} `,
  }));
}
