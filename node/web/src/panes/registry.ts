// The kinds of panes that can be opened; each view registers its own, and what nobody registered is not offered.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";

import type { IconName } from "../shell/icons";

/** What a pane lets the agent read, through `get_pane_context` and with a message asked from it. */
export interface PaneContext {
  title: string;
  /** Names what is shown, as a file's address; without one it is not sent along with a message. */
  uri?: string;
  language?: string;
  content?: string;
}

/** What an open pane was opened for, as `{path: "notes.md"}`; kept with the layout. */
export type PaneParams = Readonly<Record<string, string>>;

export interface PaneProps {
  instanceId: string;
  params: PaneParams;
}

/** What the agent may call of a kind of pane, whether one is open or not. */
export interface PaneTool {
  /** `kind.verb`, as `editor.read`. */
  name: string;
  description: string;
  /** JSON schema of its arguments. */
  params: Record<string, unknown>;
  /** It changes nothing, so nobody is asked. */
  reads?: boolean;
  /** The argument that names a file, by which the owner's path rules judge a call. */
  path?: string;
  run: (args: Readonly<Record<string, unknown>>) => unknown;
}

/** Where a kind opens while nothing says otherwise: navigation left, work in the centre, detail right, logs below. */
export type PanePlace = "left" | "centre" | "right" | "below";

export interface PaneKind {
  /** One word, as `conversation`; an open pane's id is made of it and a number. */
  id: string;
  title: string;
  icon: IconName;
  /** It may take `data-autofocus` on the element that takes the focus when the pane gets it first. */
  component: ComponentType<PaneProps>;
  /** Opening it again shows the one that is open, with the new params. */
  single?: boolean;
  place?: PanePlace;
  /** Opens it, as `Ctrl+.`; the owner may choose other keys. */
  keys?: string;
  /** Share of the width or height that it takes when it opens at a side; 0.25 if left out. */
  share?: number;
  /** The title of one pane, where it has its own; read inside a render, so signals in it count. */
  titleOf?: (params: PaneParams, instanceId: string) => string;
  tools?: readonly PaneTool[];
  context?: (instanceId: string, params: PaneParams) => PaneContext | null;
}

const kinds = signal<ReadonlyMap<string, PaneKind>>(new Map());

/** Offer a kind of pane. A second one of the same id is a mistake. */
export function registerPane(kind: PaneKind): void {
  if (kinds.peek().has(kind.id)) throw new Error(`two panes are called ${kind.id}`);
  kinds.value = new Map(kinds.peek()).set(kind.id, kind);
}

export function paneKind(id: string): PaneKind | undefined {
  return kinds.value.get(id);
}

/** Return every kind, in the order in which they were registered. */
export function paneKinds(): readonly PaneKind[] {
  return [...kinds.value.values()];
}

export function paneTitle(id: string, params: PaneParams, instanceId: string): string {
  const kind = paneKind(id);
  return kind?.titleOf?.(params, instanceId) || kind?.title || id;
}
