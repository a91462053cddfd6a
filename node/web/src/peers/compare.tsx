// Six digits on two screens, and the owner's word on whether they are the same.

import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../shell/icons";
import { useClock } from "./clock";
import { useDoing } from "./doing";
import type { Comparison } from "./network";
import { decide, followed, isUnderWay } from "./pairing";
import { Paired } from "./paired";
import { Problem } from "./problem";
import { countdown } from "./words";

export function Compare({ comparison }: { comparison: Comparison }) {
  const name = comparison.name || "A node without a name";
  if (comparison.state === "paired") return <Paired nodeId={comparison.peerId} name={comparison.name} />;
  if (!isUnderWay(comparison)) return <NotPaired name={name} reason={comparison.reason} />;
  return (
    <div class="compare">
      <p>
        <strong>{name}</strong> {comparison.role === "listener" ? "asks to pair" : "answers"}. Anybody can call themselves that:
        only the digits tell.
      </p>
      <Digits code={comparison.code} />
      <p class="soft">
        Its key <code class="fingerprint">{comparison.fingerprint}</code>
      </p>
      {comparison.state === "agreed" ? <Waiting until={comparison.expiresAt} /> : <Question comparison={comparison} />}
    </div>
  );
}

/** The keyboard goes to the digits, so that no key that was meant for something else says yes. */
function Digits({ code }: { code: string }) {
  const own = useRef<HTMLParagraphElement>(null);
  useEffect(() => own.current?.focus(), []);
  return (
    <p ref={own} class="digits" tabIndex={-1}>
      <span class="visually-hidden">{[...code].join(" ")}</span>
      <span aria-hidden="true">{code.slice(0, 3)}</span>
      <span aria-hidden="true">{code.slice(3)}</span>
    </p>
  );
}

function Question({ comparison }: { comparison: Comparison }) {
  const doing = useDoing();
  return (
    <>
      <h3>Do both screens show the same digits?</h3>
      <div class="answers">
        <button type="button" class="primary" disabled={doing.isBusy} onClick={() => void doing.run(() => decide(comparison, true))}>
          <Icon name="check" /> They are the same
        </button>
        <button type="button" disabled={doing.isBusy} onClick={() => void doing.run(() => decide(comparison, false))}>
          <Icon name="close" /> They are different
        </button>
      </div>
      <Left until={comparison.expiresAt} />
      <Problem of={doing} />
    </>
  );
}

function Waiting({ until }: { until: number }) {
  return (
    <>
      <p role="status">
        <strong>You said they are the same.</strong> Waiting for the other owner.
      </p>
      <Left until={until} />
    </>
  );
}

function Left({ until }: { until: number }) {
  return <p class="soft">{countdown(until, useClock(1))} left</p>;
}

function NotPaired({ name, reason }: { name: string; reason: string }) {
  return (
    <div class="paired">
      <p role="status">
        <strong>Not paired with {name}.</strong> {reason}
      </p>
      <button type="button" onClick={() => (followed.value = null)}>
        Back
      </button>
    </div>
  );
}
