// Where everything stands, in whole pixels of the view.

import type { Axis, Layout, Tree } from "./model";

export const GUTTER_PX = 4;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Area extends Size {
  readonly x: number;
  readonly y: number;
}

/** The line between a child of a split and the next one. */
export interface Gutter extends Area {
  readonly split: string;
  readonly index: number;
  readonly axis: Axis;
  /** Pixels that the split shares out among its children. */
  readonly shared: number;
}

export interface Placed {
  readonly groups: ReadonlyMap<string, Area>;
  /** Pixels that each split shares out. */
  readonly shared: ReadonlyMap<string, number>;
  readonly gutters: readonly Gutter[];
}

/** Place the docked groups so that they and the gutters fill the view, and the floating ones within it. */
export function placed(layout: Layout, view: Size): Placed {
  const groups = new Map<string, Area>();
  const shared = new Map<string, number>();
  const gutters: Gutter[] = [];
  if (layout.root) place(layout.root, { x: 0, y: 0, ...view });
  for (const { group, frame } of layout.floats) {
    const x = Math.round(frame.x * view.width);
    const y = Math.round(frame.y * view.height);
    const width = Math.round((frame.x + frame.width) * view.width) - x;
    groups.set(group.id, { x, y, width, height: Math.round((frame.y + frame.height) * view.height) - y });
  }
  return { groups, shared, gutters };

  function place(tree: Tree, area: Area): void {
    if (tree.type === "group") {
      groups.set(tree.id, area);
      return;
    }
    const length = tree.axis === "row" ? area.width : area.height;
    // Where there is hardly any room, the gutters do not take all of it.
    const gutter = Math.min(GUTTER_PX, Math.floor(length / (2 * tree.children.length)));
    const toShare = length - gutter * (tree.children.length - 1);
    shared.set(tree.id, toShare);
    let before = 0;
    let start = 0;
    tree.children.forEach((child, index) => {
      before += tree.weights[index] ?? 0;
      const end = index === tree.children.length - 1 ? toShare : Math.round(before * toShare);
      const offset = start + index * gutter;
      place(child, along(area, tree.axis, offset, end - start));
      if (index < tree.children.length - 1) {
        const line = along(area, tree.axis, offset + end - start, gutter);
        gutters.push({ split: tree.id, index, axis: tree.axis, shared: toShare, ...line });
      }
      start = end;
    });
  }
}

function along(area: Area, axis: Axis, offset: number, length: number): Area {
  return axis === "row"
    ? { x: area.x + offset, y: area.y, width: length, height: area.height }
    : { x: area.x, y: area.y + offset, width: area.width, height: length };
}
