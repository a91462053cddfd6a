// Who this node is, for those who want to know whom they pair with, and whether peers may ask it at all.

import { CopyButton } from "../markdown/code";
import { Icon } from "../shell/icons";
import { identity } from "./network";
import { openPairing } from "./pairing";
import { SettingSwitch } from "./parts";

export function Head() {
  const own = identity.value;
  return (
    <header class="own-node">
      <div class="who">
        <h2>{own?.name ?? "This node"}</h2>
        {own && (
          <p>
            <span>
              Fingerprint <code class="fingerprint">{own.fingerprint}</code>
            </span>
            <span>
              Id <code title={own.nodeId}>{own.nodeId.slice(0, 8)}</code>
              <CopyButton text={own.nodeId} label="Copy this node's id" />
            </span>
          </p>
        )}
      </div>
      <button type="button" class="primary" data-autofocus onClick={() => openPairing("invite")}>
        <Icon name="link" /> Pair
      </button>
      <AsksSwitch />
    </header>
  );
}

/** Off until the owner says otherwise: none may ask, whatever it was granted. */
export function AsksSwitch() {
  return (
    <SettingSwitch of="network.allowRemoteAgent" title="Asks from peers">
      Trusted peers may ask your agent what you grant them. It answers by reading only, and nothing here acts for them.
    </SettingSwitch>
  );
}
