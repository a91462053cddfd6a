// Asking peers directly, past the own model: what was asked, and what each of them said.

import { signal } from "@preact/signals";

import { request } from "../net/api";
import { lines } from "../net/ndjson";
import { nameOf } from "./network";

export interface Citation {
  file: string;
  first: number;
  last: number;
  unit: string;
  quote: string;
}

/** What one peer made of a question. */
export interface Heard {
  ok: boolean;
  nodeId: string | null;
  name: string;
  answer?: string;
  citations?: readonly Citation[];
  error?: string;
  code?: string;
  durationMs: number | null;
}

export interface Exchange {
  id: number;
  question: string;
  /** Node ids, in the order of the answers. */
  asked: readonly string[];
  /** The names under which they were asked. */
  names: ReadonlyMap<string, string>;
  heard: ReadonlyMap<string, Heard>;
  /** Seconds since 1970. */
  startedAt: number;
  state: "open" | "done" | "stopped";
  /** What the own model made of the answers, or why it did not; null: that was not wanted. */
  together: string | null;
  /** Why nothing more comes, where the node itself failed. */
  problem: string;
}

export const QUESTION_MAX_CHARS = 20_000;
/** Older ones go; they are kept in this page only. */
const EXCHANGES_MAX = 50;

interface Line {
  heard?: Heard;
  reply?: { synthesis?: string | null; synthesisError?: string };
}

/** By the conversation they belong to, the latest last. */
export const exchanges = signal<ReadonlyMap<string, readonly Exchange[]>>(new Map());

const stops = new Map<number, AbortController>();
let count = 0;

/** Ask these peers at the same time; resolves when all have answered, or `stop` was called. */
export async function ask(key: string, asked: readonly string[], question: string, together: boolean): Promise<void> {
  const id = ++count;
  const stop = new AbortController();
  stops.set(id, stop);
  const names = new Map(asked.map((nodeId) => [nodeId, nameOf(nodeId)]));
  const startedAt = Date.now() / 1_000;
  add(key, { id, question, asked, names, heard: new Map(), startedAt, state: "open", together: null, problem: "" });
  try {
    const body = JSON.stringify({ peers: asked, prompt: question, synthesize: together, stream: true });
    // Of the ways to ask, the streamed one stops at the peers, too, when it is hung up.
    const reply = await request("/api/network/ask-peers", { method: "POST", body, signal: stop.signal });
    for await (const line of lines<Line>(reply)) change(key, id, (one) => withLine(one, line));
    change(key, id, (one) => ({ ...one, state: "done" }));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    change(key, id, (one) => ({ ...one, state: stop.signal.aborted ? "stopped" : "done", problem: stop.signal.aborted ? "" : problem }));
  } finally {
    stops.delete(id);
  }
}

function withLine(one: Exchange, { heard, reply }: Line): Exchange {
  if (heard) {
    const nodeId = heard.nodeId ?? one.asked.find((each) => one.names.get(each) === heard.name) ?? heard.name;
    return { ...one, heard: new Map(one.heard).set(nodeId, heard) };
  }
  const made = reply?.synthesis ?? reply?.synthesisError ?? null;
  return { ...one, together: made };
}

export function stop(id: number): void {
  stops.get(id)?.abort();
}

function add(key: string, one: Exchange): void {
  const before = exchanges.peek().get(key) ?? [];
  exchanges.value = new Map(exchanges.peek()).set(key, [...before, one].slice(-EXCHANGES_MAX));
}

function change(key: string, id: number, by: (one: Exchange) => Exchange): void {
  const before = exchanges.peek().get(key) ?? [];
  exchanges.value = new Map(exchanges.peek()).set(
    key,
    before.map((one) => (one.id === id ? by(one) : one)),
  );
}
