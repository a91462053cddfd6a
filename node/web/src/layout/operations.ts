// Everything that can be done to a layout: pure functions from a layout to the next one, or to a reason why not.

import type { PaneParams } from "../panes/registry";
import { placed, type Size } from "./geometry";
import {
  FLOATS_MAX,
  FRAME_MIN,
  type Frame,
  type Group,
  type Home,
  type Layout,
  PANES_MAX,
  type Pane,
  Refusal,
  SHARE_MIN,
  type Side,
  floatOf,
  groupOf,
  groupsIn,
  groupsOf,
  paneOf,
  panesOf,
  splitOf,
  splitsAround,
} from "./model";
import { atEdge, beside, replaced, reweighted } from "./tree";

/** Where a pane goes: a tab of a group, a side of another pane, or an edge of the whole view. */
export type Where =
  | { readonly group: string; readonly index?: number }
  | { readonly beside: string; readonly side: Side; readonly share?: number }
  | { readonly edge: Side; readonly share?: number };

export type Outcome = Layout | Refusal;

/** The id that the next pane of a kind will have. */
export function nextPaneId(layout: Layout, kind: string): string {
  return `${kind}-${layout.next}`;
}

export function open(layout: Layout, kind: string, where: Where, params: PaneParams = {}): Outcome {
  if (panesOf(layout).length >= PANES_MAX) {
    return new Refusal(`${PANES_MAX} panes are open already; close one first`);
  }
  const pane: Pane = { id: nextPaneId(layout, kind), kind, params };
  return inserted({ ...layout, next: layout.next + 1 }, pane, where);
}

/** Open a pane at a side of another. */
export function split(layout: Layout, paneId: string, side: Side, kind: string): Outcome {
  return open(layout, kind, { beside: paneId, side });
}

export function close(layout: Layout, paneId: string): Outcome {
  return paneOf(layout, paneId) ? removed(layout, paneId) : missing(paneId);
}

export function move(layout: Layout, paneId: string, where: Where): Outcome {
  const pane = paneOf(layout, paneId);
  const group = groupOf(layout, paneId);
  if (!pane || !group) return missing(paneId);
  if (!("group" in where) || where.group !== group.id || group.panes.length > 1) {
    const from = removed(layout, paneId);
    if (!("beside" in where) || where.beside !== paneId) return inserted(from, pane, where);
    const neighbour = group.panes.find((other) => other.id !== paneId);
    return neighbour
      ? inserted(from, pane, { ...where, beside: neighbour.id })
      : new Refusal(`${paneId} cannot be moved to a side of itself; name another pane as the reference`);
  }
  return activate(layout, paneId);
}

/** Bring a pane in front of its group, and its group into view. */
export function activate(layout: Layout, paneId: string): Outcome {
  const group = groupOf(layout, paneId);
  if (!group) return missing(paneId);
  const last = layout.floats.at(-1);
  const float = floatOf(layout, group.id);
  const hidden = layout.maximized !== null && layout.maximized !== group.id;
  if (group.active === paneId && !hidden && (!float || float === last)) return layout;
  const shown = hidden ? { ...layout, maximized: null } : layout;
  const changed = withGroup(shown, group.id, (old) => ({ ...old, active: paneId }));
  return float ? raised(changed, group.id) : changed;
}

/** Let a pane show something else. */
export function retarget(layout: Layout, paneId: string, params: PaneParams): Outcome {
  const group = groupOf(layout, paneId);
  if (!group) return missing(paneId);
  const panes = group.panes.map((pane) => (pane.id === paneId ? { ...pane, params } : pane));
  return withGroup(layout, group.id, (old) => ({ ...old, panes }));
}

/** Give a pane another width, height or both, in pixels of the view, as near as the others allow. */
export function resize(layout: Layout, paneId: string, size: Partial<Size>, view: Size): Outcome {
  const group = groupOf(layout, paneId);
  if (!group) return missing(paneId);
  if (size.width === undefined && size.height === undefined) {
    return new Refusal("give width, height, or both, in pixels");
  }
  if (layout.maximized === group.id) return new Refusal(`${paneId} is maximized; restore it first`);
  const float = floatOf(layout, group.id);
  if (float) {
    const width = size.width === undefined ? float.frame.width : size.width / view.width;
    const height = size.height === undefined ? float.frame.height : size.height / view.height;
    return reframe(layout, paneId, { ...float.frame, width, height });
  }
  let next: Outcome = layout;
  if (size.width !== undefined) next = stretched(next, paneId, "row", size.width, view);
  if (size.height !== undefined && !(next instanceof Refusal)) {
    next = stretched(next, paneId, "column", size.height, view);
  }
  return next;
}

