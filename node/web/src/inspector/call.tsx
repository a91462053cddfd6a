// One tool call: what went in, what came out, who let it run.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { shortArguments } from "../conversation/arguments";
import { duration } from "../conversation/numbers";
import { CopyButton } from "../markdown/code";
import { CALLS, StateMark } from "../traces/states";
import type { TracedCall } from "../traces/wire";

/** Longer results are cut until the owner wants the whole. */
const SHOWN_CHARS = 2_000;

interface CallProps {
  call: TracedCall;
  /** It was asked for by name: it opens and comes into view. */
  isWanted: boolean;
  children: ComponentChildren;
}

export function CallView({ call, isWanted, children }: CallProps) {
  const [isOpen, setOpen] = useState(isWanted);
  const self = useRef<HTMLDetailsElement>(null);
  useLayoutEffect(() => {
    if (!isWanted) return;
    setOpen(true);
    self.current?.scrollIntoView({ block: "nearest" });
  }, [isWanted, call.callId]);
  return (
    <details class="traced-call" ref={self} open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <StateMark look={CALLS[call.state]} state={call.state} />
        <code>{call.name}</code>
        <span class="short">{shortArguments(call.arguments ?? {})}</span>
        <span class="time">{call.durationMs === null ? CALLS[call.state].text : duration(call.durationMs)}</span>
        {children}
      </summary>
      {isOpen && <Detail call={call} />}
    </details>
  );
}

function Detail({ call }: { call: TracedCall }) {
  const given = call.arguments === null ? "the model's words could not be read as arguments" : pretty(call.arguments);
  return (
    <div class="detail">
      {call.permission && <p class="soft">Permission: {call.permission}</p>}
      {call.reused && <p class="soft">The result is that of an earlier run of the turn; nothing ran this time.</p>}
      <Block title="Arguments" text={given} />
      {call.result ? <Block title="Result" text={pretty(call.result)} /> : <p class="soft">No result yet.</p>}
    </div>
  );
}

/** A text that may be long: cut at first, whole on demand, and always whole in a copy. */
export function Block({ title, text, level = 5 }: { title: string; text: string; level?: 3 | 5 }) {
  const Heading = `h${level}` as const;
  const [isWhole, setWhole] = useState(false);
  const isCut = !isWhole && text.length > SHOWN_CHARS;
  return (
    <section class="block">
      <header>
        <Heading>{title}</Heading>
        <CopyButton text={text} label={`Copy: ${title}`} />
      </header>
      <pre tabIndex={0} role="group" aria-label={title}>
        {isCut ? text.slice(0, SHOWN_CHARS) : text}
      </pre>
      {isCut && (
        <button type="button" class="plain" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString()} characters
        </button>
      )}
    </section>
  );
}

/** JSON with its structure in view; any other text as it is. */
export function pretty(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try {
    const read: unknown = JSON.parse(value);
    return typeof read === "object" && read !== null ? JSON.stringify(read, null, 2) : value;
  } catch {
    return value;
  }
}
