// The pane of recent sessions: the few that were spoken in last, small enough to stay open.

import { lazy } from "../panes/lazy";
import { registerPane } from "../panes/registry";

registerPane({
  id: "recent",
  title: "Recent sessions",
  icon: "clock",
  component: lazy(async () => (await import("./recent")).Recent),
  single: true,
  place: "left",
  share: 0.2,
});
