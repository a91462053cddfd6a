// Having a model answer: what is wrong or missing, and every way on from there.

import { useEffect } from "preact/hooks";

import { RULES, askProviders, chooseModel, modelProblem, providers } from "../conversation/models";
import { command, isAvailable } from "../commands/registry";
import { Icon } from "../shell/icons";
import { agent, look, readiness } from "../shell/node_state";
import { capital } from "../shell/plainly";
import { Fetch } from "./fetch";
import { ModelFile } from "./model_file";
import { Servers } from "./servers";

const LOOK_EVERY_MS = 10_000;

export function FindModel({ onDismiss }: { onDismiss: () => void }) {
  const ready = readiness.value;
  const isByRules = agent.value?.model?.provider === RULES;
  useEffect(() => {
    const lookAgain = setInterval(() => !document.hidden && void askProviders(), LOOK_EVERY_MS);
    return () => clearInterval(lookAgain);
  }, []);
  return (
    <section class="find-model" aria-labelledby="find-model">
      <h2 id="find-model">
        <Icon name={isByRules ? "model" : "warning"} /> {isByRules ? "Rules (no model)" : "The model cannot be used"}
      </h2>
      {isByRules ? (
        <p>
          No model answers yet, so plain sentences work by rules: <em>what time is it</em>, <em>search my notes for bread</em>. With a model it
          understands the rest, too.
        </p>
      ) : (
        <p>
          {capital(ready?.text ?? "")}. {capital(ready?.remedy ?? "")}.
        </p>
      )}
      <Ways />
      {modelProblem.value && <p class="problem" role="alert">{modelProblem.value}</p>}
      <footer>
        <button type="button" onClick={() => void Promise.all([askProviders(), look()])}>Look again</button>
        <button type="button" class="plain" onClick={() => (isByRules ? onDismiss() : void chooseModel(RULES, null))}>Go on with rules</button>
        <OpenPane id="settings" title="All settings" />
      </footer>
    </section>
  );
}

/** What was found, then what could be fetched, then what the owner can bring. */
function Ways() {
  const found = providers.value;
  if (!found) return <p role="status">Looking for model servers on this machine…</p>;
  const pullFrom = found.servers.find((server) => server.canPull);
  const hasAny = found.servers.some(({ models }) => models.length > 0);
  return (
    <>
      <Servers servers={found.servers} />
      {pullFrom && <Fetch address={pullFrom.address} suggested={found.offer?.model ?? null} />}
      {!hasAny && !pullFrom && (
        <p role="status">
          No model server answers on this machine. Start Ollama, LM Studio, vLLM or llama-server; it is found by itself within seconds.
        </p>
      )}
      <details>
        <summary>Other ways to a model</summary>
        <ModelFile />
        <p>
          A peer may lend its model: once its owner has granted it to this node, it stands above. <OpenPane id="peers" title="Open peers" />
        </p>
      </details>
    </>
  );
}

/** A button for a pane, where there is one. */
function OpenPane({ id, title }: { id: string; title: string }) {
  const open = command(`open.${id}`);
  if (!open || !isAvailable(open)) return null;
  return <button type="button" class="plain" onClick={() => void open.run()}>{title}</button>;
}
