// How full the model's window is, as its server counts; what it does not report is called unknown.

import type { Usage } from "./model";
import { short } from "./numbers";

const FULL = 90;
const FILLING = 75;

export interface Fullness {
  text: string;
  level: "unknown" | "fine" | "filling" | "full";
}

/** Say how full it is. `window` is the model's where the turn did not tell. */
export function fullness(usage: Usage | null, window: number | null): Fullness {
  const used = usage?.promptTokens ?? null;
  const all = usage?.contextWindow ?? window;
  if (used === null && all === null) return { text: "context unknown", level: "unknown" };
  if (used === null || !all) {
    const text = used === null ? `unknown / ${short(all ?? 0)}` : `${short(used)} / unknown`;
    return { text, level: "unknown" };
  }
  // A server may count what it cut off; a window is never more than full.
  const percent = Math.min(100, Math.round((100 * used) / all));
  const level = percent >= FULL ? "full" : percent >= FILLING ? "filling" : "fine";
  return { text: `${short(used)} / ${short(all)} (${percent} %)`, level };
}

export function Meter({ usage, window }: { usage: Usage | null; window: number | null }) {
  const { text, level } = fullness(usage, window);
  return (
    <span class="meter" data-level={level} title="How much of the model's context window the last answer used">
      <span class="visually-hidden">Context: </span>
      {text}
      {(level === "filling" || level === "full") && <span> – /compact makes room</span>}
    </span>
  );
}
