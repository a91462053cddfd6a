// Shows a layout: panes, tab bars and gutters side by side in the page, each placed by itself, so that a pane that
// is moved, floated or docked stays the same element with all that is in it.

import { useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";

import "./layout.css";
import { shownKeys } from "../commands/keys";
import type { LayoutController } from "./controller";
import { tabDrag } from "./drag";
import { BAR_PX } from "./drop";
import { FloatFrame } from "./float";
import { type Area, placed } from "./geometry";
import { GutterBar } from "./gutter";
import { keepKeyboard } from "./keyboard";
import { type Layout, groupsOf, numberOf, panesOf } from "./model";
import { PaneSection, focusWithin } from "./pane";
import { narrowed } from "./placement";
import { TabBar } from "./tabs";

export const NARROW_PX = 700;

export function LayoutView({ controller }: { controller: LayoutController }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => watchSize(host.current, controller), [controller]);
  useEffect(() => host.current ? keepKeyboard(host.current, controller) : undefined, [controller]);
  const narrow = controller.view.value.width < NARROW_PX;
  const whole = controller.preview.value ?? controller.layout.value;
  const layout = narrow ? narrowed(whole, controller.active.value?.id ?? null) : whole;
  const at = useComputed(() => controller.view.value).value;
  const { groups, gutters } = useMemo(() => placed(layout, at), [layout, at]);
  const wish = controller.focusWish.value;
  useLayoutEffect(() => {
    if (wish && host.current) focusWithin(host.current, wish.pane);
  }, [wish]);

  return (
    <div ref={host} class="layout" tabIndex={-1} data-narrow={narrow || undefined}>
      {gutters
        .filter(() => layout.maximized === null)
        .map((gutter) => (
          <GutterBar
            key={`${gutter.split} ${gutter.index}`}
            controller={controller}
            gutter={gutter}
            layout={layout}
          />
        ))}
      {layout.floats.map((float) => (
        <FloatFrame
          key={float.group.id}
          controller={controller}
          float={float}
          area={areaOf(layout, float.group.id, groups, at)}
          level={levelOf(layout, float.group.id)}
        />
      ))}
      {groupsOf(layout).map((group) => (
        <TabBar
          key={group.id}
          controller={controller}
          group={group}
          layout={layout}
          area={areaOf(layout, group.id, groups, at)}
          level={levelOf(layout, group.id)}
        />
      ))}
      <Panes controller={controller} layout={layout} areas={groups} view={at} />
      {tabDrag.value?.area && <div class="drop" style={box(tabDrag.value.area)} />}
      {controller.shown.value === "" && <p class="nothing-open waiting">Waiting for the node…</p>}
      {panesOf(layout).length === 0 && controller.shown.value !== "" && (
        <p class="nothing-open">
          Nothing is open here. <kbd>{shownKeys("palette.open")}</kbd> finds everything there is.
        </p>
      )}
    </div>
  );
}

/** The panes in the order in which they were made: whatever moves, none of these elements does. */
function Panes({
  controller,
  layout,
  areas,
  view,
}: {
  controller: LayoutController;
  layout: Layout;
  areas: ReadonlyMap<string, Area>;
  view: { width: number; height: number };
}) {
  const shown = groupsOf(layout).flatMap((group) => {
    const area = areaOf(layout, group.id, areas, view);
    return group.panes.map((pane) => ({ pane, area, level: levelOf(layout, group.id), front: pane.id === group.active }));
  });
  const ordered = shown.sort((one, other) => numberOf(one.pane.id) - numberOf(other.pane.id));
  return (
    <div class="panes">
      {ordered.map(({ pane, area, level, front }) => (
        <PaneSection
          key={`${controller.shown.value} ${pane.id}`}
          controller={controller}
          pane={pane}
          area={area && { ...area, y: area.y + BAR_PX, height: Math.max(0, area.height - BAR_PX) }}
          level={level}
          front={front}
        />
      ))}
    </div>
  );
}

/** Return where a group stands; null while another one takes the whole view. */
function areaOf(
  layout: Layout,
  groupId: string,
  areas: ReadonlyMap<string, Area>,
  view: { width: number; height: number },
): Area | null {
  if (layout.maximized === groupId) return { x: 0, y: 0, ...view };
  return layout.maximized === null ? (areas.get(groupId) ?? null) : null;
}

/** Floating groups stand above docked ones, each with room for its frame below it. */
function levelOf(layout: Layout, groupId: string): number {
  const index = layout.floats.findIndex((float) => float.group.id === groupId);
  return index < 0 ? 1 : 11 + 2 * index;
}

export function box({ x, y, width, height }: Area): Record<string, string> {
  return { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
}

function watchSize(host: HTMLElement | null, controller: LayoutController): (() => void) | undefined {
  if (!host) return undefined;
  const observer = new ResizeObserver(() => {
    controller.view.value = { width: host.clientWidth, height: host.clientHeight };
  });
  observer.observe(host);
  return () => observer.disconnect();
}
