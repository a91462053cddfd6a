// Where the nodes of the fabric stand. Computed at once, never animated: what moves draws the eye for no reason.

import { forceCollide, forceLink, forceManyBody, forceRadial, forceSimulation } from "d3-force";

export interface Place {
  id: string;
  x: number;
  y: number;
}

interface Body extends Place {
  /** Distance from the own node that it keeps to. */
  far: number;
  fx?: number;
  fy?: number;
}

const STEPS = 160;
const GOLDEN = 2.399963;

/** Place peers around the own node at 0, 0, farther out the less they have to do with it; the same every time. */
export function placed(peers: readonly { id: string; far: number }[]): readonly Place[] {
  const own: Body = { id: "", x: 0, y: 0, far: 0, fx: 0, fy: 0 };
  const around = peers.map(({ id, far }, index): Body => {
    const turn = index * GOLDEN;
    return { id, far, x: Math.cos(turn) * far, y: Math.sin(turn) * far };
  });
  const bodies = [own, ...around];
  forceSimulation(bodies)
    .force("apart", forceManyBody().strength(-220))
    .force("room", forceCollide(34))
    .force("ring", forceRadial<Body>((body) => body.far, 0, 0).strength(0.6))
    .force("link", forceLink(around.map((_, index) => ({ source: 0, target: index + 1 }))).strength(0.02))
    .stop()
    .tick(STEPS);
  return around.map(({ id, x, y }) => ({ id, x, y }));
}
