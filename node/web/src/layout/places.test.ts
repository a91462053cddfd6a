import { expect, test } from "vitest";

import { dropAt } from "./drop";
import { gutterMoved } from "./drag";
import { neighbourAt, neighbourInOrder } from "./focus";
import { WIDTH_MIN_PX, placed } from "./geometry";
import { EMPTY, type Layout, Refusal, groupOf } from "./model";
import * as operations from "./operations";

const VIEW = { width: 1000, height: 800 };

function after(layout: Layout, ...changes: ((layout: Layout) => operations.Outcome)[]): Layout {
  return changes.reduce((now, change) => {
    const next = change(now);
    if (next instanceof Refusal) throw new Error(next.text);
    return next;
  }, layout);
}

// left | top
//      | bottom
const GRID = after(
  EMPTY,
  (layout) => operations.open(layout, "left", { edge: "left" }),
  (layout) => operations.open(layout, "top", { beside: "left-1", side: "right" }),
  (layout) => operations.open(layout, "bottom", { beside: "top-4", side: "below" }),
);
const [LEFT, TOP, BOTTOM] = ["left-1", "top-4", "bottom-7"];

function drop(layout: Layout, x: number, y: number) {
  return dropAt(layout, placed(layout, VIEW), VIEW, { x, y })?.where;
}

test("a tab lands at the side of a pane that it is nearest to, and in its middle as a tab", () => {
  expect(drop(GRID, 750, 360)).toEqual({ beside: TOP, side: "below" });
  expect(drop(GRID, 520, 200)).toEqual({ beside: TOP, side: "left" });
  expect(drop(GRID, 750, 210)).toEqual({ group: groupOf(GRID, TOP as string)?.id });
  expect(drop(GRID, 750, 5)).toEqual({ group: groupOf(GRID, TOP as string)?.id });
});

test("a narrow window takes from whoever can spare it, and nothing when there is too little for all", () => {
  const group = groupOf(GRID, LEFT as string)?.id ?? "";
  const layout = after(GRID, (now) => operations.reweigh(now, "split-6", [0.2, 0.8]));
  const widthAt = (width: number) => placed(layout, { width, height: 800 }).groups.get(group)?.width;
  expect(widthAt(1404)).toBe(280);
  expect(widthAt(800)).toBe(WIDTH_MIN_PX);
  expect(widthAt(304)).toBe(60);
  // A gutter is moved from where it is seen, and no further than that.
  const [gutter] = placed(layout, { width: 804, height: 800 }).gutters.filter(({ axis }) => axis === "row");
  const moved = after(layout, gutterMoved(gutter!, 40));
  expect(placed(moved, { width: 804, height: 800 }).groups.get(group)?.width).toBe(WIDTH_MIN_PX + 40);
  const back = after(moved, gutterMoved(gutter!, -400));
  expect(placed(back, { width: 804, height: 800 }).groups.get(group)?.width).toBe(WIDTH_MIN_PX);
});

test("a tab at the edge of everything lands beside everything", () => {
  expect(drop(GRID, 3, 400)).toMatchObject({ edge: "left" });
  expect(drop(GRID, 750, 797)).toMatchObject({ edge: "below" });
});

test("what floats is in front, and has a middle alone", () => {
  const frame = { x: 0.2, y: 0.2, width: 0.4, height: 0.4 };
  const layout = after(GRID, (now) => operations.float(now, LEFT as string, frame));
  expect(drop(layout, 205, 300)).toEqual({ group: groupOf(layout, LEFT as string)?.id });
});

test("the keyboard goes through all panes and out at either end, and in a direction to the one most in line", () => {
  expect([null, LEFT, TOP, BOTTOM].map((from) => neighbourInOrder(GRID, from as string, 1))).toEqual([LEFT, TOP, BOTTOM, null]);
  expect([null, LEFT].map((from) => neighbourInOrder(GRID, from as string, -1))).toEqual([BOTTOM, null]);
  expect(neighbourAt(GRID, TOP as string, "below", VIEW)).toBe(BOTTOM);
  expect(neighbourAt(GRID, BOTTOM as string, "left", VIEW)).toBe(LEFT);
  expect(neighbourAt(GRID, LEFT as string, "left", VIEW)).toBeUndefined();
});
