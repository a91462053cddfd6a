// One turn: its figures, its rounds with their calls, and what the model had before it.

import type { ComponentChildren } from "preact";

import { fullness } from "../conversation/meter";
import { duration, short } from "../conversation/numbers";
import { clockTime, useNow } from "../traces/clock";
import { StateMark, TURNS } from "../traces/states";
import type { Trace, TracedCall } from "../traces/wire";
import type { Round } from "../wire.gen";
import { CallView } from "./call";
import { type Step, spanOf, stepsOf } from "./steps";
import { oneLine } from "./words";

const QUESTION_CHARS = 240;

export function TraceView({ trace, wantedCall }: { trace: Trace; wantedCall: string }) {
  const isRunning = trace.state === "dispatching";
  const now = useNow(isRunning);
  const sinceMs = isRunning && trace.startedAt !== null ? Math.max(0, (now - trace.startedAt) * 1_000) : null;
  const steps = stepsOf(trace.rounds, trace.calls);
  const wholeMs = Math.max(sinceMs ?? 0, trace.durationMs ?? 0, spanOf(trace.rounds, trace.calls));
  return (
    <article class="trace" aria-busy={isRunning}>
      <h3 class="question">{oneLine(trace.prompt, QUESTION_CHARS)}</h3>
      <Figures trace={trace} sinceMs={sinceMs} />
      {trace.error && <p class="problem">{trace.error}</p>}
      {!trace.error && trace.lastError && <p class="caution">The try before ended so: {trace.lastError}</p>}
      {trace.notices.map((notice) => (
        <p key={notice} class="caution">{notice}</p>
      ))}
      {trace.prompt.length > QUESTION_CHARS && <Folded title="The whole question" text={trace.prompt} />}
      <Folded title="Reasoning" text={trace.reasoning} />
      <ol class="steps" aria-label="Rounds and their calls">
        {steps.map((step, index) => (
          <StepView key={index} step={step} number={index + 1} wholeMs={wholeMs} wantedCall={wantedCall} />
        ))}
      </ol>
      {isRunning && <p class="soft" role="status">{trace.doing || "The model is at work."}</p>}
      <Folded title={isRunning ? "Answer so far" : "Answer"} text={trace.text} />
      <ShownTools shown={trace.shownTools} />
    </article>
  );
}

function Figures({ trace, sinceMs }: { trace: Trace; sinceMs: number | null }) {
  const tookMs = trace.durationMs ?? sinceMs;
  const usage = {
    promptTokens: trace.tokensIn,
    completionTokens: trace.tokensOut,
    contextWindow: trace.contextMax,
    model: trace.model,
  };
  const context = fullness(usage, null);
  return (
    <dl class="figures">
      <Figure name="State">
        <StateMark look={TURNS[trace.state]} state={trace.state} isNamed />
      </Figure>
      <Figure name="Asked">{clockTime(trace.createdAt)}</Figure>
      <Figure name="Took">{tookMs === null ? "not begun" : duration(tookMs)}</Figure>
      <Figure name="Model">{trace.model || "unknown"}</Figure>
      <Figure name="Tokens">{tokens(readIn(trace), trace.tokensOut)}</Figure>
      <Figure name="Context">
        <span class="meter" data-level={context.level}>{context.text}</span>
      </Figure>
      {trace.attempts > 1 && <Figure name="Tries">{trace.attempts}</Figure>}
      {trace.mode && <Figure name="Mode">{trace.mode}</Figure>}
      {trace.source !== "user" && <Figure name="Asked by">{trace.source}</Figure>}
    </dl>
  );
}

function Figure({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface StepProps {
  step: Step;
  number: number;
  wholeMs: number;
  wantedCall: string;
}

function StepView({ step: { round, calls }, number, wholeMs, wantedCall }: StepProps) {
  return (
    <li class="step">
      <h4>
        <span class="step-name">{round ? `Round ${number}` : "Calls"}</span>
        {round && <RoundFigures round={round} />}
      </h4>
      {round && <Bar startedMs={round.startedMs} durationMs={round.durationMs} wholeMs={wholeMs} />}
      {calls.map((call: TracedCall) => (
        <CallView key={call.callId} call={call} isWanted={call.callId === wantedCall}>
          <Bar startedMs={call.startedMs} durationMs={call.durationMs} wholeMs={wholeMs} />
        </CallView>
      ))}
    </li>
  );
}

function RoundFigures({ round }: { round: Round }) {
  return (
    <span class="soft">
      {duration(round.durationMs)} · {tokens(round.promptTokens, round.completionTokens)}
      {round.failed && <span class="problem"> · broke off</span>}
    </span>
  );
}

/** When it was, as a part of the whole turn; an ornament beside the figures that say the same. */
function Bar({ startedMs, durationMs, wholeMs }: { startedMs: number | null; durationMs: number | null; wholeMs: number }) {
  if (startedMs === null || wholeMs === 0) return null;
  const left = Math.min(100, (100 * startedMs) / wholeMs);
  const width = durationMs === null ? 100 - left : Math.min(100 - left, (100 * durationMs) / wholeMs);
  return (
    <span class="when" aria-hidden="true">
      <span style={{ left: `${left}%`, width: `${Math.max(width, 0.5)}%` }} />
    </span>
  );
}

function Folded({ title, text }: { title: string; text: string }) {
  if (!text) return null;
  return (
    <details class="folded">
      <summary>{title}</summary>
      {/* A long one scrolls, so it has to be reachable without a mouse. */}
      <p tabIndex={0} role="group" aria-label={title}>{text}</p>
    </details>
  );
}

function ShownTools({ shown }: { shown: Readonly<Record<string, number>> }) {
  const tools = Object.entries(shown);
  if (tools.length === 0) return null;
  const cost = tools.reduce((sum, [, one]) => sum + one, 0);
  return (
    <details class="folded">
      <summary>
        {tools.length} tools were shown to the model <span class="soft">about {short(cost)} tokens</span>
      </summary>
      <ul class="shown-tools">
        {tools.map(([name, one]) => (
          <li key={name}>
            <code>{name}</code> <span class="soft">{one}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** All that the rounds read; the trace's own number is that of the last, which is how full the window was. */
function readIn({ rounds, tokensIn }: Trace): number | null {
  if (rounds.length === 0) return tokensIn;
  return rounds.reduce<number | null>((sum, { promptTokens }) => (sum === null || promptTokens === null ? null : sum + promptTokens), 0);
}

/** What is not reported is called so. */
function tokens(read: number | null, written: number | null): string {
  if (read === null && written === null) return "tokens unknown";
  return `${read === null ? "unknown" : short(read)} in, ${written === null ? "unknown" : short(written)} out`;
}
