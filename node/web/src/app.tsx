// The whole cockpit: the bar at the top, the panes, the bar at the bottom, and what opens above them.

import { effect } from "@preact/signals";

import { Palette } from "./commands/palette";
import { Shortcuts } from "./commands/shortcuts";
import { unseen } from "./conversation";
import { LayoutView } from "./layout/view";
import { PairCall } from "./peers/pair_call";
import { PairDialog } from "./peers/pair_dialog";
import { layout } from "./shell/cockpit";
import { crumb } from "./shell/crumb";
import { StatusBar } from "./shell/status_bar";
import { TopBar } from "./shell/top_bar";
import "./shell/shell.css";

effect(() => {
  const name = crumb.value ? `${crumb.value} – Palaver` : "Palaver";
  document.title = unseen.value > 0 ? `(${unseen.value}) ${name}` : name;
});

export function App() {
  return (
    <>
      <TopBar layout={layout} />
      <main aria-label="Panes">
        <LayoutView controller={layout} />
      </main>
      <StatusBar />
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
