// Choosing a model for a setting from those that answer now; blank leaves the choice to the node, which is named.

import { useEffect, useState } from "preact/hooks";

import { type ModelServer, askProviders, providers } from "../conversation/models";
import { agent } from "../shell/node_state";
import { told } from "./editor";
import type { Setting } from "./groups";
import { put, settingOf } from "./store";

const BY_HAND = "\n";
export const MODEL_KEYS: ReadonlySet<string> = new Set(["models.default", "agent.orchestrator.model"]);

export function ModelEditor({ setting, id }: { setting: Setting; id: string }) {
  const [writes, setWrites] = useState(false);
  useEffect(() => void askProviders(), []);
  const value = String(setting.value);
  const servers = providers.value?.servers.filter(({ models }) => models.length > 0) ?? [];
  const names = servers.flatMap(({ models }) => models.map(({ name }) => name));
  const isKnown = value === "" || value === "rules" || names.includes(value);
  const choose = (chosen: string) => {
    setWrites(chosen === BY_HAND);
    if (chosen !== BY_HAND) void put(setting.key, chosen);
  };
  return (
    <div class="model-editor">
      <select id={id} value={writes ? BY_HAND : value} {...told(setting.key, id)} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">{blankMeans(setting.key)}</option>
        {!isKnown && <option value={value}>{value} (not there now)</option>}
        {servers.map((server) => (
          <Server key={server.address} server={server} />
        ))}
        <option value="rules">Rules (no model)</option>
        <option value={BY_HAND}>Another: write its name</option>
      </select>
      {writes && <ByHand settingKey={setting.key} onDone={() => setWrites(false)} />}
    </div>
  );
}

function Server({ server: { address, label, models } }: { server: ModelServer }) {
  return (
    <optgroup label={label ?? address}>
      {models.map(({ name, callsTools }) => (
        <option key={name} value={name}>
          {name}
          {callsTools === false && " · no tools"}
        </option>
      ))}
    </optgroup>
  );
}

function ByHand({ settingKey, onDone }: { settingKey: string; onDone: () => void }) {
  const [typed, setTyped] = useState("");
  const keep = async () => (await put(settingKey, typed.trim())) && onDone();
  return (
    <form
      class="by-hand"
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <input type="text" aria-label="Name of the model" placeholder="name, gguf:/path/to/model.gguf or peer:NAME" size={36} spellcheck={false} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      <button type="submit" disabled={typed.trim() === ""}>Use it</button>
    </form>
  );
}

/** Say what answers when the setting is blank. */
function blankMeans(key: string): string {
  const named = String(settingOf("models.default")?.value ?? "");
  if (key !== "models.default" && named) return `As for all else: ${named}`;
  const now = agent.value?.model;
  const isBlank = (settingOf("agent.orchestrator.model")?.value ?? "") === "" && named === "";
  return isBlank && now ? `The node chooses: ${now.label}` : "The node chooses";
}
