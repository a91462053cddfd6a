// Beside the composer: how much the agent may do with the next message, and which model answers.

import { type Mode, agent } from "../shell/node_state";
import { keepMode } from "./drafts";
import { type ModelShown, RULES, askProviders, chooseModel, modelProblem, providers } from "./models";
import type { ConversationView } from "./views";

export const MODES: readonly { id: Mode; title: string }[] = [
  { id: "plan", title: "Plan: reads only" },
  { id: "default", title: "Ask before acting" },
  { id: "acceptEdits", title: "Accept edits" },
  { id: "autonomous", title: "Act without asking" },
];

export function ModePicker({ view }: { view: ConversationView }) {
  const chosen = view.mode.value ?? "";
  const held = MODES.find(({ id }) => id === agent.value?.mode);
  return (
    <select
      class="picker"
      aria-label="What the agent may do"
      title="What the agent may do with the next message"
      data-mode={chosen}
      value={chosen}
      onChange={(event) => {
        view.mode.value = MODES.find(({ id }) => id === event.currentTarget.value)?.id ?? null;
        keepMode(view.id, view.mode.value);
      }}
    >
      <option value="">{held === undefined ? "Mode as set" : `${held.title} (as set)`}</option>
      {MODES.map(({ id, title }) => (
        <option key={id} value={id}>
          {title}
        </option>
      ))}
    </select>
  );
}

const SEPARATOR = "\n";

export function ModelPicker() {
  const current = agent.value?.model ?? null;
  const servers = providers.value?.servers.filter((server) => server.models.length > 0) ?? [];
  const chosen = servers.flatMap(({ address, models }) => models.filter((one) => one.current).map((one) => key(address, one)))[0];
  return (
    <select
      class="picker"
      aria-label="Model"
      title={modelProblem.value ?? "Which model answers from the next message on"}
      aria-invalid={modelProblem.value !== null}
      value={chosen ?? ""}
      onFocus={() => void askProviders()} // a model may have been installed since
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {chosen === undefined && <option value="">{current?.provider === RULES ? "Rules (no model)" : (current?.label ?? "No model")}</option>}
      {servers.map(({ address, label, models }) => (
        <optgroup key={address} label={label ?? address}>
          {models.map((model) => (
            <option key={model.name} value={key(address, model)}>
              {model.name}
              {model.callsTools === false && " · no tools"}
            </option>
          ))}
        </optgroup>
      ))}
      {chosen !== undefined && <option value={RULES}>Rules (no model)</option>}
    </select>
  );
}

function key(address: string, { name }: ModelShown): string {
  return `${address}${SEPARATOR}${name}`;
}

function choose(value: string): void {
  const [address, name] = value.split(SEPARATOR);
  if (value === RULES) void chooseModel(RULES, null);
  else if (address !== undefined && name !== undefined) void chooseModel(name, address);
}
