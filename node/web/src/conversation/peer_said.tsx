// What peers answered, each under its own name: a stranger's text must never look like the owner's agent.

import { Markdown } from "../markdown/markdown";
import { Icon } from "../shell/icons";
import type { CallPart } from "./model";

export interface PeerAnswer {
  name: string;
  node: string;
  text: string;
  sources: readonly string[];
  error: string;
}

const ASKS_ONE = "agent.ask_peer";
const ASKS_MANY = "agent.ask_peers";

/** Return what peers answered to a call; nothing for calls that ask none. */
export function peerAnswers(call: CallPart): readonly PeerAnswer[] {
  if (call.state !== "ok" || (call.name !== ASKS_ONE && call.name !== ASKS_MANY)) return [];
  const result = object(parsed(call.result));
  if (call.name === ASKS_ONE) return [answerOf(result)].filter(({ name }) => name !== "");
  return Array.isArray(result.answers) ? result.answers.map((one) => answerOf(object(one))) : [];
}

export function PeerSaid({ name, node, text, sources, error }: PeerAnswer) {
  return (
    <section class="peer-said" aria-label={`Answer of the peer ${name}`}>
      <header>
        <Icon name="peers" />
        <strong>{name}</strong>
        <span class="badge">peer</span>
        {node && <code title={node}>{node.slice(0, 8)}</code>}
      </header>
      {error ? <p class="problem">{error}</p> : <Markdown text={text} />}
      {sources.length > 0 && (
        <ul class="sources" aria-label="Its sources">
          {sources.map((source, index) => (
            <li key={index}>{source}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function answerOf(one: Record<string, unknown>): PeerAnswer {
  return {
    name: words(one.from) || words(one.name) || words(one.peer),
    node: words(one.node) || words(one.nodeId),
    text: words(one.answer),
    sources: Array.isArray(one.sources) ? one.sources.map(words) : [],
    error: words(one.error),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function words(value: unknown): string {
  return typeof value === "string" ? value : "";
}
