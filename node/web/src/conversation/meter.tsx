// How full the model's window is, as its server counts; what it does not report is called unknown.

import type { Usage } from "./model";
import { short } from "./numbers";

const FULL = 90;
const FILLING = 75;

export interface Fullness {
  text: string;
  level: "unknown" | "fine" | "filling" | "full";
  /** Null where it is unknown. */
  percent: number | null;
}

/** Say how full it is. `window` is the model's where the turn did not tell. */
export function fullness(usage: Usage | null, window: number | null): Fullness {
  const used = usage?.promptTokens ?? null;
  const all = usage?.contextWindow ?? window;
  if (usage === null && window !== null) return { text: `up to ${short(window)}`, level: "unknown", percent: null };
  if (used === null && all === null) return { text: "unknown", level: "unknown", percent: null };
  if (used === null || !all) {
    const text = used === null ? `unknown / ${short(all ?? 0)}` : `${short(used)} / unknown`;
    return { text, level: "unknown", percent: null };
  }
  // A server may count what it cut off; a window is never more than full.
  const percent = Math.min(100, Math.round((100 * used) / all));
  const level = percent >= FULL ? "full" : percent >= FILLING ? "filling" : "fine";
  return { text: `${short(used)} / ${short(all)} (${percent} %)`, level, percent };
}

interface MeterProps {
  usage: Usage | null;
  window: number | null;
  onCompact: () => void;
}

export function Meter({ usage, window, onCompact }: MeterProps) {
  const { text, level, percent } = fullness(usage, window);
  return (
    <span class="meter" data-level={level} title="How much of the model's context window the last answer used">
      <span class="wide">Context {text}</span>
      <span class="narrow" aria-hidden="true">
        <span class="gauge"><span style={{ width: `${percent ?? 0}%` }} /></span>
        {percent === null ? "?" : `${percent} %`}
      </span>
      {(level === "filling" || level === "full") && (
        <button type="button" class="fact" title="Have the older turns read as a summary" onClick={onCompact}>
          /compact<span class="wide"> makes room</span>
        </button>
      )}
    </span>
  );
}
