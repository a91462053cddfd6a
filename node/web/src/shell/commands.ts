// The commands of the whole cockpit: palette, shortcuts, colours, workspaces.

import { openPalette } from "../commands/palette";
import { registerCommands } from "../commands/registry";
import { openShortcuts } from "../commands/shortcuts";
import type { LayoutController } from "../layout/controller";
import { freshLayout } from "../layout/placement";
import { askText } from "./ask_text";
import { type Theme, chooseTheme, theme } from "./theme";

const THEMES: readonly { id: Theme; title: string; description: string }[] = [
  { id: "auto", title: "Colours as the system has them", description: "Give the cockpit the colours of the system." },
  { id: "light", title: "Light colours", description: "Give the cockpit light colours." },
  { id: "dark", title: "Dark colours", description: "Give the cockpit dark colours." },
];

export function addShellCommands(layout: LayoutController): void {
  registerCommands(
    { id: "palette.open", title: "Find anything", keys: "Ctrl+K", run: openPalette },
    { id: "shortcuts.open", title: "Shortcuts", keys: "Ctrl+/", run: openShortcuts },
    ...THEMES.map(({ id, title, description }) => ({
      id: `theme.${id}`,
      title,
      agent: { description },
      when: () => theme.value !== id,
      run: () => chooseTheme(id),
    })),
    { id: "workspace.create", title: "New workspace", run: () => createWorkspace(layout) },
    { id: "workspace.rename", title: "Rename workspace", run: () => renameWorkspace(layout) },
    {
      id: "workspace.delete",
      title: "Delete workspace",
      when: () => layout.workspaces.value.length > 1,
      run: () => deleteWorkspace(layout),
    },
    { id: "workspace.next", title: "Go to the next workspace", keys: "Ctrl+Alt+PageDown", run: () => step(layout, 1) },
    { id: "workspace.previous", title: "Go to the previous workspace", keys: "Ctrl+Alt+PageUp", run: () => step(layout, -1) },
  );
}

export async function createWorkspace(layout: LayoutController): Promise<void> {
  const take = (title: string): Promise<unknown> => layout.create(title, freshLayout());
  await askText("New workspace", { label: "Name", button: "Make it", take });
}

async function renameWorkspace(layout: LayoutController): Promise<void> {
  const id = layout.shown.peek();
  const value = layout.workspaces.peek().find((one) => one.id === id)?.title ?? "";
  const take = (title: string): Promise<unknown> => layout.rename(id, title);
  await askText("Rename workspace", { label: "Name", button: "Rename", value, take });
}

async function deleteWorkspace(layout: LayoutController): Promise<void> {
  const id = layout.shown.peek();
  const title = layout.workspaces.peek().find((one) => one.id === id)?.title ?? id;
  const { confirmed } = await import("./confirm");
  const question = { text: "Its layout is lost, its conversations stay.", button: "Delete" };
  if (await confirmed(`Delete workspace ${title}?`, question)) await layout.remove(id);
}

function step(layout: LayoutController, by: 1 | -1): void {
  const all = layout.workspaces.peek();
  const at = all.findIndex((one) => one.id === layout.shown.peek());
  const next = all[(at + by + all.length) % all.length];
  if (next) void layout.switchTo(next.id);
}
