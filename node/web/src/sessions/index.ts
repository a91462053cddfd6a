// The sessions' door for the rest of the cockpit: their pane, and what can be done to the one that is shown.

import { lazy } from "../panes/lazy";
import { registerPane } from "../panes/registry";
import { addSessionCommands } from "./commands";

registerPane({
  id: "sessions",
  title: "Sessions",
  icon: "sessions",
  component: lazy(async () => (await import("./sessions")).Sessions),
  single: true,
  place: "left",
  share: 0.2,
});
addSessionCommands();
