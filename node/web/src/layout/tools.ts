// The verbs by which the agent arranges the cockpit: the same operations as the owner's, with ids from a model.
// What each means and takes stands with the node (`tools/layout.py`); only that they are here is announced.

import { resolve, targets } from "../commands/targets";
import { fit } from "../commands/match";
import { type PaneKind, paneKind, paneKinds } from "../panes/registry";
import type { LayoutController } from "./controller";
import { placed } from "./geometry";
import { type Layout, type Pane, Refusal, type Side, floatOf, groupOf, panesOf } from "./model";
import * as operations from "./operations";
import { freshLayout } from "./placement";

export type Arguments = Readonly<Record<string, unknown>>;
export type Tool = (args: Arguments) => unknown;

/** What the model reads as the error of a call. */
export class ToolFailure extends Error {}

/** More than this of a pane's content is cut; the node bounds a result at twice as much. */
const CONTENT_MAX_CHARS = 16_000;
const TOWARD: Record<Side, string> = {
  left: "to the left of",
  right: "to the right of",
  above: "above",
  below: "below",
};

export function layoutTools(controller: LayoutController): Readonly<Record<string, Tool>> {
  const layout = (): Layout => controller.layout.peek();

  function pane(args: Arguments, key = "instanceId"): Pane {
    const wanted = text(args, key);
    const open = panesOf(layout());
    const found = open.find((one) => one.id === wanted) ?? onlyOne(open.filter((one) => isMeant(one, wanted)));
    if (found) return found;
    const ids = open.map((one) => one.id).join(", ");
    throw new ToolFailure(
      `no open pane has the instanceId ${JSON.stringify(wanted.slice(0, 80))}; open are: ${ids || "none"}`,
    );
  }

  function isMeant(one: Pane, wanted: string): boolean {
    return one.kind === wanted || controller.title(one).toLowerCase() === wanted.toLowerCase();
  }

  function done(refusal: Refusal | null, said: string): void {
    if (refusal) throw new ToolFailure(refusal.text);
    controller.announce(said);
  }

  function opened(outcome: string | Refusal): Pane {
    if (outcome instanceof Refusal) throw new ToolFailure(outcome.text);
    const there = panesOf(layout()).find((one) => one.id === outcome);
    if (!there) throw new ToolFailure(`${outcome} was closed meanwhile`);
    return there;
  }

  function change(args: Arguments, how: (now: Layout, id: string) => operations.Outcome, said: string) {
    const one = pane(args);
    done(controller.do((now) => how(now, one.id)), `${controller.title(one)} ${said}`);
    return state(controller, one.id);
  }

  return {
    list_available_panes: () => paneKinds().map(({ id, title, single = false }) => ({ id, title, single })),

    list_workspaces: () => ({
      shown: controller.shown.peek(),
      workspaces: controller.workspaces.peek().map(({ id, title }) => ({ id, title })),
    }),

    list_open_panes: () => panesOf(layout()).map((one) => state(controller, one.id)),

    get_pane_context: (args) => {
      const one = pane(args);
      const context = controller.context(one);
      if (!context) throw new ToolFailure(`${one.id} has nothing to read; list_open_panes says which have`);
      const content = context.content ?? "";
      if (content.length <= CONTENT_MAX_CHARS) return { instanceId: one.id, ...context };
      return { instanceId: one.id, ...context, content: content.slice(0, CONTENT_MAX_CHARS), cut: true };
    },

    open_pane: (args) => {
      const kind = kindOf(text(args, "id"));
      const there = opened(controller.open(kind.id));
      controller.announce(`${controller.title(there)} opened`);
      return state(controller, there.id);
    },

    close_pane: (args) => {
      const one = pane(args, "id");
      const title = controller.title(one);
      done(controller.close(one.id), `${title} closed`);
      return { closed: one.id };
    },

    create_workspace: async (args) => {
      const { id, title } = await controller.create(text(args, "name").trim().slice(0, 60), freshLayout());
      controller.announce(`Workspace ${title} made and shown`);
      return { shown: id, title };
    },

    switch_workspace: async (args) => {
      const wanted = text(args, "id");
      const all = controller.workspaces.peek();
      const found = all.find((one) => one.id === wanted) ?? onlyOne(all.filter((one) => fit(wanted, one.title) === 1));
      if (!found) {
        throw new ToolFailure(`there is no workspace ${JSON.stringify(wanted)}; there are: ${all.map((one) => one.id).join(", ")}`);
      }
      await controller.switchTo(found.id);
      controller.announce(`Workspace ${found.title} shown`);
      return { shown: found.id, title: found.title };
    },

    split_pane: (args) => {
      const one = pane(args);
      const side = sideOf(args);
      const kind = kindOf(text(args, "paneId"));
      const there = opened(controller.open(kind.id, { where: { beside: one.id, side } }));
      controller.announce(`${controller.title(there)} opened ${TOWARD[side]} ${controller.title(one)}`);
      return state(controller, there.id);
    },

    resize_pane: (args) => {
      const size = { ...pixels(args, "width"), ...pixels(args, "height") };
      return change(args, (now, id) => operations.resize(now, id, size, controller.view.peek()), "resized");
    },

    move_pane: (args) => {
      const one = pane(args);
      const reference = pane(args, "reference");
      const side = sideOf(args);
      const refusal = controller.do((now) => operations.move(now, one.id, { beside: reference.id, side }));
      done(refusal, `${controller.title(one)} moved ${TOWARD[side]} ${controller.title(reference)}`);
      return state(controller, one.id);
    },

    float_pane: (args) => change(args, (now, id) => operations.float(now, id), "floats"),
    dock_pane: (args) => change(args, operations.dock, "docked"),
    maximize_pane: (args) => change(args, operations.maximize, "maximized"),
    restore_pane: (args) => change(args, operations.restore, "restored"),

    show: async (args) => {
      const wanted = text(args, "target");
      const found = resolve(wanted, await targets());
      if (!("target" in found)) {
        const near = found.near.map(({ kind, title }) => `${kind} ${JSON.stringify(title)}`).join(", ");
        throw new ToolFailure(`nothing is called ${JSON.stringify(wanted.slice(0, 80))}${near && `; near it: ${near}`}`);
      }
      const { kind, id, title } = found.target;
      await found.target.show(false);
      controller.announce(`${title} shown`);
      return { shown: title, kind, id };
    },
  };
}

