// The models that answer now, by server; one press and the next message goes to one of them.

import { type ModelServer, type ModelShown, chooseModel } from "../conversation/models";
import { short } from "../conversation/numbers";

/** Of a server with very many, the rest is in the settings. */
const SHOWN_MAX = 12;

export function Servers({ servers }: { servers: readonly ModelServer[] }) {
  return (
    <>
      {servers
        .filter(({ models }) => models.length > 0)
        .map((server) => (
          <Found key={server.address} server={server} />
        ))}
    </>
  );
}

function Found({ server: { address, label, models, provider } }: { server: ModelServer }) {
  return (
    <div class="found-server">
      <h3>
        {provider === "peer" ? "Lent by a peer" : (label ?? "A model server")} <code>{provider === "peer" ? "" : address}</code>
      </h3>
      <ul>
        {models.slice(0, SHOWN_MAX).map((model) => (
          <Model key={model.name} model={model} address={address} />
        ))}
      </ul>
      {models.length > SHOWN_MAX && <p>{models.length - SHOWN_MAX} more are in the settings.</p>}
    </div>
  );
}

function Model({ model: { name, label, contextWindow, callsTools }, address }: { model: ModelShown; address: string }) {
  return (
    <li>
      <span>
        <code>{name}</code> {name.startsWith("peer:") && label}
      </span>
      {contextWindow !== null && <span class="badge" title="Tokens of its window">{short(contextWindow)}</span>}
      {callsTools === false && <span class="badge" title="It can talk, but not call tools">no tools</span>}
      <button type="button" onClick={() => void chooseModel(name, address)}>
        Use<span class="visually-hidden"> {name}</span>
      </button>
    </li>
  );
}
