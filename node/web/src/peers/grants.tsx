// What one peer may do here, each right on its own.

import { useState } from "preact/hooks";

import { api } from "../net/api";
import { useDoing } from "./doing";
import { type Grant, type Peer, asksAllowed, look, settings } from "./network";
import { SettingSwitch } from "./parts";
import { Problem } from "./problem";
import { GRANTS } from "./words";

export function Grants({ peer }: { peer: Peer }) {
  const doing = useDoing();
  /** What was pressed and the node has not confirmed yet. */
  const [wanted, setWanted] = useState<readonly Grant[] | null>(null);
  const usual = (settings.value.get("network.defaultGrants") ?? []) as readonly Grant[];
  const held = wanted ?? peer.grants ?? usual;
  const mayAsk = held.includes("ask");
  const put = async (grants: readonly Grant[] | null) => {
    setWanted(grants ?? usual);
    await doing.run(async () => {
      await api("PUT", `/api/network/peers/${peer.nodeId}/grants`, { grants });
      await look();
    });
    setWanted(null);
  };
  return (
    <fieldset class="grants" aria-busy={doing.isBusy}>
      <legend>What {peer.label} may do here</legend>
      {GRANTS.map(({ grant, title, means }) => (
        <label key={grant} data-idle={(grant !== "ask" && !mayAsk) || undefined}>
          <input
            type="checkbox"
            checked={held.includes(grant)}
            onClick={(event) => doing.isBusy && event.preventDefault()}
            onChange={() => void put(held.includes(grant) ? held.filter((one) => one !== grant) : [...held, grant])}
          />
          <span>
            {title}
            <small>{means}</small>
          </span>
        </label>
      ))}
      <p class="soft">
        {peer.grants === null ? "These are the rights of peers in general." : "These rights are its own. "}
        {peer.grants !== null && (
          <button type="button" class="link" onClick={() => void put(null)}>
            As for peers in general
          </button>
        )}
      </p>
      <Problem of={doing} />
      {!asksAllowed.value && held.length > 0 && (
        <p class="caution">Asks from peers are off, so {peer.label} may do nothing of it now.</p>
      )}
      {held.includes("model") && settings.value.get("network.lendModel") !== true && (
        <SettingSwitch of="network.lendModel" title="Lend my model">
          Off, nobody uses it, whatever was granted. On, their messages pass through it and are not kept.
        </SettingSwitch>
      )}
    </fieldset>
  );
}
