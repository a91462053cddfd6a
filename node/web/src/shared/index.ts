// The pane of shared folders as the cockpit offers it.

import { lazy } from "../panes/lazy";
import { registerPane } from "../panes/registry";

registerPane({
  id: "shared",
  title: "Shared folders",
  icon: "files",
  component: lazy(async () => (await import("./pane")).Shared),
  single: true,
  place: "centre",
});
