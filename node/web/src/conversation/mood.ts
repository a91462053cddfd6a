// The agent's mood, from what a turn shows. Pure.

import type { Turn } from "./model";

export type Mood = "idle" | "thinking" | "working" | "asking" | "failed";

export function moodOf(turn: Turn): Mood {
  if (turn.state === "failed" || turn.state === "refused") return "failed";
  if (turn.state !== "running") return "idle";
  if (turn.parts.some((part) => part.kind === "approval" && part.decision === null)) return "asking";
  const last = turn.parts.at(-1);
  return last?.kind === "text" || (last?.kind === "call" && last.state === "running") ? "working" : "thinking";
}
