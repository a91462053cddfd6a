// Small things that the panes of peers and of shared folders have in common.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import { socket } from "../net/socket";
import { useDoing } from "./doing";
import { type NetworkSetting, choose, settings } from "./network";
import { Problem } from "./problem";
import "./parts.css";

/** A setting that is on or off, with what it means. */
export function SettingSwitch({ of, title, children }: { of: NetworkSetting; title: string; children: ComponentChildren }) {
  const doing = useDoing();
  const isOn = settings.value.get(of) === true;
  const means = useId();
  return (
    <div class="setting-switch">
      <button
        type="button"
        role="switch"
        aria-checked={isOn}
        aria-describedby={means}
        disabled={!settings.value.has(of)}
        aria-busy={doing.isBusy}
        onClick={() => void doing.run(() => choose(of, !isOn))}
      >
        <span class="knob" aria-hidden="true" />
        {title}: {isOn ? "on" : "off"}
      </button>
      <p id={means}>{children}</p>
      <Problem of={doing} />
    </div>
  );
}

/** A button whose press is asked about once more, in the same place. */
export function Sure({
  label,
  of = "",
  question,
  yes,
  class: kind = "",
  act,
}: {
  label: string;
  /** Where several stand in a list: which one it is about, said to who does not see the list. */
  of?: string;
  question: string;
  yes: string;
  class?: string;
  act: () => Promise<unknown>;
}) {
  const doing = useDoing();
  const [isAsked, setAsked] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  // Before the next key, which may be the Escape of somebody who pressed by mistake.
  useLayoutEffect(() => {
    if (isAsked) keep.current?.focus();
  }, [isAsked]);
  const leave = () => {
    setAsked(false);
    queueMicrotask(() => opener.current?.focus());
  };
  if (!isAsked) {
    return (
      <button ref={opener} type="button" class={kind} onClick={() => setAsked(true)}>
        {label}
        {of && <span class="visually-hidden"> {of}</span>}
      </button>
    );
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    leave();
  };
  return (
    <div class="sure" role="group" aria-label={`${label} ${of}`.trim()} onKeyDown={onKeyDown}>
      <p>{question}</p>
      <button
        type="button"
        class="danger"
        disabled={doing.isBusy}
        onClick={() => void doing.run(act).then((went) => went && setAsked(false))}
      >
        {yes}
      </button>
      <button ref={keep} type="button" onClick={leave}>
        Keep it
      </button>
      <Problem of={doing} />
    </div>
  );
}

/** Says that what stands here may be old, while the node is out of reach. */
export function Offline() {
  if (socket.state.value !== "lost") return null;
  return (
    <p class="offline" role="status">
      The node does not answer; this is how things stood. <button type="button" onClick={() => socket.retryNow()}>Try again</button>
    </p>
  );
}
