// The parts of the running cockpit and how they are connected, told once in reading order.

import { effect } from "@preact/signals";

import { answer, manifest } from "../commands/agent";
import { loadKeys, onKeyDown } from "../commands/keys";
import { addLayoutCommands } from "../layout/commands";
import { LayoutController } from "../layout/controller";
import { remote } from "../layout/remote";
import { layoutTools } from "../layout/tools";
import { socket } from "../net/socket";
import { addShellCommands } from "./commands";
import { tieConversation } from "./conversing";
import { followFront } from "./front";
import { addTargets } from "./targets";
import { loadTheme } from "./theme";
import { watchNode } from "./node_state";

export const layout = new LayoutController(remote);

const ADDRESS = /^#\/w\/([a-z0-9-]+)$/;

/** Start everything that is not a view. Views have registered themselves by now. */
export function start(): void {
  addLayoutCommands(layout);
  addShellCommands(layout);
  addTargets(layout);
  tieConversation(layout);
  const verbs = layoutTools(layout);
  effect(() => socket.setManifest(manifest(verbs)));
  socket.onToolCall((call) => answer(verbs, call.name, call.args));
  socket.on("layout", "changed", ({ workspace, revision }) => void layout.hear(workspace, revision));
  followFront();
  watchNode();
  socket.connect();
  window.addEventListener("keydown", onKeyDown);
  window.addEventListener("pagehide", () => layout.leave());
  void untilItWorks(loadTheme);
  void untilItWorks(loadKeys);
  void showWorkspace();
}

/** Show the workspace of the page's address, and keep the two the same. */
async function showWorkspace(): Promise<void> {
  await untilItWorks(() => layout.start(addressed()));
  if (document.activeElement === document.body) layout.focusMain();
  effect(() => {
    const id = layout.shown.value;
    if (id !== "" && id !== addressed()) history.replaceState(null, "", `#/w/${id}`);
  });
  window.addEventListener("hashchange", () => {
    const id = addressed();
    if (id !== null && layout.workspaces.peek().some((one) => one.id === id)) void layout.switchTo(id);
    else history.replaceState(null, "", `#/w/${layout.shown.peek()}`);
  });
  let wasLost = false;
  effect(() => {
    const state = socket.state.value;
    if (state === "open" && wasLost) void layout.catchUp();
    wasLost = state === "lost";
  });
}

function addressed(): string | null {
  return ADDRESS.exec(location.hash)?.[1] ?? null;
}

/** Try again when the connection is back; a page may be opened from a cache while its node is away. */
async function untilItWorks(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (problem) {
      console.info("the node cannot be asked yet:", problem);
      await new Promise((again) => setTimeout(again, 2_000));
    }
  }
}
