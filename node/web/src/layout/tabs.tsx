// The tab bar of a group: one stop of the Tab key, arrows within, Delete closes; a tab can be dragged elsewhere.

import { useLayoutEffect, useRef } from "preact/hooks";

import { paneKind } from "../panes/registry";
import { Icon } from "../shell/icons";
import { MenuButton } from "../shell/menu";
import type { LayoutController } from "./controller";
import { dragFloat, dragTab, tabDrag } from "./drag";
import { BAR_PX } from "./drop";
import type { Area } from "./geometry";
import { type Group, type Layout, type Pane, floatOf } from "./model";
import * as operations from "./operations";
import { paneMenu } from "./pane_menu";
import { NARROW_GROUP } from "./placement";
import { box } from "./view";

export function TabBar({
  controller,
  group,
  layout,
  area,
  level,
}: {
  controller: LayoutController;
  group: Group;
  layout: Layout;
  area: Area | null;
  level: number;
}) {
  if (!area) return null;
  const float = floatOf(layout, group.id);
  const isMaximized = layout.maximized === group.id;
  const toggle = isMaximized ? operations.restore : operations.maximize;
  return (
    <div
      class="bar"
      data-floating={float !== undefined || undefined}
      data-active={group.panes.some((pane) => pane.id === controller.active.value?.id) || undefined}
      style={{ ...box({ ...area, height: BAR_PX }), zIndex: level }}
      onPointerDown={(event) => {
        if (!float || isMaximized || event.target !== event.currentTarget) return;
        dragFloat(event, controller, { paneId: group.active, frame: float.frame, by: "bar" });
      }}
    >
      <div class="tabs" role="tablist" aria-label="Panes" onKeyDown={(event) => steer(event, controller, group)}>
        {group.panes.map((pane) => (
          <Tab key={pane.id} controller={controller} pane={pane} front={pane.id === group.active} />
        ))}
      </div>
      {group.id !== NARROW_GROUP && (
        <>
          <button
            type="button"
            class="plain"
            aria-label={isMaximized ? "Restore" : "Maximize"}
            title={isMaximized ? "Restore" : "Maximize"}
            onClick={() => controller.do((now) => toggle(now, group.active))}
          >
            <Icon name={isMaximized ? "restore" : "maximize"} />
          </button>
          <MenuButton label="What to do with this pane" items={() => paneMenu(controller, group.active)}>
            <Icon name="menu" />
          </MenuButton>
        </>
      )}
    </div>
  );
}

function Tab({ controller, pane, front }: { controller: LayoutController; pane: Pane; front: boolean }) {
  const tab = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (front) tab.current?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }, [front]);
  const title = controller.title(pane);
  return (
    <button
      ref={tab}
      type="button"
      id={`tab-${pane.id}`}
      class="tab"
      role="tab"
      aria-selected={front}
      aria-controls={`pane-${pane.id}`}
      tabIndex={front ? 0 : -1}
      title={title}
      data-pane={pane.id}
      data-dragged={tabDrag.value?.pane === pane.id || undefined}
      onClick={() => controller.focus(pane.id)}
      onDblClick={() => toggleMaximized(controller, pane.id)}
      onAuxClick={(event) => event.button === 1 && controller.close(pane.id)}
      onPointerDown={(event) => {
        if (!(event.target as Element).closest(".tab-close")) dragTab(event, controller, pane.id);
      }}
    >
      <Icon name={paneKind(pane.kind)?.icon ?? "layout"} />
      <span class="tab-title">{title}</span>
      {/* For the pointer only: within a tab nothing else can be a button, and Delete closes. */}
      <span
        class="tab-close"
        aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation();
          controller.close(pane.id);
        }}
      >
        <Icon name="close" />
      </span>
    </button>
  );
}

export function toggleMaximized(controller: LayoutController, paneId: string): void {
  const refusal = controller.do((layout) => operations.restore(layout, paneId));
  if (refusal) controller.do((layout) => operations.maximize(layout, paneId));
}

function steer(event: KeyboardEvent, controller: LayoutController, group: Group): void {
  const at = group.panes.findIndex((pane) => pane.id === group.active);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    const pane = group.panes.at(to % group.panes.length);
    if (!pane) return;
    controller.do((layout) => operations.activate(layout, pane.id));
    controller.focused.value = pane.id;
    document.getElementById(`tab-${pane.id}`)?.focus();
  } else if (event.key === "Delete") {
    event.preventDefault();
    controller.close(group.active);
  } else if (event.key === "ArrowDown") {
    event.preventDefault();
    controller.focus(group.active);
  }
}
