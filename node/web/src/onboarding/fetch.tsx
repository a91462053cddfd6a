// Having Ollama fetch a model, with how far it is; once it is there, it answers.

import { useState } from "preact/hooks";

import { isOwnPull, pull, pulling, stopPull } from "../conversation/pull";
import type { Pull } from "../wire.gen";

const USUAL = "gemma4:e2b";

/** `suggested` is what the node would fetch where there is no model yet; null where there are some. */
export function Fetch({ address, suggested }: { address: string; suggested: string | null }) {
  const now = pulling.value;
  if (now?.state === "running") return <Progress now={now} />;
  return (
    <div class="fetch-model">
      {suggested !== null ? (
        <>
          <p>Ollama is here and has no model yet.</p>
          <button type="button" class="primary" onClick={() => void pull(suggested, address)}>
            Fetch {suggested}
          </button>
          <details>
            <summary>Fetch another</summary>
            <ByName address={address} />
          </details>
        </>
      ) : (
        <details>
          <summary>Fetch another model with Ollama</summary>
          <ByName address={address} />
        </details>
      )}
      {now?.state === "failed" && <p class="problem" role="alert">{now.model} could not be fetched: {now.status}. Try again, or choose another name.</p>}
      {now?.state === "cancelled" && <p role="status">Fetching {now.model} was stopped; what came is kept, and fetching goes on from there.</p>}
    </div>
  );
}

function ByName({ address }: { address: string }) {
  const [name, setName] = useState(USUAL);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) void pull(name.trim(), address);
      }}
    >
      <input type="text" aria-label="Name of the model to fetch" maxLength={200} spellcheck={false} autocomplete="off" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      <button type="submit" disabled={name.trim() === ""}>Fetch it</button>
    </form>
  );
}

function Progress({ now: { model, status, total, completed } }: { now: Pull }) {
  const share = total ? Math.round((100 * (completed ?? 0)) / total) : null;
  return (
    <div class="fetch-model">
      <label>
        Fetching {model}: {status}
        {share !== null && `, ${share} %`}
        <progress max={100} {...(share === null ? {} : { value: share })} />
      </label>
      {isOwnPull() && <button type="button" onClick={stopPull}>Stop</button>}
    </div>
  );
}
