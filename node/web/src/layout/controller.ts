// The one place through which panes are arranged: by gestures, keys and the palette, and by the agent's tools.

import { type ReadonlySignal, type Signal, batch, computed, signal } from "@preact/signals";

import { type PaneContext, type PaneParams, paneKind, paneTitle } from "../panes/registry";
import type { Size } from "./geometry";
import { type Change, Keeper } from "./keeper";
import { type Layout, type Pane, Refusal, groupOf, groupsOf, numberOf, paneOf, panesOf } from "./model";
import * as operations from "./operations";
import { bringIntoView, freshLayout, mainPane, uncovering, usable, whereFor } from "./placement";
import { Gone, type Remote, Stale, type Workspace } from "./remote";

export const FIRST = { id: "main", title: "Main" };

const LOADING = "the workspaces are still being fetched; try again in a moment";

export interface OpenOptions {
  params?: PaneParams;
  where?: operations.Where;
  /** Whether it takes the keyboard, too; an agent's never does, nor does it cover what has it. */
  focus?: boolean;
}

export class LayoutController {
  readonly layout: ReadonlySignal<Layout>;
  readonly workspaces: Signal<readonly Workspace[]> = signal([]);
  /** The id of the workspace that this page shows. */
  readonly shown: Signal<string> = signal("");
  readonly view: Signal<Size> = signal({ width: 1280, height: 720 });
  /** The pane that has, or had last, the keyboard. */
  readonly focused: Signal<string | null> = signal(null);
  /** A wish that a pane takes the keyboard; counted, so that it can be wished again. */
  readonly focusWish: Signal<{ pane: string; count: number } | null> = signal(null);
  /** What the agent did to the screen, for those who do not see it. */
  readonly announcement: Signal<string> = signal("");
  /** What the layout would be after the gesture that is under way. */
  readonly preview: Signal<Layout | null> = signal(null);
  /** The pane that commands are about. */
  readonly active: ReadonlySignal<Pane | undefined>;

  readonly #keeper: Keeper;
  /** What the owner wanted opened before the workspaces were here. */
  #wish: (() => void) | null = null;

  constructor(private readonly remote: Remote) {
    this.#keeper = new Keeper(remote, usable);
    this.#keeper.onGone = () => void this.#showAnother();
    this.layout = this.#keeper.layout;
    this.active = computed(() => {
      const layout = this.layout.value;
      const wanted = this.focused.value;
      return (wanted !== null && paneOf(layout, wanted)) || paneOf(layout, mainPane(layout) ?? "");
    });
  }

  /** Fetch the workspaces and show the wanted one, else the one shown last; the first page makes the first one. */
  async start(wanted: string | null): Promise<void> {
    const { workspaces, active } = await this.remote.list();
    if (workspaces.length === 0) await this.#makeFirst();
    else this.workspaces.value = workspaces;
    const known = this.workspaces.peek().some((one) => one.id === wanted);
    await this.switchTo(known && wanted !== null ? wanted : (active ?? FIRST.id));
    this.#wish?.();
    this.#wish = null;
  }

  /** Change the layout; the answer says why not, or null. */
  do(change: Change): Refusal | null {
    return this.shown.peek() === "" ? new Refusal(LOADING) : this.#keeper.change(change);
  }

  /** Open a pane, or show the one of its kind that is open, and return its id. */
  open(kindId: string, options: OpenOptions = {}): string | Refusal {
    if (this.shown.peek() === "") {
      if (options.focus) this.#wish = () => void this.open(kindId, options);
      return new Refusal(LOADING);
    }
    const { params = {}, where, focus = false } = options;
    const kind = paneKind(kindId);
    if (!kind) return new Refusal(`there is no kind of pane ${JSON.stringify(kindId.slice(0, 80))}`);
    const there = kind.single ? panesOf(this.layout.peek()).find((pane) => pane.kind === kindId) : undefined;
    if (there) return this.#reopen(there, { params, focus, ...(where ? { where } : {}) });
    const id = operations.nextPaneId(this.layout.peek(), kindId);
    const focused = this.focused.peek();
    const refusal = this.do((layout) => {
      const place = where ?? whereFor(layout, kind, focused);
      return operations.open(layout, kindId, focus ? place : uncovering(layout, place, focused), params);
    });
    if (refusal) return refusal;
    if (focus) this.focus(id);
    return id;
  }

