// The conversations that this page has open. They outlive the panes that show them, so nothing is lost when one moves.

import { type ReadonlySignal, type Signal, effect, signal } from "@preact/signals";

import { ApiError, api } from "../net/api";
import { type NodeSocket, type Wish, type WishData, socket } from "../net/socket";
import type { Mode } from "../shell/node_state";
import type { ApprovalResponse, Ask, NodeFrame } from "../wire.gen";
import { batched } from "./batched";
import { isFresh } from "./current";
import { keptMode } from "./drafts";
import { wishDraft } from "./focus";
import { type AgentFrame, fold, isProblem, sent, turnIn } from "./fold";
import { type Conversation, EMPTY, isOpen, openApprovals, turnsOf } from "./model";
import { tellOf } from "./notify";
import { type StoredSession, firstPosition, withEarlier, withStored } from "./stored";

/** 60 turns, each a question and an answer. */
const PAGE_MESSAGES = 120;
const OPEN_MAX = 12;
/** So soon after a session is followed, its past events come once more. */
const REPEATED_WITHIN_MS = 1_000;
const NO_CONNECTION = "There is no connection to the node; try again when it is back.";

/** An event, and when it came: some of them wait for the screen. */
interface Received {
  frame: AgentFrame;
  at: number;
}

export type Asking = Pick<Ask, "mode" | "context">;

/** One open conversation: what it shows, and what can be said in it. */
export class ConversationView {
  readonly state: ReadonlySignal<Conversation>;
  /** Null until the session has its first title. */
  readonly title = signal<string | null>(null);
  /** Whether the stored messages were read; a new session has none. */
  readonly isLoaded = signal(false);
  /** What last went wrong with a wish of the owner. */
  readonly problem = signal<string | null>(null);
  /** The turns that were told to stop and the questions that were answered; the node has not confirmed it yet. */
  readonly awaited = signal<ReadonlySet<string>>(new Set());
  /** How much the owner lets the agent do here; null: as it is set. */
  readonly mode: Signal<Mode | null>;
  /** Counted up when the owner should see the end. */
  readonly endWish = signal(0);
  /** One object for each pane that shows it. */
  readonly panes = signal<readonly object[]>([]);
  readonly stopFollowing: () => void;

  readonly #state = signal<Conversation>(EMPTY);
  readonly #frames = batched<Received>((received) => this.#fold(received));
  readonly #asked = new Map<string, Ask>();
  #isLoading = false;
  #followedAt = Date.now();
  /** The last change of a waiting message. */
  #edit = "";

  constructor(
    readonly id: string,
    private readonly node: NodeSocket,
  ) {
    this.state = this.#state;
    this.mode = signal(keptMode(id));
    this.stopFollowing = node.follow(id, () => {
      this.#frames.flush();
      return this.#state.peek().lastSeq;
    });
    if (isFresh(id)) this.isLoaded.value = true;
    else void this.load();
  }

  /** Take an event of this session; it shows with the next frame of the screen. */
  receive(frame: AgentFrame): void {
    this.#frames.add({ frame, at: Date.now() });
    // A snapshot holds only the latest messages, and long ones cut.
    if (frame.event === "snapshot") void this.load();
  }

