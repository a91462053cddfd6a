// What the agent may call in this page: the layout's verbs, the tools of panes, and the commands that say so. Calls
// are answered at any time, whatever is shown.

import { type Arguments, type Tool, ToolFailure } from "../layout/tools";
import { type PaneTool, paneKinds } from "../panes/registry";
import { commands, isAvailable } from "./registry";

/** One entry of the manifest, as the node's `SerializedTool` reads it. */
export interface Announced {
  name: string;
  kind: "layout" | "command" | "pane";
  description?: string;
  params?: Record<string, unknown>;
  sideEffect?: boolean;
  specifierTemplate?: string;
  specifierKind?: "path";
}

export type Answer = { ok: true; result: unknown } | { ok: false; error: string };

const NO_ARGUMENTS = { type: "object", properties: {}, additionalProperties: false };
const ERROR_MAX_CHARS = 4_000;

/** List everything that the agent may call now. */
export function manifest(verbs: Readonly<Record<string, Tool>>): Announced[] {
  const layout: Announced[] = Object.keys(verbs).map((name) => ({ name, kind: "layout" }));
  const offered = commands().flatMap(({ id, agent }): Announced[] => {
    if (!agent) return [];
    const { description, params = NO_ARGUMENTS, reads = false } = agent;
    return [{ name: id, kind: "command", description, params, sideEffect: !reads }];
  });
  return [...layout, ...offered, ...paneTools().map(announcedTool)];
}

function paneTools(): readonly PaneTool[] {
  return paneKinds().flatMap(({ tools = [] }) => tools);
}

function announcedTool({ name, description, params, reads = false, path }: PaneTool): Announced {
  const judged = path === undefined ? {} : ({ specifierTemplate: `{${path}}`, specifierKind: "path" } as const);
  return { name, kind: "pane", description, params, sideEffect: !reads, ...judged };
}

/** Run a call and return what the model reads of it. */
export async function answer(verbs: Readonly<Record<string, Tool>>, name: string, args: Arguments): Promise<Answer> {
  try {
    const result = await run(verbs, name, args);
    return { ok: true, result: result ?? { done: name } };
  } catch (problem) {
    const text = problem instanceof Error ? problem.message : String(problem);
    if (!(problem instanceof ToolFailure)) console.error(`${name} failed`, problem);
    return { ok: false, error: (text || "it failed").slice(0, ERROR_MAX_CHARS) };
  }
}

function run(verbs: Readonly<Record<string, Tool>>, name: string, args: Arguments): unknown {
  if (Object.hasOwn(verbs, name)) return verbs[name]?.(args);
  const tool = paneTools().find((one) => one.name === name);
  if (tool) return tool.run(args);
  const command = commands().find((one) => one.id === name && one.agent);
  if (!command) throw new ToolFailure(`this page has no tool ${JSON.stringify(name.slice(0, 80))}`);
  if (!isAvailable(command)) throw new ToolFailure(`${command.title} cannot be done just now`);
  return command.run(args);
}
