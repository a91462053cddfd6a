// What can be shown in the cockpit apart from what views add themselves: panes, workspaces, peers, settings.

import { type Target, registerTargets } from "../commands/targets";
import type { LayoutController } from "../layout/controller";
import { Refusal, panesOf } from "../layout/model";
import { api } from "../net/api";
import { type PaneParams, paneKind, paneKinds } from "../panes/registry";

export function addTargets(layout: LayoutController): void {
  registerTargets(() =>
    panesOf(layout.layout.peek()).map((pane) => ({
      kind: "open pane",
      id: pane.id,
      title: layout.title(pane),
      icon: paneKind(pane.kind)?.icon ?? "layout",
      show: (focus) => layout.show(pane.id, focus),
    })),
  );
  registerTargets(() => {
    const open = new Set(panesOf(layout.layout.peek()).map((pane) => pane.kind));
    return paneKinds()
      .filter((kind) => !open.has(kind.id))
      .map((kind) => ({
        kind: "pane",
        id: kind.id,
        title: kind.title,
        icon: kind.icon,
        show: (focus) => show(layout, kind.id, {}, focus),
      }));
  });
  registerTargets(() =>
    layout.workspaces.peek().map(({ id, title }) => ({
      kind: "workspace",
      id,
      title,
      icon: "layout",
      show: () => layout.switchTo(id),
    })),
  );
  registerTargets(() => within(layout, "peers", peers));
  registerTargets(() => within(layout, "settings", settings));
}

/** What can be read by link stands among the settings, too. */
const SHARES: Entry = { id: "shares", title: "Shares", params: { key: "shares" } };

type Entry = Pick<Target, "id" | "title"> & { params: PaneParams };

/** List what a pane can show, as far as there is such a pane. */
async function within(layout: LayoutController, pane: string, list: () => Promise<Entry[]>): Promise<Target[]> {
  const kind = paneKind(pane);
  if (!kind) return [];
  const named = pane === "peers" ? "peer" : "setting";
  return (await list()).map(({ id, title, params }) => ({
    kind: named,
    id,
    title,
    icon: kind.icon,
    show: (focus) => show(layout, pane, params, focus),
  }));
}

async function peers(): Promise<Entry[]> {
  const all = await api<{ nodeId: string; label: string }[]>("GET", "/api/network/peers");
  return all.map(({ nodeId, label }) => ({ id: nodeId, title: label, params: { peer: nodeId } }));
}

async function settings(): Promise<Entry[]> {
  const all = await api<{ key: string }[]>("GET", "/api/settings");
  return [...all.map(({ key }) => ({ id: key, title: key, params: { key } })), SHARES];
}

function show(layout: LayoutController, kind: string, params: PaneParams, focus: boolean): void {
  const opened = layout.open(kind, { params, focus });
  if (opened instanceof Refusal) throw new Error(opened.text);
}
