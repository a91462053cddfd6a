// The line between two panes: dragged, or moved by arrow keys when it has the focus.

import type { LayoutController } from "./controller";
import { dragGutter, gutterMoved } from "./drag";
import type { Gutter } from "./geometry";
import { type Layout, groupsIn, paneOf, splitOf } from "./model";
import { reweigh } from "./operations";
import { box } from "./view";

const STEP_PX = 24;

export function GutterBar({
  controller,
  gutter,
  layout,
}: {
  controller: LayoutController;
  gutter: Gutter;
  layout: Layout;
}) {
  const split = splitOf(layout.root, gutter.split);
  const before = split?.weights[gutter.index] ?? 0;
  const both = before + (split?.weights[gutter.index + 1] ?? 0);
  const name = (index: number): string => {
    const pane = paneOf(layout, groupsIn(split?.children[index] ?? null)[0]?.active ?? "");
    return pane ? controller.title(pane) : "";
  };
  return (
    <div
      class="gutter"
      role="separator"
      tabIndex={0}
      aria-label={`Between ${name(gutter.index)} and ${name(gutter.index + 1)}`}
      aria-orientation={gutter.axis === "row" ? "vertical" : "horizontal"}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={both > 0 ? Math.round((before / both) * 100) : 0}
      data-axis={gutter.axis}
      style={box(gutter)}
      onPointerDown={(event) => dragGutter(event, controller, gutter)}
      onDblClick={() => even(controller, gutter)}
      onKeyDown={(event) => steer(event, controller, gutter)}
    />
  );
}

/** Give what is beside a gutter the same room. */
function even(controller: LayoutController, gutter: Gutter): void {
  controller.do((layout) => {
    const weights = [...(splitOf(layout.root, gutter.split)?.weights ?? [])];
    const mean = ((weights[gutter.index] ?? 0) + (weights[gutter.index + 1] ?? 0)) / 2;
    weights.splice(gutter.index, 2, mean, mean);
    return reweigh(layout, gutter.split, weights);
  });
}

function steer(event: KeyboardEvent, controller: LayoutController, gutter: Gutter): void {
  const [less, more] = gutter.axis === "row" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  const far = gutter.lengths.reduce((sum, one) => sum + one, 0);
  const pixels = { [less as string]: -STEP_PX, [more as string]: STEP_PX, Home: -far, End: far }[event.key];
  if (event.key === "Enter") even(controller, gutter);
  else if (pixels === undefined) return;
  else controller.do(gutterMoved(gutter, pixels));
  event.preventDefault();
}
