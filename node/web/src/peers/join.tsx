// Joining: the ticket that a friend sent.

import { useState } from "preact/hooks";

import { useDoing } from "./doing";
import { type Peer } from "./network";
import { join } from "./pairing";
import { Paired } from "./paired";
import { Problem } from "./problem";

export function Join() {
  const doing = useDoing();
  const [text, setText] = useState("");
  const [peer, setPeer] = useState<Peer | null>(null);
  if (peer) return <Paired nodeId={peer.nodeId} name={peer.label} />;
  const use = () => void doing.run(async () => setPeer(await join(text)));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        use();
      }}
    >
      <p>Paste what your friend sent. It says which node to talk to, so that nobody else can answer in its place.</p>
      <label class="field">
        The ticket
        <textarea
          rows={5}
          spellcheck={false}
          autocomplete="off"
          maxLength={4_000}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary" disabled={doing.isBusy || text.trim() === ""}>
        {doing.isBusy ? "Pairing…" : "Pair"}
      </button>
      <Problem of={doing} />
    </form>
  );
}
