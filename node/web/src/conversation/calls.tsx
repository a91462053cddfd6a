// Tool calls, one line each; a longer run of them folds into one.

import { useState } from "preact/hooks";

import { command, isAvailable } from "../commands/registry";
import { Icon, type IconName } from "../shell/icons";
import { shortArguments, shown } from "./arguments";
import type { CallPart } from "./model";
import { duration } from "./numbers";
import { PeerSaid, peerAnswers } from "./peer_said";

/** As many calls stand for themselves; more of them in a row fold. */
const UNFOLDED_MAX = 3;
const STATES: Readonly<Record<CallPart["state"], { icon: IconName; text: string }>> = {
  running: { icon: "tool", text: "running" },
  ok: { icon: "check", text: "done" },
  failed: { icon: "close", text: "failed" },
  denied: { icon: "stop", text: "denied" },
  stopped: { icon: "stop", text: "stopped" },
};

export function Calls({ calls, turnId }: { calls: readonly CallPart[]; turnId: string }) {
  const running = calls.findLast((call) => call.state === "running");
  const failures = calls.filter((call) => call.state === "failed").length;
  const answers = calls.flatMap(peerAnswers);
  const list = calls.map((call) => <Call key={call.callId} call={call} turnId={turnId} />);
  return (
    <div class="calls">
      {calls.length <= UNFOLDED_MAX ? (
        list
      ) : (
        <details>
          <summary>
            <Icon name="tool" /> {calls.length} tool calls
            {failures > 0 && <span class="problem">, {failures} failed</span>}
            {running && <span class="soft"> – {running.name} runs</span>}
          </summary>
          {list}
        </details>
      )}
      {answers.map((answer, index) => (
        <PeerSaid key={index} {...answer} />
      ))}
    </div>
  );
}

function Call({ call, turnId }: { call: CallPart; turnId: string }) {
  const [isOpen, setOpen] = useState(false);
  const { icon, text } = STATES[call.state];
  const inspector = command("inspector.show");
  const show = () => {
    if (inspector && isAvailable(inspector)) void inspector.run({ turnId, callId: call.callId, call });
    else setOpen(!isOpen);
  };
  return (
    <div class="call" data-state={call.state}>
      <button type="button" class="plain" aria-expanded={inspector ? undefined : isOpen} onClick={show}>
        <Icon name={icon} />
        <span class="visually-hidden">{text}: </span>
        <code class="name">{call.name}</code>
        <span class="short">{shortArguments(call.args)}</span>
        <span class="time">
          {call.isReused && "kept from before · "}
          {call.ms === null || call.state === "denied" ? text : duration(call.ms)}
        </span>
      </button>
      {isOpen && <Detail call={call} />}
    </div>
  );
}

function Detail({ call }: { call: CallPart }) {
  return (
    <div class="call-detail">
      <h4>Arguments</h4>
      <pre tabIndex={0} role="group" aria-label="Arguments">{shown(call.args)}</pre>
      <h4>Result</h4>
      <pre tabIndex={0} role="group" aria-label="Result">{call.result || "none yet"}</pre>
    </div>
  );
}
