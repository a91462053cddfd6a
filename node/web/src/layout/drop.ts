// Where a dragged tab would land.

import { type Area, type Placed, type Size } from "./geometry";
import { type Layout, type Side, floatOf, groupsIn, groupsOf } from "./model";
import type { Where } from "./operations";

export const BAR_PX = 32;
const EDGE_PX = 14;
const EDGE_SHARE = 0.25;
/** How much of a pane at each side means that side, and not the pane itself. */
const SIDE_SHARE = 0.25;

export interface Drop {
  readonly where: Where;
  /** What the pane would cover. */
  readonly area: Area;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Say where a tab would go that is let go at a point; null where it would go nowhere. */
export function dropAt(layout: Layout, { groups }: Placed, view: Size, at: Point): Drop | null {
  const under = groupsOf(layout)
    .filter((group) => layout.maximized === null || layout.maximized === group.id)
    .findLast((group) => inside(groups.get(group.id), at));
  const area = under && groups.get(under.id);
  if (!under || !area) return null;
  const floats = floatOf(layout, under.id) !== undefined;
  const onBar = at.y < area.y + BAR_PX;
  if (!floats && !onBar && groupsIn(layout.root).length > 1) {
    const edge = sideOf(at, { x: 0, y: 0, ...view }, EDGE_PX, EDGE_PX);
    if (edge) return { where: { edge, share: EDGE_SHARE }, area: half({ x: 0, y: 0, ...view }, edge, EDGE_SHARE) };
  }
  const body = { ...area, y: area.y + BAR_PX, height: Math.max(0, area.height - BAR_PX) };
  const side = onBar || floats ? null : sideOf(at, body, body.width * SIDE_SHARE, body.height * SIDE_SHARE);
  const shown = under.active;
  return side
    ? { where: { beside: shown, side }, area: half(area, side, 0.5) }
    : { where: { group: under.id }, area };
}

function inside(area: Area | undefined, { x, y }: Point): boolean {
  return area !== undefined && x >= area.x && y >= area.y && x < area.x + area.width && y < area.y + area.height;
}

/** Return the side of an area that a point is nearest to, if it is within reach of one. */
function sideOf({ x, y }: Point, area: Area, reachX: number, reachY: number): Side | null {
  const distances: [Side, number][] = [
    ["left", (x - area.x) / reachX],
    ["right", (area.x + area.width - x) / reachX],
    ["above", (y - area.y) / reachY],
    ["below", (area.y + area.height - y) / reachY],
  ];
  const [side, distance] = distances.reduce((nearest, one) => (one[1] < nearest[1] ? one : nearest));
  return distance < 1 ? side : null;
}

function half(area: Area, side: Side, share: number): Area {
  const width = side === "left" || side === "right" ? Math.round(area.width * share) : area.width;
  const height = side === "above" || side === "below" ? Math.round(area.height * share) : area.height;
  const x = side === "right" ? area.x + area.width - width : area.x;
  const y = side === "below" ? area.y + area.height - height : area.y;
  return { x, y, width, height };
}
