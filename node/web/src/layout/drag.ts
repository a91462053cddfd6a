// Gestures with a pointer: a tab to another place, a gutter, a floating pane by its bar or its corner.

import { signal } from "@preact/signals";

import type { LayoutController } from "./controller";
import { type Drop, type Point, dropAt } from "./drop";
import { type Area, type Gutter, WIDTH_MIN_PX, placed } from "./geometry";
import type { Change } from "./keeper";
import { type Frame, Refusal, groupOf } from "./model";
import * as operations from "./operations";

const THRESHOLD_PX = 5;
/** A pane is not dragged smaller than this. */
const HEIGHT_MIN_PX = 96;

export interface TabDrag {
  readonly pane: string;
  readonly at: Point;
  readonly area: Area | null;
}

/** The tab that is being dragged, and what it would cover. */
export const tabDrag = signal<TabDrag | null>(null);

/** Follow a pointer until it is let go, or until Escape takes the gesture back. */
function follow(
  event: PointerEvent,
  { moved, done }: { moved: (at: PointerEvent) => void; done: (at: PointerEvent | null) => void },
): void {
  const element = event.currentTarget as HTMLElement;
  const end = new AbortController();
  const finish = (at: PointerEvent | null): void => {
    end.abort();
    done(at);
  };
  element.setPointerCapture(event.pointerId);
  const { signal: ended } = end;
  element.addEventListener("pointermove", moved, { signal: ended });
  element.addEventListener("pointerup", finish, { signal: ended });
  element.addEventListener("pointercancel", () => finish(null), { signal: ended });
  const takeBack = (key: KeyboardEvent): void => {
    if (key.key !== "Escape") return;
    key.stopPropagation();
    finish(null);
  };
  window.addEventListener("keydown", takeBack, { signal: ended, capture: true });
}

/** Drag a tab: to a side, an edge, or among other tabs; with Shift held it floats where it is let go. */
export function dragTab(event: PointerEvent, controller: LayoutController, paneId: string): void {
  if (event.button !== 0) return;
  const host = (event.currentTarget as HTMLElement).closest<HTMLElement>(".layout");
  if (!host) return;
  const origin = host.getBoundingClientRect();
  const where = (at: PointerEvent): Point => ({ x: at.clientX - origin.x, y: at.clientY - origin.y });
  const far = (at: PointerEvent): boolean =>
    Math.hypot(at.clientX - event.clientX, at.clientY - event.clientY) >= THRESHOLD_PX;
  const landing = (at: PointerEvent): { change: Change; area: Area } | null => {
    if (at.shiftKey) return floating(controller, paneId, where(at));
    const drop = landingOf(controller, where(at), at);
    return drop && { change: (layout) => operations.move(layout, paneId, drop.where), area: drop.area };
  };
  follow(event, {
    moved: (at) => {
      if (tabDrag.peek() === null && !far(at)) return;
      tabDrag.value = { pane: paneId, at: where(at), area: landing(at)?.area ?? null };
    },
    done: (at) => {
      const dragged = tabDrag.peek() !== null;
      tabDrag.value = null;
      const landed = at && dragged ? landing(at) : null;
      if (landed && !controller.do(landed.change)) controller.focus(paneId);
    },
  });
}

function landingOf(controller: LayoutController, at: Point, event: PointerEvent): Drop | null {
  const layout = controller.layout.peek();
  const view = controller.view.peek();
  const drop = dropAt(layout, placed(layout, view), view, at);
  if (!drop || !("group" in drop.where)) return drop;
  const tab = document
    .elementsFromPoint(event.clientX, event.clientY)
    .find((element) => element.matches("[role=tab]"));
  const group = tab instanceof HTMLElement ? groupOf(layout, tab.dataset["pane"] ?? "") : undefined;
  if (!tab || !group) return drop;
  const box = tab.getBoundingClientRect();
  const index = group.panes.findIndex((pane) => pane.id === (tab as HTMLElement).dataset["pane"]);
  const after = event.clientX > box.x + box.width / 2 ? 1 : 0;
  return { ...drop, where: { group: group.id, index: index + after } };
}

function floating(controller: LayoutController, paneId: string, at: Point): { change: Change; area: Area } {
  const view = controller.view.peek();
  const frame: Frame = { x: at.x / view.width - 0.05, y: at.y / view.height - 0.02, width: 0.4, height: 0.5 };
  const area = {
    x: Math.round(frame.x * view.width),
    y: Math.round(frame.y * view.height),
    width: Math.round(frame.width * view.width),
    height: Math.round(frame.height * view.height),
  };
  return { change: (layout) => operations.float(layout, paneId, frame), area };
}

/** Show what a gesture would do, and do it once, when it ends. */
function previewed(
  event: PointerEvent,
  controller: LayoutController,
  changeAt: (dx: number, dy: number) => Change,
): void {
  if (event.button !== 0) return;
  const change = (at: PointerEvent): Change => changeAt(at.clientX - event.clientX, at.clientY - event.clientY);
  follow(event, {
    moved: (at) => {
      const outcome = change(at)(controller.layout.peek());
      controller.preview.value = outcome instanceof Refusal ? null : outcome;
    },
    done: (at) => {
      controller.preview.value = null;
      if (at && (at.clientX !== event.clientX || at.clientY !== event.clientY)) controller.do(change(at));
    },
  });
}

/** Move a gutter by some pixels; what is beside it gives way, down to a least size. */
export function gutterMoved(gutter: Gutter, pixels: number): Change {
  const { split, index, axis } = gutter;
  const lengths = [...gutter.lengths];
  const both = (lengths[index] ?? 0) + (lengths[index + 1] ?? 0);
  const least = Math.min(axis === "row" ? WIDTH_MIN_PX : HEIGHT_MIN_PX, both / 2);
  const moved = Math.min(Math.max((lengths[index] ?? 0) + pixels, least), both - least);
  lengths.splice(index, 2, moved, both - moved);
  return (layout) => operations.reweigh(layout, split, lengths);
}

export function dragGutter(event: PointerEvent, controller: LayoutController, gutter: Gutter): void {
  previewed(event, controller, (dx, dy) => gutterMoved(gutter, gutter.axis === "row" ? dx : dy));
}

export function dragFloat(
  event: PointerEvent,
  controller: LayoutController,
  { paneId, frame, by }: { paneId: string; frame: Frame; by: "bar" | "corner" },
): void {
  const { width, height } = controller.view.peek();
  previewed(event, controller, (dx, dy) => {
    const [x, y] = [dx / width, dy / height];
    const next =
      by === "bar"
        ? { ...frame, x: frame.x + x, y: frame.y + y }
        : { ...frame, width: frame.width + x, height: frame.height + y };
    return (layout) => operations.reframe(layout, paneId, next);
  });
}
