// The owner's commands that arrange panes; each is about the pane that has the keyboard, or had it last.

import { type Command, registerCommands } from "../commands/registry";
import { paneKinds } from "../panes/registry";
import type { LayoutController } from "./controller";
import { neighbourAt, neighbourInOrder, seen } from "./focus";
import { gutterMoved } from "./drag";
import { placed } from "./geometry";
import { type Layout, type Pane, Refusal, type Side, floatOf, groupOf, groupsOf, panesOf, splitsAround } from "./model";
import * as operations from "./operations";

const STEP_PX = 48;
const SIDES: readonly { side: Side; name: string; arrow: string; toward: string }[] = [
  { side: "left", name: "Left", arrow: "ArrowLeft", toward: "to the left" },
  { side: "right", name: "Right", arrow: "ArrowRight", toward: "to the right" },
  { side: "above", name: "Above", arrow: "ArrowUp", toward: "above" },
  { side: "below", name: "Below", arrow: "ArrowDown", toward: "below" },
];

export function addLayoutCommands(controller: LayoutController): void {
  const pane = (): Pane | undefined => controller.active.value;
  const group = () => groupOf(controller.layout.value, pane()?.id ?? "");
  const floats = (): boolean => floatOf(controller.layout.value, group()?.id ?? "") !== undefined;
  const isMaximized = (): boolean => controller.layout.value.maximized === group()?.id;
  const hasPane = (): boolean => pane() !== undefined;

  function about(change: (layout: Layout, paneId: string) => operations.Outcome): () => void {
    return () => {
      const about = pane();
      if (!about) return;
      const refusal = controller.do((layout) => change(layout, about.id));
      if (refusal) controller.announce(refusal.text);
      else controller.focus(about.id);
    };
  }

  const verbs: Command[] = [
    { id: "layout.close", title: "Close pane", keys: "Ctrl+Alt+X", when: hasPane, run: () => close(controller) },
    { id: "layout.maximize", title: "Maximize pane", keys: "Ctrl+Alt+M", when: () => hasPane() && !isMaximized(), run: about(operations.maximize) },
    { id: "layout.restore", title: "Restore pane", keys: "Ctrl+Alt+M", when: () => hasPane() && isMaximized(), run: about(operations.restore) },
    { id: "layout.float", title: "Float pane", when: () => hasPane() && !floats(), run: about((layout, id) => operations.float(layout, id)) },
    { id: "layout.dock", title: "Dock pane", when: floats, run: about(operations.dock) },
    { id: "layout.nextPane", title: "Go to the next pane", keys: "F6", run: () => cycle(controller, 1) },
    { id: "layout.previousPane", title: "Go to the previous pane", keys: "Shift+F6", run: () => cycle(controller, -1) },
    { id: "layout.wider", title: "Make pane wider", when: hasPane, run: () => stretch(controller, "row", STEP_PX) },
    { id: "layout.narrower", title: "Make pane narrower", when: hasPane, run: () => stretch(controller, "row", -STEP_PX) },
    { id: "layout.taller", title: "Make pane taller", when: hasPane, run: () => stretch(controller, "column", STEP_PX) },
    { id: "layout.shorter", title: "Make pane shorter", when: hasPane, run: () => stretch(controller, "column", -STEP_PX) },
    { id: "layout.reset", title: "Reset layout", run: () => controller.reset() },
  ];
  for (const { side, name, arrow, toward } of SIDES) {
    verbs.push(
      {
        id: `layout.focus${name}`,
        title: `Go to the pane ${toward}`,
        keys: `Ctrl+Alt+${arrow}`,
        when: hasPane,
        run: () => go(controller, side),
      },
      {
        id: `layout.split${name}`,
        title: side === "left" || side === "right" ? `Split ${toward}` : `Split ${toward} this pane`,
        when: () => hasPane() && !floats() && (group()?.panes.length ?? 0) > 1,
        run: about((layout, id) => operations.move(layout, id, { beside: id, side })),
      },
      {
        id: `layout.move${name}`,
        title: `Move pane ${toward}`,
        when: () => !floats() && groupsOf(controller.layout.value).length > 1,
        run: about((layout, id) => moveToward(layout, id, side, controller)),
      },
    );
  }
  registerCommands(...verbs, ...openers(controller));
}

/** One command per kind of pane that is registered. */
function openers(controller: LayoutController): Command[] {
  return paneKinds().map((kind) => ({
    id: `open.${kind.id}`,
    title: kind.single ? `Show ${kind.title}` : `Open ${kind.title}`,
    ...(kind.keys && { keys: kind.keys }),
    run: () => {
      const there = outOfSight(controller.layout.peek(), kind.id);
      if (there) return controller.focus(there.id);
      const opened = controller.open(kind.id, { focus: true });
      if (opened instanceof Refusal) controller.announce(opened.text);
    },
  }));
}

/** A pane like a new one would be, while none of its kind can be seen: whoever asks for another means that one. */
function outOfSight(layout: Layout, kind: string): Pane | undefined {
  const alike = panesOf(layout).filter((pane) => pane.kind === kind);
  const isSeen = alike.some((pane) => seen(layout).some(({ active }) => active === pane.id));
  return isSeen ? undefined : alike.find(({ params }) => Object.keys(params).length === 0);
}

function close(controller: LayoutController): void {
  const pane = controller.active.peek();
  if (pane) controller.close(pane.id);
}

/** Go through the panes, then to the bar below them, and round again. */
function cycle(controller: LayoutController, step: 1 | -1): void {
  const layout = controller.layout.peek();
  const bar = document.querySelector(".status-bar");
  const from = bar?.contains(document.activeElement) ? null : controller.focused.peek();
  const next = neighbourInOrder(layout, from, step);
  const pane = next ?? neighbourInOrder(layout, null, step);
  const below = next === null && (from !== null || pane === null) ? bar?.querySelector("button") : null;
  if (below) below.focus();
  else if (pane !== null) controller.focus(pane);
}

function go(controller: LayoutController, side: Side): void {
  const from = controller.active.peek();
  const to = from && neighbourAt(controller.layout.peek(), from.id, side, controller.view.peek());
  if (to) controller.focus(to);
}

/** Move a pane past its neighbour on a side, else to that edge of everything. */
function moveToward(layout: Layout, id: string, side: Side, controller: LayoutController): operations.Outcome {
  const neighbour = neighbourAt(layout, id, side, controller.view.peek());
  return operations.move(layout, id, neighbour ? { beside: neighbour, side } : { edge: side });
}

/** Move the line beside the pane, as its arrow keys would. */
function stretch(controller: LayoutController, axis: "row" | "column", pixels: number): void {
  const layout = controller.layout.peek();
  const group = groupOf(layout, controller.active.peek()?.id ?? "");
  const around = splitsAround(layout.root, group?.id ?? "").find((one) => one.split.axis === axis);
  if (!around) return;
  const last = around.index === around.split.children.length - 1;
  const { gutters } = placed(layout, controller.view.peek());
  const index = last ? around.index - 1 : around.index;
  const gutter = gutters.find((one) => one.split === around.split.id && one.index === index);
  if (gutter) controller.do(gutterMoved(gutter, last ? -pixels : pixels));
}
