// What a first visit shows: that it works, and how to have a model answer when none does yet.

import { signal } from "@preact/signals";

import { Icon } from "../shell/icons";
import { agent } from "../shell/node_state";
import type { Pull } from "../wire.gen";
import { type ModelServer, RULES, askProviders, chooseModel, modelProblem, providers } from "./models";
import { isOwnPull, pull, pulling, stopPull } from "./pull";

const isDismissed = signal(false);

export function Welcome({ isEmpty }: { isEmpty: boolean }) {
  if (agent.value?.model?.provider === RULES && !isDismissed.value) return <FindModel />;
  if (!isEmpty) return null;
  return (
    <div class="welcome">
      <h2>{agent.value?.node.name ?? "Palaver"} is ready</h2>
      <p>Ask anything. What would change something is asked about first. Type / for commands and @ for peers, sessions and panes.</p>
    </div>
  );
}

function FindModel() {
  const found = providers.value;
  const withModels = found?.servers.filter((server) => server.models.length > 0) ?? [];
  return (
    <section class="welcome find-model" aria-labelledby="find-model">
      <h2 id="find-model">
        <Icon name="model" /> Rules (no model)
      </h2>
      <p>No model answers yet, so plain sentences work by rules: <em>what time is it</em>, <em>search my notes for bread</em>.</p>
      {withModels.map((server) => (
        <Found key={server.address} server={server} />
      ))}
      {found?.offer && <Offer model={found.offer.model} address={found.offer.address} />}
      {found && withModels.length === 0 && !found.offer && (
        <p>Start Ollama, LM Studio, vLLM or llama-server on this machine; it is found by itself.</p>
      )}
      {modelProblem.value && <p class="problem" role="status">{modelProblem.value}</p>}
      <footer>
        <button type="button" onClick={() => void askProviders()}>Look again</button>
        <button type="button" class="plain" onClick={() => (isDismissed.value = true)}>Go on with rules</button>
      </footer>
    </section>
  );
}

function Found({ server }: { server: ModelServer }) {
  return (
    <div class="found">
      <h3>{server.label ?? server.address}</h3>
      <ul>
        {server.models.map((model) => (
          <li key={model.name}>
            <code>{model.name}</code>
            {model.callsTools === false && <span class="badge">no tools</span>}
            <button type="button" onClick={() => void chooseModel(model.name, server.address)}>
              Use <span class="visually-hidden">{model.name}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Offer({ model, address }: { model: string; address: string }) {
  const now = pulling.value;
  if (now?.state === "running") return <Progress now={now} />;
  return (
    <div class="found">
      <p>Ollama is here and has no model yet.</p>
      <button type="button" class="primary" onClick={() => void pull(model, address)}>
        Fetch {model}
      </button>
      {now?.state === "failed" && <p class="problem" role="status">{now.status}</p>}
    </div>
  );
}

function Progress({ now: { model, status, total, completed } }: { now: Pull }) {
  const share = total ? Math.round((100 * (completed ?? 0)) / total) : null;
  return (
    <div class="found">
      <label>
        Fetching {model}: {status}
        {share !== null && `, ${share} %`}
        <progress max={100} {...(share === null ? {} : { value: share })} />
      </label>
      {isOwnPull() && <button type="button" onClick={stopPull}>Stop</button>}
    </div>
  );
}