  #reopen(pane: Pane, { params = {}, where, focus }: OpenOptions): string | Refusal {
    const focused = focus ? null : this.focused.peek();
    const refusal = this.do((layout) => {
      const moved = where ? operations.move(layout, pane.id, where) : bringIntoView(layout, pane.id, focused);
      if (moved instanceof Refusal || Object.keys(params).length === 0) return moved;
      return operations.retarget(moved, pane.id, params);
    });
    if (refusal) return refusal;
    if (focus) this.focus(pane.id);
    return pane.id;
  }

  /** Close a pane; the keyboard goes on to what is shown in its place. */
  close(paneId: string): Refusal | null {
    const group = groupOf(this.layout.peek(), paneId);
    const had = this.focused.peek() === paneId;
    const refusal = this.do((layout) => operations.close(layout, paneId));
    if (!refusal && had) {
      const groups = groupsOf(this.layout.peek());
      const next = (groups.find((one) => one.id === group?.id) ?? groups[0])?.active;
      this.focused.value = null;
      if (next !== undefined) this.focus(next);
    }
    return refusal;
  }

  /** Show a pane and give it the keyboard. */
  focus(paneId: string): void {
    if (this.do((layout) => operations.activate(layout, paneId))) return;
    this.focused.value = paneId;
    this.focusWish.value = { pane: paneId, count: (this.focusWish.peek()?.count ?? 0) + 1 };
  }

  /** Bring a pane into view; only what the owner asked for gets the keyboard, or covers what has it. */
  show(paneId: string, focus: boolean): void {
    const focused = this.focused.peek();
    if (focus) this.focus(paneId);
    else this.do((layout) => bringIntoView(layout, paneId, focused));
  }

  /** Return a pane's title, with a number where several would have the same. */
  title(pane: Pane): string {
    const plain = titleOf(pane);
    const alike = panesOf(this.layout.value)
      .filter((one) => titleOf(one) === plain)
      .map((one) => numberOf(one.id))
      .sort((one, other) => one - other);
    const place = alike.indexOf(numberOf(pane.id));
    return place > 0 ? `${plain} ${place + 1}` : plain;
  }

  /** Return what a pane lets the agent read; null when its kind has nothing. */
  context(pane: Pane): PaneContext | null {
    return paneKind(pane.kind)?.context?.(pane.id, pane.params) ?? null;
  }

  /** Say what the agent did; never moves the keyboard. */
  announce(text: string): void {
    this.announcement.value = text;
  }

  reset(): void {
    this.do((layout) => freshLayout(layout.next));
    this.focusMain();
  }

  /** Give the keyboard to where the work is. */
  focusMain(): void {
    const main = mainPane(this.layout.peek());
    if (main !== undefined) this.focus(main);
  }

  // --- workspaces ---

  async switchTo(id: string): Promise<void> {
    if (id === this.shown.peek()) return;
    await this.#keeper.settle();
    const stored = await this.remote.read(id);
    batch(() => {
      this.#keeper.take(stored);
      this.focused.value = null;
      this.shown.value = id;
      this.#list(stored);
    });
    void this.remote.remember(id).catch(() => {});
  }

  /** Make a workspace and show it. */
  async create(title: string, layout: Layout): Promise<Workspace> {
    const made = await this.remote.create(title, layout);
    this.#list(made);
    await this.switchTo(made.id);
    return made;
  }

  async rename(id: string, title: string): Promise<void> {
    await this.#keeper.settle();
    const { revision } = await this.remote.read(id);
    this.#list(await this.remote.put(id, { revision, title }));
    if (id === this.shown.peek()) await this.#keeper.refresh();
  }

  async remove(id: string): Promise<void> {
    if (this.workspaces.peek().length < 2) throw new Error("the last workspace stays; reset its layout instead");
    await this.remote.remove(id);
    await this.hear(id, null);
  }

  /** Hear from the node that a workspace has another revision, or is gone. */
  async hear(id: string, revision: number | null): Promise<void> {
    if (id === this.shown.peek() && revision !== null) {
      await this.#keeper.hear(revision);
    }
    this.workspaces.value = (await this.remote.list()).workspaces;
    if (id === this.shown.peek() && revision === null) await this.#showAnother();
  }

  /** Catch up after the node was out of reach. */
  async catchUp(): Promise<void> {
    if (this.shown.peek() === "") return;
    this.workspaces.value = (await this.remote.list()).workspaces;
    await this.#keeper.refresh();
    await this.#keeper.settle();
  }

  /** Store what waits before the page goes. */
  leave(): void {
    void this.#keeper.settle();
  }

  async #makeFirst(): Promise<void> {
    try {
      this.#list(await this.remote.put(FIRST.id, { revision: 0, title: FIRST.title, layout: freshLayout() }));
    } catch (problem) {
      if (!(problem instanceof Stale)) throw problem; // else another page was faster
      this.#list(problem.current);
    }
  }

  async #showAnother(): Promise<void> {
    const gone = this.shown.peek();
    const { workspaces } = await this.remote.list();
    this.workspaces.value = workspaces;
    const other = workspaces.find((one) => one.id !== gone);
    if (!other) await this.#makeFirst();
    await this.switchTo(other?.id ?? FIRST.id).catch((problem: unknown) => {
      if (!(problem instanceof Gone)) throw problem;
    });
  }

  #list({ id, title, revision }: Workspace): void {
    const known = this.workspaces.peek();
    const entry = { id, title, revision };
    this.workspaces.value = known.some((one) => one.id === id)
      ? known.map((one) => (one.id === id ? entry : one))
      : [...known, entry];
  }
}

function titleOf(pane: Pane): string {
  return paneTitle(pane.kind, pane.params, pane.id);
}
