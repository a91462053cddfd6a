// The whole cockpit: the bar at the top, the panes, the bar at the bottom, and what opens above them.

import { effect } from "@preact/signals";

import { Palette } from "./commands/palette";
import { Shortcuts } from "./commands/shortcuts";
import { unseen } from "./conversation";
import { LayoutView } from "./layout/view";
import { Later } from "./net/later";
import { socket } from "./net/socket";
import { PairCall } from "./peers/pair_call";
import { PairDialog } from "./peers/pair_dialog";
import { layout } from "./shell/cockpit";
import { crumb } from "./shell/crumb";
import { TopBar } from "./shell/top_bar";
import "./shell/shell.css";

effect(() => {
  const name = crumb.value ? `${crumb.value} – Palaver` : "Palaver";
  document.title = unseen.value > 0 ? `(${unseen.value}) ${name}` : name;
});

const bar = new Later(async () => (await import("./shell/status_bar")).StatusBar);
// Tried again with each change of the connection: what could not be fetched was missing with it.
effect(() => void (socket.state.value && bar.want()));

export function App() {
  const StatusBar = bar.part.value;
  return (
    <>
      <TopBar layout={layout} />
      <main aria-label="Panes">
        <LayoutView controller={layout} />
      </main>
      <footer class="status-bar" aria-label="Status">
        {StatusBar && <StatusBar layout={layout} />}
      </footer>
      <p class="visually-hidden" role="status">
        {layout.announcement.value}
      </p>
      <PairCall />
      <PairDialog />
      <Palette />
      <Shortcuts />
    </>
  );
}
