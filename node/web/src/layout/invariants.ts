// What holds for every layout; the node refuses one for which it does not (`node/layout.py`).

import { FLOATS_MAX, FRAME_MIN, type Layout, PANES_MAX, SHARE_MIN, type Tree, groupsOf, numberOf, panesOf } from "./model";

const CLOSE_TO = 1e-9;

/** Say what is wrong with a layout; null when nothing is. */
export function flawOf(layout: Layout): string | null {
  const panes = panesOf(layout).map((pane) => pane.id);
  const groups = groupsOf(layout);
  const names = [...panes, ...groups.map((group) => group.id), ...splitIds(layout.root)];
  if (new Set(names).size < names.length) return "a name comes twice";
  if (names.some((name) => numberOf(name) >= layout.next)) return "a name is not below the next number";
  if (panes.length > PANES_MAX || layout.floats.length > FLOATS_MAX) return "too much is open";
  for (const group of groups) {
    if (!group.panes.some((pane) => pane.id === group.active)) return `${group.id} shows a pane that it has not`;
  }
  if (layout.maximized !== null && !groups.some((group) => group.id === layout.maximized)) {
    return "what is maximized is not there";
  }
  for (const { frame } of layout.floats) {
    const fits = frame.x >= 0 && frame.y >= 0 && frame.x + frame.width <= 1 + CLOSE_TO;
    if (!fits || frame.y + frame.height > 1 + CLOSE_TO) return "a floating pane leaves the view";
    if (frame.width < FRAME_MIN || frame.height < FRAME_MIN) return "a floating pane is too small";
  }
  return flawIn(layout.root);
}

function flawIn(tree: Tree | null): string | null {
  if (tree === null || tree.type === "group") return null;
  if (tree.children.length < 2) return `${tree.id} splits nothing`;
  if (tree.children.length !== tree.weights.length) return `${tree.id} has not one weight per child`;
  const sum = tree.weights.reduce((total, weight) => total + weight, 0);
  if (Math.abs(sum - 1) > CLOSE_TO) return `the weights of ${tree.id} sum to ${sum}`;
  if (tree.weights.some((weight) => weight < SHARE_MIN - CLOSE_TO)) return `${tree.id} has too small a child`;
  for (const child of tree.children) {
    if (child.type === "split" && child.axis === tree.axis) return `${child.id} splits like ${tree.id} around it`;
    const flaw = flawIn(child);
    if (flaw) return flaw;
  }
  return null;
}

function splitIds(tree: Tree | null): string[] {
  return tree?.type === "split" ? [tree.id, ...tree.children.flatMap(splitIds)] : [];
}
