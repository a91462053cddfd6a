// Seeing with a peer's eyes: what a search of theirs would find here.

import { useState } from "preact/hooks";

import { useDoing } from "../peers/doing";
import { peerOf, trusted } from "../peers/network";
import { Problem } from "../peers/problem";
import { placeOf } from "../peers/words";
import { type Found, type Passage, search } from "./shares";

const QUERY_MAX_CHARS = 1_000;

export function Try() {
  const doing = useDoing();
  const [query, setQuery] = useState("");
  const [peer, setPeer] = useState("");
  const [found, setFound] = useState<{ found: Found; peer: string } | null>(null);
  const run = () => doing.run(async () => setFound({ found: await search(query.trim(), peer), peer }));
  return (
    <section class="try" aria-labelledby="try-title">
      <h3 id="try-title">Try a search</h3>
      <form
        class="inline"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <label class="field">
          As
          <select value={peer} onChange={(event) => setPeer(event.currentTarget.value)}>
            <option value="">me, over all folders</option>
            {trusted.value.map(({ nodeId, label }) => (
              <option key={nodeId} value={nodeId}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label class="field words">
          What to find out
          <input
            type="search"
            value={query}
            maxLength={QUERY_MAX_CHARS}
            autocomplete="off"
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={doing.isBusy || query.trim() === ""}>
          Search
        </button>
        <Problem of={doing} />
      </form>
      <div role="status">{found && <FoundView {...found} />}</div>
    </section>
  );
}

function FoundView({ found, peer }: { found: Found; peer: string }) {
  const who = peer === "" ? "You" : (peerOf(peer)?.label ?? "This peer");
  if (!found.allowed) return <p>{who} may not search here, and would find nothing.</p>;
  if (found.passages.length === 0) return <p>{who} would find nothing about this.</p>;
  return (
    <>
      <p>{who} would find:</p>
      <ol>
        {found.passages.map((passage) => (
          <PassageView key={`${passage.file} ${passage.first}`} passage={passage} />
        ))}
      </ol>
    </>
  );
}

function PassageView({ passage }: { passage: Passage }) {
  return (
    <li>
      <p>
        <code>{passage.file}</code>, {placeOf(passage)} {passage.heading && <span class="soft">{passage.heading}</span>}
      </p>
      <pre tabIndex={0}>{passage.text}</pre>
    </li>
  );
}
