// How the calls of a turn belong to its rounds.

import type { TracedCall } from "../traces/wire";
import type { Round } from "../wire.gen";

/** A round with the calls that it asked for. */
export interface Step {
  /** Null where the rounds were not kept, as in older conversations. */
  round: Round | null;
  calls: readonly TracedCall[];
}

/** Put each call under the round that asked for it; calls that none names come last. */
export function stepsOf(rounds: readonly Round[], calls: readonly TracedCall[]): readonly Step[] {
  const steps: Step[] = rounds.map((round) => ({
    round,
    calls: round.calls.flatMap((id) => calls.find((call) => call.callId === id) ?? []),
  }));
  const named = new Set(rounds.flatMap((round) => round.calls));
  const others = calls.filter((call) => !named.has(call.callId));
  return others.length > 0 ? [...steps, { round: null, calls: others }] : steps;
}

/** Return the milliseconds from the turn's beginning to the last end that is known. */
export function spanOf(rounds: readonly Round[], calls: readonly TracedCall[]): number {
  const ends = [...rounds, ...calls].map(({ startedMs, durationMs }) => (startedMs ?? 0) + (durationMs ?? 0));
  return Math.max(0, ...ends);
}
