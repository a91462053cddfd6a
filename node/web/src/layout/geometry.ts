// Where everything stands, in whole pixels of the view.

import type { Axis, Layout, Tree } from "./model";

export const GUTTER_PX = 4;
/** A pane is not narrower than this as long as its neighbours can spare it, so that what is in it can be read. */
export const WIDTH_MIN_PX = 200;

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
  /** Pixels of each child of the split. */
  readonly lengths: readonly number[];
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
    const least = tree.children.map((child) => (tree.axis === "row" ? widthMin(child) : 0));
    const lengths = shareOut(toShare, tree.weights, least);
    let start = 0;
    tree.children.forEach((child, index) => {
      const taken = lengths[index] ?? 0;
      place(child, along(area, tree.axis, start, taken));
      if (index < tree.children.length - 1) {
        const line = along(area, tree.axis, start + taken, gutter);
        gutters.push({ split: tree.id, index, axis: tree.axis, lengths, ...line });
      }
      start += taken + gutter;
    });
  }
}

function widthMin(tree: Tree): number {
  if (tree.type === "group") return WIDTH_MIN_PX;
  const each = tree.children.map(widthMin);
  return tree.axis === "row" ? each.reduce((sum, one) => sum + one + GUTTER_PX, -GUTTER_PX) : Math.max(...each);
}

/** Share whole pixels out by weight; whoever would get too little gets its least, as long as that is there for all. */
function shareOut(pixels: number, weights: readonly number[], least: readonly number[]): number[] {
  const needed = least.reduce((sum, one) => sum + one, 0);
  const short = needed > pixels ? [] : weights.map((weight, index) => weight * pixels < (least[index] ?? 0));
  if (!short.some(Boolean)) return rounded(weights.map((weight) => weight * pixels));
  const given = sumOf(least, short);
  const rest = weights.map((weight, index) => (short[index] ? 0 : weight));
  const whole = sumOf(weights, short.map((isShort) => !isShort));
  const others = shareOut(pixels - given, rest.map((weight) => weight / whole), least.map((one, index) => (short[index] ? 0 : one)));
  return others.map((one, index) => (short[index] ? (least[index] ?? 0) : one));
}

function sumOf(numbers: readonly number[], counts: readonly boolean[]): number {
  return numbers.reduce((sum, one, index) => (counts[index] ? sum + one : sum), 0);
}

/** Round lengths so that together they stay as long as they are. */
function rounded(lengths: readonly number[]): number[] {
  let before = 0;
  return lengths.map((length) => {
    const start = Math.round(before);
    before += length;
    return Math.round(before) - start;
  });
}

function along(area: Area, axis: Axis, offset: number, length: number): Area {
  return axis === "row"
    ? { x: area.x + offset, y: area.y, width: length, height: area.height }
    : { x: area.x, y: area.y + offset, width: area.width, height: length };
}
