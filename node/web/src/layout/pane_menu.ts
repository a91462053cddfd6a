// What the menu of a pane offers; all of it is also in the palette.

import { shownKeys } from "../commands/keys";
import { commands } from "../commands/registry";
import type { MenuItem } from "../shell/menu";
import type { LayoutController } from "./controller";

const OFFERED = [
  "layout.maximize",
  "layout.restore",
  "layout.float",
  "layout.dock",
  null,
  "layout.splitRight",
  "layout.splitBelow",
  "layout.moveLeft",
  "layout.moveRight",
  "layout.moveAbove",
  "layout.moveBelow",
  null,
  "layout.close",
];

export function paneMenu(controller: LayoutController, paneId: string): (MenuItem | null)[] {
  controller.focused.value = paneId;
  const all = commands();
  return OFFERED.flatMap((id) => {
    if (id === null) return [null];
    const command = all.find((one) => one.id === id);
    if (!command || command.when?.() === false) return [];
    const keys = shownKeys(id);
    return [{ title: command.title, ...(keys && { keys }), run: () => void command.run() }];
  });
}
