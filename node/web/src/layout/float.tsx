// What is around a floating group: its shadow, and the corner by which it is resized.

import type { LayoutController } from "./controller";
import { dragFloat } from "./drag";
import type { Area } from "./geometry";
import type { Float } from "./model";
import { box } from "./view";

export function FloatFrame({
  controller,
  float,
  area,
  level,
}: {
  controller: LayoutController;
  float: Float;
  area: Area | null;
  level: number;
}) {
  if (!area) return null;
  return (
    <>
      <div class="float-frame" style={{ ...box(area), zIndex: level - 1 }} />
      <div
        class="float-corner"
        aria-hidden="true"
        style={{ left: `${area.x + area.width - 14}px`, top: `${area.y + area.height - 14}px`, zIndex: level + 1 }}
        onPointerDown={(event) =>
          dragFloat(event, controller, { paneId: float.group.active, frame: float.frame, by: "corner" })
        }
      />
    </>
  );
}
