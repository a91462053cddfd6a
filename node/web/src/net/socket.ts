// The page's one connection to its node: it comes back by itself, and takes up every session where it was.

import { type ReadonlySignal, signal } from "@preact/signals";

import type { ClientFrame, Hello, NodeFrame, ToolCallEvent } from "../wire.gen";
import { ApiError, api } from "./api";
import { pauseBefore } from "./backoff";

export type SocketState = "connecting" | "open" | "lost";

/** What a tool call of this page came to. */
export interface Outcome {
  ok: boolean;
  result?: unknown;
  error?: string;
}

type Channel = NodeFrame["channel"];
type EventOf<C extends Channel> = Extract<NodeFrame, { channel: C }>["event"];
type DataOf<C extends Channel, E extends string> = Extract<NodeFrame, { channel: C; event: E }>["data"];
type Handler = (frame: NodeFrame) => void;
type AgentWish = Extract<ClientFrame, { channel: "agent" }>;
/** What a page can say to the agent. */
export type Wish = AgentWish["event"];
export type WishData<E extends Wish> = Extract<AgentWish, { event: E }>["data"];

/** Returns the number of the last event that was seen of a session, from which it is taken up. */
export type LastSeq = () => number;

export class NodeSocket {
  readonly state: ReadonlySignal<SocketState>;
  /** Who answered last; null before the first time. */
  readonly hello: ReadonlySignal<Hello | null>;

  /** The node is there and wants its token, which is a new one after each of its starts. */
  readonly isLocked: ReadonlySignal<boolean>;

  readonly #locked = signal(false);
  readonly #state = signal<SocketState>("connecting");
  readonly #hello = signal<Hello | null>(null);
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #followed = new Map<string, LastSeq>();
  #socket: WebSocket | null = null;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #tools: readonly Record<string, unknown>[] | null = null;
  #onToolCall: ((call: ToolCallEvent) => Promise<Outcome>) | null = null;

  constructor(private readonly url: () => string) {
    this.state = this.#state;
    this.hello = this.#hello;
    this.isLocked = this.#locked;
  }

  connect(): void {
    clearTimeout(this.#retry);
    this.#drop();
    const socket = new WebSocket(this.url());
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#received(String(data));
    socket.onclose = () => this.#closed();
  }

  /** Send a frame; false when there is no connection, and then nothing was sent. */
  send(frame: ClientFrame): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Say something to the agent; false when there is no connection. */
  say<E extends Wish>(event: E, data: WishData<E>): boolean {
    return this.send({ channel: "agent", event, data } as ClientFrame);
  }

  /** Hear one kind of event until the returned function is called. */
  on<C extends Channel, E extends EventOf<C>>(
    channel: C,
    event: E,
    handler: (data: DataOf<C, E>, seq: number | undefined) => void,
  ): () => void {
    return this.#listen(`${channel} ${event}`, (frame) =>
      handler(frame.data as DataOf<C, E>, "seq" in frame ? frame.seq : undefined),
    );
  }

  /** Hear every event of a channel. */
  onChannel(channel: Channel, handler: Handler): () => void {
    return this.#listen(channel, handler);
  }

  /** Have every event of a session from here on, also after the connection was lost; returns how to stop. */
  follow(sessionId: string, lastSeq: LastSeq): () => void {
    this.#followed.set(sessionId, lastSeq);
    this.#resume(sessionId, lastSeq);
    return () => {
      if (this.#followed.get(sessionId) === lastSeq) this.#followed.delete(sessionId);
    };
  }

  /** Say which tools this page runs for the agent; told anew after every reconnect. */
  setManifest(tools: readonly object[]): void {
    this.#tools = tools as readonly Record<string, unknown>[];
    this.#pushManifest();
  }

  /** Run what the node relays to this page. There is one such handler. */
  onToolCall(handler: (call: ToolCallEvent) => Promise<Outcome>): void {
    this.#onToolCall = handler;
  }

  /** Try at once instead of waiting for the next time. */
  retryNow(): void {
    if (this.#state.peek() === "lost") this.connect();
  }

  #listen(key: string, handler: Handler): () => void {
    const handlers = this.#handlers.get(key) ?? new Set();
    this.#handlers.set(key, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  /** Let go of an attempt that hangs; its end is no news any more. */
  #drop(): void {
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
  }

  #opened(): void {
    this.#tries = 0;
    this.#locked.value = false;
    // The manifest goes first: a turn that is taken up may want a tool of this page at once.
    this.#pushManifest();
    this.#followed.forEach((lastSeq, sessionId) => this.#resume(sessionId, lastSeq));
    this.#state.value = "open";
  }

  #closed(): void {
    this.#state.value = "lost";
    void this.#askWhetherLocked();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.connect(), pauseBefore(++this.#tries, Math.random()));
  }

  /** A socket that is refused does not say why; a request does. */
  async #askWhetherLocked(): Promise<void> {
    const refusal: unknown = await api("GET", "/api/agent/status").catch((error: unknown) => error);
    this.#locked.value = refusal instanceof ApiError && refusal.status === 401;
  }

  #resume(sessionId: string, lastSeq: LastSeq): void {
    this.say("resume", { sessionId, lastSeq: lastSeq() });
  }

  #pushManifest(): void {
    if (this.#tools) this.say("manifest", { tools: [...this.#tools] });
  }

  #received(text: string): void {
    const frame = JSON.parse(text) as NodeFrame;
    if (frame.channel === "system" && frame.event === "hello") this.#hello.value = frame.data;
    if (frame.channel === "agent" && frame.event === "tool_call" && frame.data.relay) void this.#run(frame.data);
    // What no handler knows is from a newer node, and nothing for this page.
    this.#handlers.get(`${frame.channel} ${frame.event}`)?.forEach((handler) => handler(frame));
    this.#handlers.get(frame.channel)?.forEach((handler) => handler(frame));
  }

  async #run(call: ToolCallEvent): Promise<void> {
    const outcome = await this.#outcome(call);
    this.say("tool_result", { turnId: call.turnId, callId: call.callId, ...outcome });
  }

  async #outcome(call: ToolCallEvent): Promise<Outcome> {
    if (!this.#onToolCall) return { ok: false, error: `this page has no tool ${call.name}` };
    try {
      return await this.#onToolCall(call);
    } catch (error) {
      return { ok: false, error: error instanceof Error ? error.message : String(error) };
    }
  }
}

function address(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}

export const socket = new NodeSocket(address);
