// The pane of activity: what the agent does now, and did lately, in every session.

import { lazy } from "../panes/lazy";
import { registerPane } from "../panes/registry";

registerPane({
  id: "activity",
  title: "Activity",
  icon: "activity",
  component: lazy(async () => (await import("./activity")).Activity),
  single: true,
  place: "below",
  share: 0.3,
});
