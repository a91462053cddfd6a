// Where a pane opens while nothing says otherwise, and what a workspace shows at first.

import { type PaneKind, paneKind } from "../panes/registry";
import { EMPTY, type Group, type Layout, Refusal, type Tree, floatOf, groupOf, groupsIn, groupsOf, panesOf } from "./model";
import { type Outcome, type Where, activate, close, move, open } from "./operations";

/** The kinds that a new workspace shows, as far as there are such. */
const AT_FIRST = ["conversation", "sessions"];

/** Choose: with its like at a side, at that edge, or as a tab where the work is. */
export function whereFor(layout: Layout, kind: PaneKind, focused: string | null): Where {
  const place = kind.place ?? "centre";
  const groups = groupsIn(layout.root);
  const like = groups.filter((group) => placeOf(group) === place);
  const focusedGroup = focused === null ? undefined : groupOf(layout, focused);
  if (place !== "centre") {
    const there = like[0];
    if (there) return { group: there.id };
    const share = kind.share ?? 0.25;
    // Detail takes its room from the work that it belongs to; what leads there keeps its own.
    const work = place === "right" && groups.length > 1 ? widest(layout.root) : undefined;
    return work ? { beside: work.active, side: "right", share } : { edge: place, share };
  }
  const chosen = like.find((group) => group.id === focusedGroup?.id) ?? like[0] ?? groups[0];
  return chosen ? { group: chosen.id } : { edge: "right" };
}

/** Turn a place in front of the pane that has the keyboard into one beside it. */
export function uncovering(layout: Layout, where: Where, focused: string | null): Where {
  const group = groupOf(layout, focused ?? "");
  if (focused === null || group?.active !== focused || !("group" in where) || where.group !== group.id) return where;
  return floatOf(layout, group.id) ? { edge: "right" } : { beside: focused, side: "right" };
}

/** Bring a pane into view, moved beside the one that has the keyboard where it would cover that one. */
export function bringIntoView(layout: Layout, paneId: string, focused: string | null): Outcome {
  const group = groupOf(layout, paneId);
  if (!group || group.active === paneId) return activate(layout, paneId);
  const where = uncovering(layout, { group: group.id }, focused);
  return "group" in where ? activate(layout, paneId) : move(layout, paneId, where);
}

function placeOf(group: Group): string {
  const first = group.panes[0];
  return (first && paneKind(first.kind)?.place) ?? "centre";
}

/** Lay out a workspace afresh; names go on from `next`. */
export function freshLayout(next = 1): Layout {
  let layout: Layout = { ...EMPTY, next };
  for (const id of AT_FIRST) {
    const kind = paneKind(id);
    const outcome = kind ? open(layout, id, whereFor(layout, kind, null)) : layout;
    if (!(outcome instanceof Refusal)) layout = outcome;
  }
  return layout;
}

/** Leave out panes of kinds that are not there; a layout that does not fit gives way to a fresh one. */
export function usable(layout: Layout | null): Layout {
  if (layout === null) return freshLayout();
  let kept = layout;
  for (const pane of panesOf(layout)) {
    if (paneKind(pane.kind)) continue;
    const outcome = close(kept, pane.id);
    if (!(outcome instanceof Refusal)) kept = outcome;
  }
  return kept;
}

/** The group of all panes in a narrow window. */
export const NARROW_GROUP = "group-0";

/** Show a layout in a narrow window: all its panes as tabs of one group, in front the one that is wanted. */
export function narrowed(layout: Layout, wanted: string | null): Layout {
  const panes = panesOf(layout);
  const active = panes.find((pane) => pane.id === wanted)?.id ?? mainPane(layout);
  if (active === undefined) return layout;
  const root: Tree = { type: "group", id: NARROW_GROUP, panes, active };
  return { root, floats: [], maximized: null, next: layout.next };
}

/** Return the pane with the most room, where the work is while nobody has chosen one. */
export function mainPane(layout: Layout): string | undefined {
  const group = groupsOf(layout).find((one) => one.id === layout.maximized) ?? widest(layout.root);
  return (group ?? layout.floats.at(-1)?.group)?.active;
}

function widest(tree: Tree | null): Group | undefined {
  if (tree?.type !== "split") return tree ?? undefined;
  const index = tree.weights.indexOf(Math.max(...tree.weights));
  return widest(tree.children[index] ?? null);
}