/** What the model is told of an open pane. */
function state(controller: LayoutController, paneId: string) {
  const layout = controller.layout.peek();
  const group = groupOf(layout, paneId);
  const pane = group?.panes.find((one) => one.id === paneId);
  if (!group || !pane) throw new ToolFailure(`${paneId} was closed meanwhile`);
  const isMaximized = layout.maximized === group.id;
  const area = isMaximized
    ? { x: 0, y: 0, ...controller.view.peek() }
    : placed(layout, controller.view.peek()).groups.get(group.id);
  return {
    id: pane.kind,
    instanceId: pane.id,
    title: controller.title(pane),
    context: paneKind(pane.kind)?.context !== undefined,
    inFront: group.active === pane.id && (layout.maximized === null || isMaximized),
    ...(floatOf(layout, group.id) && { floats: true }),
    ...(isMaximized && { maximized: true }),
    ...area,
  };
}

function kindOf(wanted: string): PaneKind {
  const all = paneKinds();
  const found = paneKind(wanted) ?? onlyOne(all.filter((one) => fit(wanted, one.title) === 1 || fit(wanted, one.id) === 1));
  if (found) return found;
  throw new ToolFailure(
    `there is no kind of pane ${JSON.stringify(wanted.slice(0, 80))}; there are: ${all.map((one) => one.id).join(", ")}`,
  );
}

function onlyOne<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined;
}

function text(args: Arguments, key: string): string {
  const value = args[key];
  if (typeof value !== "string" || value.trim() === "") throw new ToolFailure(`${key} has to be a text`);
  return value;
}

function pixels(args: Arguments, key: "width" | "height"): { width?: number; height?: number } {
  const value = args[key];
  if (value === undefined) return {};
  if (typeof value !== "number" || !(value > 0)) throw new ToolFailure(`${key} has to be a number of pixels`);
  return { [key]: value };
}

function sideOf(args: Arguments): Side {
  const value = text(args, "direction");
  if (value in TOWARD) return value as Side;
  throw new ToolFailure(`direction has to be one of ${Object.keys(TOWARD).join(", ")}`);
}