/** Give the children of a split other weights. */
export function reweigh(layout: Layout, splitId: string, weights: readonly number[]): Outcome {
  const children = splitOf(layout.root, splitId)?.children.length;
  if (children === undefined) return new Refusal(`there is no split ${JSON.stringify(splitId)}`);
  if (weights.length !== children || !weights.every((weight) => Number.isFinite(weight) && weight > 0)) {
    return new Refusal(`${splitId} takes ${children} weights above zero`);
  }
  return { ...layout, root: reweighted(layout.root, splitId, weights) };
}

/** Take a pane out of the grid, or out of the floating group that it shares. */
export function float(layout: Layout, paneId: string, frame?: Frame): Outcome {
  const pane = paneOf(layout, paneId);
  const group = groupOf(layout, paneId);
  if (!pane || !group) return missing(paneId);
  if (floatOf(layout, group.id) && group.panes.length === 1) {
    return frame ? reframe(layout, paneId, frame) : new Refusal(`${paneId} floats already`);
  }
  if (layout.floats.length >= FLOATS_MAX) {
    return new Refusal(`${FLOATS_MAX} panes float already; dock one first`);
  }
  const from = removed(layout, paneId);
  const step = 0.03 * (from.floats.length % 8);
  const home = floatOf(layout, group.id)?.home ?? homeOf(layout, paneId, group);
  const added = {
    group: alone(pane, `group-${from.next}`),
    frame: fitted(frame ?? { x: 0.3 + step, y: 0.15 + step, width: 0.4, height: 0.5 }),
    home,
  };
  return { ...from, next: from.next + 1, maximized: null, floats: [...from.floats, added] };
}

/** Put a floating pane back to where it came from, or to the right of everything when that is gone. */
export function dock(layout: Layout, paneId: string): Outcome {
  const pane = paneOf(layout, paneId);
  const group = groupOf(layout, paneId);
  if (!pane || !group) return missing(paneId);
  const floating = floatOf(layout, group.id);
  if (!floating) return new Refusal(`${paneId} is docked already`);
  return inserted(removed(layout, paneId), pane, homeward(layout, floating.home));
}

/** Move or resize a floating pane. */
export function reframe(layout: Layout, paneId: string, frame: Frame): Outcome {
  const group = groupOf(layout, paneId);
  if (!group) return missing(paneId);
  if (!floatOf(layout, group.id)) return new Refusal(`${paneId} does not float`);
  const floats = layout.floats.map((old) => (old.group.id === group.id ? { ...old, frame: fitted(frame) } : old));
  return { ...layout, floats };
}

export function maximize(layout: Layout, paneId: string): Outcome {
  const group = groupOf(layout, paneId);
  if (!group) return missing(paneId);
  if (layout.maximized === group.id && group.active === paneId) {
    return new Refusal(`${paneId} is maximized already`);
  }
  const front = activate(layout, paneId);
  return front instanceof Refusal ? front : { ...front, maximized: group.id };
}

export function restore(layout: Layout, paneId: string): Outcome {
  const group = groupOf(layout, paneId);
  if (!group) return missing(paneId);
  if (layout.maximized !== group.id) return new Refusal(`${paneId} is not maximized`);
  return { ...layout, maximized: null };
}

function missing(paneId: string): Refusal {
  return new Refusal(`no pane ${JSON.stringify(paneId.slice(0, 80))} is open; list_open_panes has the instanceIds`);
}

function alone(pane: Pane, id: string): Group {
  return { type: "group", id, panes: [pane], active: pane.id };
}

function withGroup(layout: Layout, groupId: string, change: (group: Group) => Group): Layout {
  const floats = layout.floats.map((old) => (old.group.id === groupId ? { ...old, group: change(old.group) } : old));
  return { ...layout, root: replaced(layout.root, groupId, change), floats };
}

function raised(layout: Layout, groupId: string): Layout {
  const front = layout.floats.filter((one) => one.group.id === groupId);
  return { ...layout, floats: [...layout.floats.filter((one) => one.group.id !== groupId), ...front] };
}

