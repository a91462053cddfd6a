// The settings' door for the rest of the cockpit.

import { lazy } from "../panes/lazy";
import { registerPane } from "../panes/registry";

registerPane({
  id: "settings",
  title: "Settings",
  icon: "settings",
  component: lazy(async () => (await import("./settings")).SettingsPane),
  single: true,
  place: "right",
  share: 0.4,
  keys: "Ctrl+.",
});
