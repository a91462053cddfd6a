// The bar at the top: workspaces, where we are, the palette, and the panes that can be opened.

import { useLayoutEffect, useRef } from "preact/hooks";

import { shownKeys } from "../commands/keys";
import { openPalette } from "../commands/palette";
import { command } from "../commands/registry";
import type { LayoutController } from "../layout/controller";
import { Refusal, panesOf } from "../layout/model";
import { type PaneKind, paneKinds } from "../panes/registry";
import { createWorkspace } from "./commands";
import { crumb } from "./crumb";
import { Icon } from "./icons";
import { MenuButton, type MenuItem } from "./menu";
import { theme } from "./theme";

/** Kinds with a button of their own; the others are in the menu. */
const BUTTONS_MAX = 8;

export function TopBar({ layout }: { layout: LayoutController }) {
  const nav = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [layout.shown.value, layout.workspaces.value]);
  return (
    <header class="top-bar">
      <h1>Palaver</h1>
      <nav ref={nav} aria-label="Workspaces">
        {layout.workspaces.value.map(({ id, title }) => (
          <a key={id} href={`#/w/${id}`} title={title} aria-current={id === layout.shown.value ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <button type="button" class="plain" aria-label="New workspace" title="New workspace" onClick={() => void createWorkspace(layout)}>
        <Icon name="plus" />
      </button>
      {crumb.value && (
        <p class="crumb" title={crumb.value}>
          <span aria-hidden="true">/</span> {crumb.value}
        </p>
      )}
      <button type="button" class="find" aria-label="Find anything" onClick={openPalette}>
        <Icon name="search" />
        <span>Find anything</span>
        <kbd>{shownKeys("palette.open")}</kbd>
      </button>
      <div class="openers" role="group" aria-label="Panes">
        {paneKinds()
          .slice(0, BUTTONS_MAX)
          .map((kind) => (
            <Opener key={kind.id} layout={layout} kind={kind} />
          ))}
      </div>
      <MenuButton label="Menu" items={() => menu(layout)}>
        <Icon name="menu" />
      </MenuButton>
    </header>
  );
}

/** Shows a kind of pane, or closes the one that is in front of the keyboard. */
function Opener({ layout, kind }: { layout: LayoutController; kind: PaneKind }) {
  const open = panesOf(layout.layout.value).filter((pane) => pane.kind === kind.id);
  return (
    <button
      type="button"
      class="plain"
      aria-pressed={open.length > 0}
      aria-label={kind.title}
      title={kind.title}
      onClick={() => toggle(layout, kind)}
    >
      <Icon name={kind.icon} />
    </button>
  );
}

function toggle(layout: LayoutController, kind: PaneKind): void {
  const there = panesOf(layout.layout.peek()).find((pane) => pane.kind === kind.id);
  const isInHand = there !== undefined && layout.focused.peek() === there.id;
  if (there && isInHand && kind.single) layout.close(there.id);
  else if (there) layout.focus(there.id);
  else {
    const opened = layout.open(kind.id, { focus: true });
    if (opened instanceof Refusal) layout.announce(opened.text);
  }
}

function menu(layout: LayoutController): (MenuItem | null)[] {
  const panes = paneKinds().map((kind) => item(`open.${kind.id}`));
  const colours = (["auto", "light", "dark"] as const).map((id) => ({
    ...item(`theme.${id}`),
    checked: theme.value === id,
  }));
  const workspaces = ["workspace.create", "workspace.rename", ...(layout.workspaces.value.length > 1 ? ["workspace.delete"] : [])];
  const rest = ["layout.reset", "shortcuts.open"];
  return [...panes, null, ...workspaces.map(item), null, ...colours, null, ...rest.map(item)];
}

function item(id: string): MenuItem {
  const found = command(id);
  const keys = shownKeys(id);
  return { title: found?.title ?? id, ...(keys && { keys }), run: () => void found?.run() };
}