  /** Read the newest stored messages. */
  async load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      const session = await api<StoredSession>("GET", `${this.#path}?limit=${PAGE_MESSAGES}`);
      this.#frames.flush();
      this.title.value = session.title;
      this.#state.value = withStored(this.#state.peek(), session);
    } catch (error) {
      // A session is stored with its first message, and the socket tells of a node that is gone.
      if (error instanceof ApiError && error.status === 404) this.beginAnew();
      else if (!(error instanceof ApiError) || error.status !== 0) this.#tell(error);
    } finally {
      this.#isLoading = false;
      this.isLoaded.value = true;
    }
  }

  /** Show nothing of a session that was deleted any more: under its id the next message begins a new one. */
  beginAnew(): void {
    const title = this.title.peek();
    if (title === null) return;
    this.#frames.flush();
    this.#state.value = EMPTY;
    this.title.value = null;
    this.problem.value = `“${title}” was deleted. What you write now begins a new conversation.`;
  }

  async loadEarlier(): Promise<void> {
    const before = firstPosition(this.#state.peek());
    if (this.#isLoading || before === null || !this.#state.peek().hasEarlier) return;
    this.#isLoading = true;
    try {
      const page = await api<StoredSession>("GET", `${this.#path}?limit=${PAGE_MESSAGES}&before=${before}`);
      this.#state.value = withEarlier(this.#state.peek(), page);
    } catch (error) {
      this.#tell(error);
    } finally {
      this.#isLoading = false;
    }
  }

  /** Say something; it shows at once, and goes out as soon as there is a connection. */
  ask(prompt: string, { mode, context }: Asking = {}): string {
    const ask: Ask = { turnId: crypto.randomUUID(), prompt, sessionId: this.id, mode: mode ?? null, context: context ?? null };
    this.problem.value = null;
    this.endWish.value++;
    this.#asked.set(ask.turnId, ask);
    this.#frames.flush();
    this.#state.value = sent(this.#state.peek(), ask.turnId, prompt);
    this.node.say("ask", ask);
    return ask.turnId;
  }

  /** Go on where the connection was lost: say again what the node has not confirmed, and see what changed meanwhile. */
  takeUp(): void {
    this.#followedAt = Date.now();
    // A decision is left to its owner; a message is one message under the same id.
    this.awaited.value = new Set();
    if (this.title.peek() !== null) void this.load();
    for (const turn of turnsOf(this.#state.peek())) {
      const ask = this.#asked.get(turn.id);
      if (turn.state === "sending" && ask) this.node.say("ask", ask);
    }
  }

  stop(): void {
    this.#frames.flush();
    const open = turnsOf(this.#state.peek()).find((turn) => turn.state === "running" || turn.state === "waiting");
    if (open) this.#decide(open.id, "cancel", { turnId: open.id });
  }

  withdraw(turnId: string): void {
    this.#say("withdraw", { turnId });
  }

  edit(turnId: string, prompt: string): void {
    this.#edit = prompt;
    this.#say("edit", { turnId, prompt });
  }

  /** Put a change that came too late for its message into the composer, and say so. */
  giveBack(text: string, why = "The message waits no longer and stays as it was"): void {
    wishDraft({ sessionId: this.id, text, cursor: text.length });
    this.problem.value = `${why}. Your change of it is below.`;
  }

  /** Say a failed message again; one that the node refused goes out anew. */
  retry(turnId: string): void {
    const turn = turnIn(this.#state.peek(), turnId);
    this.endWish.value++;
    if (turn?.state !== "refused") return void this.#say("retry", { turnId });
    const items = this.#state.peek().items.filter((item) => item !== turn);
    this.#state.value = { ...this.#state.peek(), items };
    this.ask(turn.prompt, this.#asked.get(turnId) ?? {});
  }

  compact(): void {
    this.#say("compact", { sessionId: this.id });
  }

  answerApproval(answer: ApprovalResponse): void {
    // A second press must not be refused as an answer that came too late.
    if (!this.awaited.peek().has(answer.approvalId)) this.#decide(answer.approvalId, "approval_response", answer);
  }

  async rename(title: string): Promise<void> {
    try {
      await api("PUT", this.#path, { title });
      this.title.value = title;
    } catch (error) {
      this.#tell(error);
    }
  }

  get isBusy(): boolean {
    return turnsOf(this.#state.peek()).some(isOpen);
  }

  get #path(): string {
    return `/api/chat/sessions/${encodeURIComponent(this.id)}`;
  }

  #fold(received: readonly Received[]): void {
    this.#state.value = received.reduce((state, { frame, at }) => fold(state, frame, at), this.#state.peek());
    for (const { frame } of received) {
      const { event, data } = frame;
      if ("turnId" in data && data.turnId !== null) tellOf(frame, turnIn(this.#state.peek(), data.turnId));
      if ((event === "queued" || event === "done") && data.turnId !== null) this.#asked.delete(data.turnId);
      if (event === "error" && "about" in data && isProblem(data)) this.#refused(data.about, data.message);
      if (event === "approval_resolved") this.problem.value = null;
    }
    if (received.some(({ frame }) => frame.event === "done" && this.#isToldBetter(frame.data.turnId))) void this.load();
  }

  /** Whether the store knows more of a turn: the first title, and how long one took that began before it was followed. */
  #isToldBetter(turnId: string): boolean {
    const startedAt = turnIn(this.#state.peek(), turnId)?.startedAt ?? 0;
    return !this.title.peek() || startedAt < this.#followedAt + REPEATED_WITHIN_MS;
  }

  #refused(about: string, why: string): void {
    this.awaited.value = new Set();
    // Another page was faster: the question itself shows what became of it.
    if (about === "approval_response" && openApprovals(this.#state.peek()).length === 0) return;
    if (about === "edit") this.giveBack(this.#edit, why);
    else this.problem.value = why;
  }

  #say<E extends Wish>(event: E, data: WishData<E>): boolean {
    const isSaid = this.node.say(event, data);
    this.problem.value = isSaid ? null : NO_CONNECTION;
    return isSaid;
  }

  #decide<E extends Wish>(id: string, event: E, data: WishData<E>): void {
    if (this.#say(event, data)) this.awaited.value = new Set([...this.awaited.peek(), id]);
  }

  #tell(error: unknown): void {
    this.problem.value = error instanceof Error ? error.message : String(error);
  }
}

const views = new Map<string, ConversationView>();

/** Return the conversation of a session; the same one for every pane. */
export function viewOf(sessionId: string): ConversationView {
  const known = views.get(sessionId);
  if (known) return known;
  forgetIdle();
  const view = new ConversationView(sessionId, socket);
  views.set(sessionId, view);
  return view;
}

export function openViews(): readonly ConversationView[] {
  return [...views.values()];
}

/** Return in which of the open conversations a turn is. */
export function sessionOf(turnId: string): string | undefined {
  return openViews().find((view) => turnIn(view.state.peek(), turnId))?.id;
}

/** Keep the number of open conversations small; those in which something runs stay. */
function forgetIdle(): void {
  for (const [id, view] of views) {
    if (views.size < OPEN_MAX) return;
    if (view.isBusy) continue;
    view.stopFollowing();
    views.delete(id);
  }
}

function route(frame: NodeFrame): void {
  if (frame.channel !== "agent" || frame.event === "tools") return;
  if ("sessionId" in frame.data && frame.data.sessionId !== null) {
    views.get(frame.data.sessionId)?.receive(frame);
  } else if (frame.event === "error") {
    const { turnId } = frame.data;
    const concerned = openViews().filter((view) => turnId !== null && turnIn(view.state.peek(), turnId));
    (concerned.length > 0 ? concerned : openViews()).forEach((view) => view.receive(frame));
  }
}

socket.onChannel("agent", route);
socket.on("sessions", "changed", ({ sessions, gone }) => {
  for (const { id, title } of sessions) {
    const view = views.get(id);
    if (view) view.title.value = title;
  }
  gone.forEach((id) => views.get(id)?.beginAnew());
});
effect(() => {
  if (socket.state.value === "open") openViews().forEach((view) => view.takeUp());
});
