// What a layout is, as the node stores it (`node/layout.py`), and how its parts are found.

import type { PaneParams } from "../panes/registry";

export const PANES_MAX = 40;
export const FLOATS_MAX = 12;
/** The least part of a split that a child has; `PANES_MAX` times this is less than one. */
export const SHARE_MIN = 0.02;
/** The least part of the view that a floating group has in each direction. */
export const FRAME_MIN = 0.05;

export type Axis = "row" | "column";
export type Side = "left" | "right" | "above" | "below";

export interface Pane {
  readonly id: string;
  readonly kind: string;
  readonly params: PaneParams;
}

/** Panes in one place, one of them in front. */
export interface Group {
  readonly type: "group";
  readonly id: string;
  readonly panes: readonly Pane[];
  readonly active: string;
  /** Which neighbour gave it its room and gets it back; left out: all beside it. */
  readonly lender?: "before" | "after" | null;
}

/** Children beside each other (`row`) or one above the other (`column`); their weights sum to one. */
export interface Split {
  readonly type: "split";
  readonly id: string;
  readonly axis: Axis;
  readonly weights: readonly number[];
  readonly children: readonly Tree[];
}

export type Tree = Group | Split;

/** In parts of the view, so that it fits every window. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a floating group came from: a pane, and the side of it or a tab with it. */
export interface Home {
  readonly beside: string;
  readonly side: Side | "tab";
}

export interface Float {
  readonly group: Group;
  readonly frame: Frame;
  readonly home: Home | null;
}

export interface Layout {
  readonly root: Tree | null;
  /** The last one is in front. */
  readonly floats: readonly Float[];
  /** The group that takes the whole view. */
  readonly maximized: string | null;
  /** The number of the next pane, group or split, so that no name comes twice. */
  readonly next: number;
}

export const EMPTY: Layout = { root: null, floats: [], maximized: null, next: 1 };

/** Why an operation was not done, in words for whoever asked, a person or a model. */
export class Refusal {
  constructor(readonly text: string) {}
}

export function groupsIn(tree: Tree | null): Group[] {
  if (tree === null) return [];
  return tree.type === "group" ? [tree] : tree.children.flatMap(groupsIn);
}

/** Return the docked groups in reading order, then the floating ones. */
export function groupsOf(layout: Layout): Group[] {
  return [...groupsIn(layout.root), ...layout.floats.map((float) => float.group)];
}

export function panesOf(layout: Layout): Pane[] {
  return groupsOf(layout).flatMap((group) => group.panes);
}

export function paneOf(layout: Layout, id: string): Pane | undefined {
  return panesOf(layout).find((pane) => pane.id === id);
}

export function groupOf(layout: Layout, paneId: string): Group | undefined {
  return groupsOf(layout).find((group) => group.panes.some((pane) => pane.id === paneId));
}

export function floatOf(layout: Layout, groupId: string): Float | undefined {
  return layout.floats.find((float) => float.group.id === groupId);
}

/** Return the splits around a group, the innermost first, each with the place of the child that holds it. */
export function splitsAround(tree: Tree | null, groupId: string): { split: Split; index: number }[] {
  if (tree?.type !== "split") return [];
  const index = tree.children.findIndex((child) => groupsIn(child).some((group) => group.id === groupId));
  const child = tree.children[index];
  return child ? [...splitsAround(child, groupId), { split: tree, index }] : [];
}

export function splitOf(tree: Tree | null, id: string): Split | undefined {
  if (tree?.type !== "split") return undefined;
  if (tree.id === id) return tree;
  for (const child of tree.children) {
    const found = splitOf(child, id);
    if (found) return found;
  }
  return undefined;
}

/** Return the number of a name, which grows with time: a pane that was opened later has a larger one. */
export function numberOf(name: string): number {
  return Number(name.slice(name.lastIndexOf("-") + 1));
}
