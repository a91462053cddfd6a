// What stands in an empty conversation: that it works, what could be said first, and how to have a model answer.

import { signal } from "@preact/signals";

import { RULES } from "../conversation/models";
import { pulling } from "../conversation/pull";
import { agent, readiness } from "../shell/node_state";
import { FindModel } from "./find_model";
import { Starters } from "./starters";
import "./onboarding.css";

const isDismissed = signal(false);
/** Whether the owner asked for the ways to a model, though rules answer by choice. */
const isWanted = signal(false);

interface WelcomeProps {
  sessionId: string;
  isEmpty: boolean;
}

export function Welcome({ sessionId, isEmpty }: WelcomeProps) {
  const state = readiness.value?.state;
  const isByRules = agent.value?.model?.provider === RULES;
  const isOffered = (state === "not_configured" || state === "provider_unreachable") && !isDismissed.value;
  // What rules answer is not pushed up by the ways to a model; what is being fetched stays in view.
  const isInTheWay = isByRules && !isEmpty && pulling.value?.state !== "running";
  if ((isOffered && !isInTheWay) || (isWanted.value && isByRules)) {
    return (
      <>
        <FindModel onDismiss={dismiss} />
        {isEmpty && isByRules && <Starters sessionId={sessionId} />}
      </>
    );
  }
  if (!isEmpty) return isOffered ? <ByRules /> : null;
  return (
    <div class="welcome">
      <h2>{state === "unresolved" ? "Looking for a model" : `${agent.value?.node.name ?? "Palaver"} is ready`}</h2>
      {state === "unresolved" && <p role="status">{readiness.value?.text}: {readiness.value?.remedy}.</p>}
      <p>Ask anything. What would change something is asked about first. Type / for commands and @ for peers, sessions, files and panes.</p>
      <Starters sessionId={sessionId} />
      {isByRules && <ByRules />}
    </div>
  );
}

function ByRules() {
  return (
    <p class="by-rules">
      Rules answer, without a model. <button type="button" class="plain" onClick={() => (isWanted.value = true)}>Find a model</button>
    </p>
  );
}

function dismiss(): void {
  isDismissed.value = true;
  isWanted.value = false;
}
