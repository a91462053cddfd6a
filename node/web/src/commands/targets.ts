// Everything that can be shown, for the palette and for the agent's `show`: panes, sessions, peers, files, settings.

import type { IconName } from "../shell/icons";
import { fit } from "./match";

export interface Target {
  /** What it is, in a word, as `session`. */
  kind: string;
  id: string;
  title: string;
  icon: IconName;
  /** `focus` is false when the agent shows it. */
  show: (focus: boolean) => unknown;
}

export type TargetSource = () => readonly Target[] | Promise<readonly Target[]>;

const SOURCES_MAX_MS = 3_000;
const GOOD_ENOUGH = 0.5;
const FILLERS = /\b(?:the|my|an?|about|with|called|named|chat|session|conversation|pane|peer|file|settings?)\b/g;
const sources: TargetSource[] = [];

/** Add what a source lists, each time when somebody looks. */
export function registerTargets(source: TargetSource): void {
  sources.push(source);
}

/** Return everything that can be shown now. A source that fails or takes too long is left out. */
export async function targets(): Promise<Target[]> {
  const listed = sources.map((source) => Promise.race([Promise.resolve().then(source), nothingAfter(SOURCES_MAX_MS)]));
  const settled = await Promise.allSettled(listed);
  return settled.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
}

export type Found = { target: Target } | { near: readonly Target[] };

/** Find what a text means: its id, else the title that fits best; or what comes near when nothing fits well. */
export function resolve(wanted: string, all: readonly Target[]): Found {
  const exact = all.find((target) => target.id === wanted) ?? all.find((target) => target.title === wanted);
  if (exact) return { target: exact };
  const scored = all
    .map((target) => ({ target, score: scoreOf(wanted, target) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score);
  const [best] = scored;
  if (best && best.score >= GOOD_ENOUGH) return { target: best.target };
  return { near: scored.slice(0, 5).map(({ target }) => target) };
}

/** What it is may be said along with its name: "settings ui.theme", "the session about bread". */
function scoreOf(wanted: string, { kind, id, title }: Target): number {
  const bare = wanted.toLowerCase().replace(FILLERS, " ");
  const said = [fit(wanted, title), fit(wanted, id), fit(bare, title) * 0.95, fit(bare, id) * 0.95];
  return Math.max(...said, fit(wanted, `${kind} ${title}`) * 0.98, fit(wanted, `${kind} ${id}`) * 0.98);
}

function nothingAfter(ms: number): Promise<readonly Target[]> {
  return new Promise((done) => setTimeout(() => done([]), ms));
}
