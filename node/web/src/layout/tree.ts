// How a tree of splits and groups is changed and kept in its one normal form.

import { SHARE_MIN, type Axis, type Group, type Side, type Split, type Tree } from "./model";

/** Scale weights to sum to one, none below the least share. */
export function shares(weights: readonly number[]): number[] {
  const least = new Set<number>();
  for (;;) {
    const rest = weights.reduce((sum, weight, index) => (least.has(index) ? sum : sum + weight), 0);
    const scaled = weights.map((weight, index) =>
      least.has(index) ? SHARE_MIN : (weight / rest) * (1 - least.size * SHARE_MIN),
    );
    const low = scaled.findIndex((share, index) => !least.has(index) && share < SHARE_MIN);
    if (low < 0) return scaled;
    least.add(low);
  }
}

/** Make a split of what is left of its children: none, one child instead of a split, or no split within its like. */
function remade(split: Split, children: readonly (Tree | null)[]): Tree | null {
  const kept: Tree[] = [];
  const weights: number[] = [];
  const lent = givenBack(split, children);
  children.forEach((child, index) => {
    const weight = lent[index] ?? 0;
    if (child?.type === "split" && child.axis === split.axis) {
      kept.push(...child.children);
      weights.push(...child.weights.map((part) => part * weight));
    } else if (child) {
      kept.push(child);
      weights.push(weight);
    }
  });
  if (kept.length < 2) return kept[0] ?? null;
  return { ...split, children: kept, weights: shares(weights) };
}

/** Return the weights where each child that is gone has given its own to the neighbour that it had it from. */
function givenBack(split: Split, children: readonly (Tree | null)[]): readonly number[] {
  const weights = [...split.weights];
  split.children.forEach((gone, index) => {
    const lender = gone.type === "group" && gone.lender;
    if (children[index] || !lender) return;
    const to = lender === "before" ? index - 1 : index + 1;
    const before = weights[to];
    if (before !== undefined && children[to]) weights[to] = before + (weights[index] ?? 0);
  });
  return weights;
}

/** Put something else, or nothing, in the place of a group. */
export function replaced(tree: Tree | null, groupId: string, change: (group: Group) => Tree | null): Tree | null {
  if (tree === null) return null;
  if (tree.type === "group") return tree.id === groupId ? change(tree) : tree;
  const children = tree.children.map((child) => replaced(child, groupId, change));
  const same = children.every((child, index) => child === tree.children[index]);
  return same ? tree : remade(tree, children);
}

export function axisOf(side: Side): Axis {
  return side === "left" || side === "right" ? "row" : "column";
}

/** Put two trees beside each other; `share` is what the added one takes. */
function pair(id: string, there: Tree, added: Tree, side: Side, share: number): Tree | null {
  const first = side === "left" || side === "above";
  const children = first ? [added, there] : [there, added];
  const weights = first ? [share, 1 - share] : [1 - share, share];
  return remade({ type: "split", id, axis: axisOf(side), weights, children }, children);
}

/** Put a group at a side of another, taking a share of its room. */
export function beside(
  tree: Tree | null,
  groupId: string,
  added: Group,
  side: Side,
  { id, share }: { id: string; share: number },
): Tree | null {
  return replaced(tree, groupId, (there) => pair(id, there, added, side, share));
}

/** Put a group at an edge of the whole tree. */
export function atEdge(
  tree: Tree | null,
  added: Group,
  side: Side,
  { id, share }: { id: string; share: number },
): Tree | null {
  return tree === null ? added : pair(id, tree, added, side, share);
}

/** Give a split other weights. */
export function reweighted(tree: Tree | null, splitId: string, weights: readonly number[]): Tree | null {
  if (tree?.type !== "split") return tree;
  if (tree.id === splitId) return { ...tree, weights: shares(weights) };
  return { ...tree, children: tree.children.map((child) => reweighted(child, splitId, weights) ?? child) };
}