/** Take a pane out. The tab after it comes to the front, else the one before it. */
function removed(layout: Layout, paneId: string): Layout {
  const group = groupOf(layout, paneId);
  if (!group) return layout;
  const index = group.panes.findIndex((pane) => pane.id === paneId);
  const panes = group.panes.filter((pane) => pane.id !== paneId);
  const active = group.active === paneId ? (panes[index] ?? panes[index - 1])?.id : group.active;
  if (active !== undefined) return withGroup(layout, group.id, (old) => ({ ...old, panes, active }));
  return {
    ...layout,
    root: replaced(layout.root, group.id, () => null),
    floats: layout.floats.filter((one) => one.group.id !== group.id),
    maximized: layout.maximized === group.id ? null : layout.maximized,
  };
}

/** Put a pane that is nowhere to its place, in front of its group and in view. */
function inserted(layout: Layout, pane: Pane, where: Where): Outcome {
  if ("group" in where) return asTab(layout, pane, where.group, where.index);
  const added = alone(pane, `group-${layout.next}`);
  const id = `split-${layout.next + 1}`;
  const grown = { ...layout, next: layout.next + 2, maximized: null };
  if ("edge" in where) {
    return { ...grown, root: atEdge(layout.root, added, where.edge, { id, share: where.share ?? 0.25 }) };
  }
  const reference = groupOf(layout, where.beside);
  const lender = where.side === "left" || where.side === "above" ? "after" : "before";
  if (!reference) return missing(where.beside);
  if (floatOf(layout, reference.id)) {
    return new Refusal(`${where.beside} floats, and a floating pane has no sides; dock it first (dock_pane)`);
  }
  return {
    ...grown,
    root: beside(layout.root, reference.id, { ...added, lender }, where.side, { id, share: where.share ?? 0.5 }),
  };
}

function asTab(layout: Layout, pane: Pane, groupId: string, index = Number.POSITIVE_INFINITY): Outcome {
  if (!groupsOf(layout).some((group) => group.id === groupId)) {
    return new Refusal(`there is no group ${JSON.stringify(groupId)}`);
  }
  const added = withGroup(layout, groupId, (group) => {
    const panes = [...group.panes];
    panes.splice(index, 0, pane);
    return { ...group, panes };
  });
  return activate(added, pane.id);
}

function fitted(frame: Frame): Frame {
  const width = within(frame.width, FRAME_MIN, 1);
  const height = within(frame.height, FRAME_MIN, 1);
  return { x: within(frame.x, 0, 1 - width), y: within(frame.y, 0, 1 - height), width, height };
}

function within(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : least;
}

/** Say where a docked pane is: with which tab, or at which side of a neighbour. */
function homeOf(layout: Layout, paneId: string, group: Group): Home | null {
  const tab = group.panes.find((pane) => pane.id !== paneId);
  if (tab) return { beside: tab.id, side: "tab" };
  const around = splitsAround(layout.root, group.id)[0];
  if (!around) return null;
  const { split: parent, index } = around;
  const after = index > 0;
  const neighbour = groupsIn(parent.children[after ? index - 1 : 1] ?? null)[0]?.active;
  if (neighbour === undefined) return null;
  if (parent.axis === "row") return { beside: neighbour, side: after ? "right" : "left" };
  return { beside: neighbour, side: after ? "below" : "above" };
}

function homeward(layout: Layout, home: Home | null): Where {
  const group = home ? groupOf(layout, home.beside) : undefined;
  if (!home || !group || floatOf(layout, group.id)) return { edge: "right", share: 0.35 };
  return home.side === "tab" ? { group: group.id } : { beside: home.beside, side: home.side };
}

/** Give a docked pane another length along an axis, at the cost of its neighbours in the nearest split. */
function stretched(layout: Layout, paneId: string, axis: "row" | "column", pixels: number, view: Size): Outcome {
  const group = groupOf(layout, paneId);
  if (!group) return missing(paneId);
  const around = splitsAround(layout.root, group.id).find((one) => one.split.axis === axis);
  if (!around) {
    return axis === "row"
      ? new Refusal(`${paneId} is as wide as the view, nothing is beside it; only its height can change`)
      : new Refusal(`${paneId} is as high as the view, nothing is above or below it; only its width can change`);
  }
  const { split: parent, index } = around;
  const shared = placed(layout, view).shared.get(parent.id) || 1;
  const most = 1 - SHARE_MIN * (parent.weights.length - 1);
  const share = within(pixels / shared, SHARE_MIN, most);
  const rest = 1 - (parent.weights[index] ?? 0);
  const weights = parent.weights.map((weight, at) => (at === index ? share : (weight / rest) * (1 - share)));
  return reweigh(layout, parent.id, weights);
}
