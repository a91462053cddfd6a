// What one peer answered, under its name: a stranger's text must never look like the owner's agent.

import { duration } from "../conversation/numbers";
import { CopyButton } from "../markdown/code";
import { Markdown } from "../markdown/markdown";
import { Icon } from "../shell/icons";
import type { Citation, Heard } from "./asking";
import { placeOf, refusalOf } from "./words";

export function Said({ heard, name, nodeId }: { heard: Heard; name: string; nodeId: string }) {
  const took = heard.ok && heard.durationMs !== null ? duration(heard.durationMs) : "";
  return (
    <section class="relay-said" data-ok={heard.ok} aria-label={heard.ok ? `${name} answered` : `${name} did not answer`}>
      <header>
        <Icon name={heard.ok ? "peers" : "warning"} />
        <strong>{name}</strong>
        <span class="badge">peer</span>
        <code title={nodeId}>{nodeId.slice(0, 8)}</code>
        <span class="soft">{took}</span>
        {heard.ok && <CopyButton text={heard.answer ?? ""} label={`Copy the answer of ${name}`} />}
      </header>
      {heard.ok ? <Markdown text={heard.answer ?? ""} /> : <p class="refused">{refusalOf(heard.code ?? "", heard.error ?? "", name)}</p>}
      {heard.citations && heard.citations.length > 0 && <Sources citations={heard.citations} name={name} />}
    </section>
  );
}

/** The places that an answer names: claims of the other node, as the answer is. */
function Sources({ citations, name }: { citations: readonly Citation[]; name: string }) {
  return (
    <ul class="sources" aria-label={`Sources that ${name} names`}>
      {citations.map((place, index) => (
        <li key={index}>
          <details>
            <summary>
              <Icon name="file" />
              {place.file}, {placeOf(place)}
            </summary>
            <blockquote>{place.quote || "It quotes nothing."}</blockquote>
          </details>
        </li>
      ))}
    </ul>
  );
}
