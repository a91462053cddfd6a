// Which pane the keyboard goes to: the next one round, or the one that lies in a direction.

import { type Area, placed } from "./geometry";
import { type Layout, type Side, groupOf, groupsOf } from "./model";
import type { Size } from "./geometry";

/** Return the pane that comes after another among those that can be seen; null: past either end, where no pane is. */
export function neighbourInOrder(layout: Layout, from: string | null, step: 1 | -1): string | null {
  const groups = seen(layout);
  const start = step > 0 ? -1 : groups.length;
  const at = from === null ? start : groups.findIndex((group) => group.panes.some((pane) => pane.id === from));
  return groups[at + step]?.active ?? null;
}

/** Return the pane that lies next in a direction, the one most in line with it. */
export function neighbourAt(layout: Layout, from: string, side: Side, view: Size): string | undefined {
  const { groups: areas } = placed(layout, view);
  const own = groupOf(layout, from);
  const here = own && areas.get(own.id);
  if (!own || !here) return undefined;
  const candidates = seen(layout).flatMap((group) => {
    const area = areas.get(group.id);
    const distance = area && group.id !== own.id ? distanceTo(here, area, side) : null;
    return distance === null ? [] : [{ pane: group.active, distance }];
  });
  return candidates.sort((one, other) => one.distance - other.distance)[0]?.pane;
}

/** Return the groups that can be seen: all of them, or the one that takes the whole view. */
export function seen(layout: Layout) {
  return groupsOf(layout).filter((group) => layout.maximized === null || layout.maximized === group.id);
}

/** How far an area lies in a direction, with a detour for what is out of line; null when it lies elsewhere. */
function distanceTo(from: Area, to: Area, side: Side): number | null {
  const dx = to.x + to.width / 2 - from.x - from.width / 2;
  const dy = to.y + to.height / 2 - from.y - from.height / 2;
  const [ahead, aside] = { left: [-dx, dy], right: [dx, dy], above: [-dy, dx], below: [dy, dx] }[side] as [number, number];
  const gap = {
    left: from.x - (to.x + to.width),
    right: to.x - (from.x + from.width),
    above: from.y - (to.y + to.height),
    below: to.y - (from.y + from.height),
  }[side];
  return ahead > 0 && gap > -Math.min(from.width, from.height) / 2 ? ahead + 2 * Math.abs(aside) : null;
}
