import { expect, test } from "vitest";

import { type Area, placed } from "./geometry";
import { flawOf } from "./invariants";
import { EMPTY, type Layout, type Pane, Refusal, type Side, groupsIn, groupsOf, panesOf, splitsAround } from "./model";
import * as operations from "./operations";

const CALLS = 50_000;
const VIEW = { width: 1366, height: 768 };
const SIDES: readonly Side[] = ["left", "right", "above", "below"];

/** A small generator of numbers with a seed (mulberry32), so that a failure comes again. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

function randomCall(layout: Layout, random: () => number): operations.Outcome {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const panes: Pane[] = panesOf(layout);
  const pane = panes.length > 0 && random() < 0.98 ? pick(panes).id : "nothing-0";
  const other = panes.length > 0 && random() < 0.98 ? pick(panes).id : "nothing-0";
  const group = panes.length > 0 && random() < 0.98 ? pick(groupsOf(layout)).id : "group-0";
  const where = (): operations.Where =>
    pick<operations.Where>([
      { group },
      { group, index: Math.floor(random() * 4) },
      { beside: other, side: pick(SIDES) },
      { beside: other, side: pick(SIDES), share: 0.01 + 0.98 * random() },
      { edge: pick(SIDES), share: 0.01 + 0.98 * random() },
    ]);
  const frame = { x: 2 * random() - 0.5, y: 2 * random() - 0.5, width: 1.5 * random(), height: 1.5 * random() };
  const size = pick([{ width: 2000 * random() }, { height: 1200 * random() }, { width: 300, height: 300 }, {}]);
  const calls: (() => operations.Outcome)[] = [
    () => operations.open(layout, "chat", where(), { for: "something" }),
    () => operations.split(layout, pane, pick(SIDES), "peers"),
    () => operations.close(layout, pane),
    () => operations.move(layout, pane, where()),
    () => operations.move(layout, pane, { beside: pane, side: pick(SIDES) }),
    () => operations.resize(layout, pane, size, VIEW),
    () => operations.float(layout, pane, random() < 0.5 ? frame : undefined),
    () => operations.reframe(layout, pane, frame),
    () => operations.dock(layout, pane),
    () => operations.maximize(layout, pane),
    () => operations.restore(layout, pane),
    () => operations.activate(layout, pane),
    () => operations.retarget(layout, pane, { path: "notes.md" }),
    () => operations.reweigh(layout, anySplit(layout, random), [random(), random()]),
  ];
  return pick(calls)();
}

function anySplit(layout: Layout, random: () => number): string {
  const around = groupsOf(layout).flatMap((group) => splitsAround(layout.root, group.id));
  return around[Math.floor(random() * around.length)]?.split.id ?? "split-0";
}

function pixels(area: Area): number {
  return area.width * area.height;
}

function overlap(one: Area, other: Area): boolean {
  const across = one.x < other.x + other.width && other.x < one.x + one.width;
  return across && one.y < other.y + other.height && other.y < one.y + one.height;
}

function fills(layout: Layout): boolean {
  const { groups, gutters } = placed(layout, VIEW);
  const docked = groupsIn(layout.root).map((group) => groups.get(group.id) as Area);
  const areas = [...docked, ...gutters];
  const total = areas.reduce((sum, area) => sum + pixels(area), 0);
  const apart = areas.every((area, index) => areas.slice(index + 1).every((other) => !overlap(area, other)));
  return layout.root === null || (total === VIEW.width * VIEW.height && apart);
}

/** All weights, as far as rounding lets them be told. */
function weightsOf(tree: Layout["root"]): unknown {
  return tree?.type === "split" ? [tree.weights.map((weight) => weight.toFixed(6)), tree.children.map(weightsOf)] : null;
}

test("a pane that is opened and closed leaves every weight as it was", () => {
  const random = numbers(7);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const opened = (layout: Layout): Layout => {
    const beside = random() < 0.7 && panesOf(layout)[0] ? pick(panesOf(layout)).id : null;
    const share = 0.3 + 0.3 * random(); // four panes deep, none comes down to the least share
    const where = beside === null ? { edge: pick(SIDES), share } : { beside, side: pick(SIDES), share };
    return operations.open(layout, "chat", where) as Layout;
  };
  for (let round = 0; round < 500; round += 1) {
    let layout: Layout = EMPTY;
    for (let count = 0; count < 4; count += 1) {
      const before = layout;
      layout = opened(before);
      const closed = operations.close(layout, operations.nextPaneId(before, "chat")) as Layout;
      expect(weightsOf(closed.root)).toEqual(weightsOf(before.root));
    }
  }
});

test("whatever is called in whatever order, a layout keeps what holds for every layout", { timeout: 60_000 }, () => {
  const random = numbers(20261120);
  let layout: Layout = EMPTY;
  const refused = new Set<string>();
  let accepted = 0;
  for (let call = 0; call < CALLS; call += 1) {
    const outcome = randomCall(layout, random);
    if (outcome instanceof Refusal) {
      refused.add(outcome.text.replace(/\S*-\d+|"\S*"|\d+/g, "…"));
      continue;
    }
    accepted += 1;
    const flaw = flawOf(outcome); // an expect for each of them takes ten times as long
    if (flaw) expect.fail(`${flaw}: ${JSON.stringify(outcome)}`);
    if (call % 10 === 0) {
      expect(fills(outcome)).toBe(true);
      expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
    }
    layout = call % 500 === 0 ? EMPTY : frozen(outcome);
  }
  expect(accepted).toBeGreaterThan(CALLS / 3);
  expect(refused.size).toBeGreaterThan(14);
});
