import { beforeAll, beforeEach, expect, test } from "vitest";

import { answer, manifest } from "../commands/agent";
import { registerCommands } from "../commands/registry";
import { registerTargets } from "../commands/targets";
import { registerPane } from "../panes/registry";
import { LayoutController } from "./controller";
import { flawOf } from "./invariants";
import { type Layout, panesOf } from "./model";
import { Gone, type Remote, Stale, type Stored } from "./remote";
import { layoutTools } from "./tools";

/** The node's side, kept in memory, with its revisions. */
class Memory implements Remote {
  readonly stored = new Map<string, Stored>();
  active: string | null = null;

  async list() {
    return { workspaces: [...this.stored.values()], active: this.active };
  }

  async read(id: string): Promise<Stored> {
    const found = this.stored.get(id);
    if (!found) throw new Gone(id);
    return found;
  }

  async put(id: string, change: { revision: number; title?: string; layout?: Layout }): Promise<Stored> {
    const now = this.stored.get(id);
    if (now && now.revision !== change.revision) throw new Stale(now);
    if (!now && change.revision > 0) throw new Gone(id);
    const title = change.title ?? now?.title ?? id;
    const layout = change.layout ?? now?.layout ?? null;
    const next = { id, title, layout, revision: change.revision + 1 };
    this.stored.set(id, next);
    return next;
  }

  async create(title: string, layout: Layout): Promise<Stored> {
    return this.put(title.toLowerCase(), { revision: 0, title, layout });
  }

  async remove(id: string): Promise<void> {
    this.stored.delete(id);
  }

  async remember(id: string): Promise<void> {
    this.active = id;
  }
}

let memory: Memory;
let controller: LayoutController;
let ran: unknown[];

beforeAll(() => {
  const component = () => null;
  registerPane({ id: "conversation", title: "Conversation", icon: "conversation", component });
  registerPane({ id: "sessions", title: "Sessions", icon: "sessions", component, single: true, place: "left" });
  registerPane({
    id: "files",
    title: "Files",
    icon: "files",
    component,
    titleOf: (params) => params["path"] ?? "",
    context: (_, params) => ({ title: "Files", content: params["path"] ?? "x".repeat(20_000) }),
  });
  registerCommands({ id: "chat.new", title: "New chat", run: (args) => ran.push(args), agent: { description: "Begin a chat." } });
  registerTargets(() => [
    { kind: "session", id: "s1", title: "Sourdough for beginners", icon: "sessions", show: (focus) => ran.push(["s1", focus]) },
    { kind: "peer", id: "abc", title: "bob", icon: "peers", show: (focus) => ran.push(["bob", focus]) },
  ]);
  registerTargets(() => Promise.reject(new Error("out of reach")));
});

beforeEach(async () => {
  memory = new Memory();
  ran = [];
  controller = new LayoutController(memory);
  controller.view.value = { width: 1200, height: 800 };
  await controller.start(null);
});

async function called(name: string, args: Record<string, unknown> = {}): Promise<any> {
  const answered = await answer(layoutTools(controller), name, args);
  expect(flawOf(controller.layout.value)).toBeNull();
  return JSON.parse(JSON.stringify("result" in answered ? answered.result : { error: answered.error }));
}

function ids(): string[] {
  return panesOf(controller.layout.value).map((pane) => pane.id);
}

test("a new cockpit shows the sessions beside the conversation", async () => {
  const [left, right] = await called("list_open_panes");
  expect([left.id, right.id]).toEqual(["sessions", "conversation"]);
  expect(left).toMatchObject({ title: "Sessions", context: false, inFront: true, x: 0, height: 800 });
  expect(right.x).toBeGreaterThan(left.width);
});

test("a pane is opened, read and closed by its id", async () => {
  const { instanceId } = await called("open_pane", { id: "files" });
  expect(await called("list_open_panes")).toContainEqual(expect.objectContaining({ instanceId, context: true }));
  const read = await called("get_pane_context", { instanceId });
  expect([read.content.length, read.cut]).toEqual([16_000, true]);
  expect(await called("close_pane", { id: instanceId })).toEqual({ closed: instanceId });
  expect(ids()).not.toContain(instanceId);
});

test("a pane that there can be only one of is shown, not opened twice", async () => {
  const before = ids();
  expect((await called("open_pane", { id: "sessions" })).instanceId).toBe(before[0]);
  expect(ids()).toEqual(before);
});

test("the name of the only pane of a kind will do for its id", async () => {
  expect(await called("maximize_pane", { instanceId: "conversation" })).toMatchObject({ maximized: true, width: 1200 });
  expect(await called("restore_pane", { instanceId: "Conversation" })).toMatchObject({ inFront: true });
});

test.each([
  ["left", (one: any, two: any) => one.x + one.width <= two.x],
  ["right", (one: any, two: any) => two.x + two.width <= one.x],
  ["above", (one: any, two: any) => one.y + one.height <= two.y],
  ["below", (one: any, two: any) => two.y + two.height <= one.y],
])("a pane is split, and another moved, to the %s", async (direction, lies) => {
  const opened = await called("split_pane", { instanceId: "conversation", direction, paneId: "files" });
  const [conversation] = (await called("list_open_panes")).filter((one: any) => one.id === "conversation");
  expect(lies(opened, conversation)).toBe(true);
  const moved = await called("move_pane", { instanceId: "sessions", reference: opened.instanceId, direction });
  const [files] = (await called("list_open_panes")).filter((one: any) => one.id === "files");
  expect(lies(moved, files)).toBe(true);
});

test("a pane gets the width it is asked for, and no height where nothing would give way", async () => {
  expect(await called("resize_pane", { instanceId: "sessions", width: 400 })).toMatchObject({ width: 400 });
  const { error } = await called("resize_pane", { instanceId: "sessions", height: 100 });
  expect(error).toContain("only its width can change");
});

test("a floating pane has no sides, and is docked back to where it came from", async () => {
  const before = await called("list_open_panes");
  expect(await called("float_pane", { instanceId: "sessions" })).toMatchObject({ floats: true });
  const { error } = await called("split_pane", { instanceId: "sessions", direction: "left", paneId: "files" });
  expect(error).toContain("dock it first (dock_pane)");
  await called("dock_pane", { instanceId: "sessions" });
  const [left] = await called("list_open_panes");
  expect(left).toMatchObject({ instanceId: before[0].instanceId, x: 0 });
});

test("a workspace is made with the conversation in it, and the other one is as it was left", async () => {
  const before = ids();
  expect(await called("create_workspace", { name: "Research" })).toMatchObject({ shown: "research" });
  expect(panesOf(controller.layout.value).map(({ kind }) => kind)).toEqual(["sessions", "conversation"]);
  expect(await called("list_workspaces")).toMatchObject({ shown: "research", workspaces: [{ id: "main" }, { id: "research" }] });
  expect(await called("switch_workspace", { id: "Main" })).toMatchObject({ shown: "main" });
  expect(ids()).toEqual(before);
});

test("what the model means is found by its title, and shown without taking the keyboard", async () => {
  expect(await called("show", { target: "the session about sourdough" })).toMatchObject({ kind: "session" });
  expect(await called("show", { target: "sourdough" })).toMatchObject({ kind: "session", id: "s1" });
  expect(await called("show", { target: "peer bob" })).toMatchObject({ shown: "bob" });
  expect(ran).toEqual([["s1", false], ["s1", false], ["bob", false]]);
});

test("what is not there is told with what is", async () => {
  expect((await called("open_pane", { id: "telescope" })).error).toContain("conversation, sessions, files");
  expect((await called("close_pane", { id: "files-99" })).error).toContain("open are: sessions-");
  expect((await called("switch_workspace", { id: "moon" })).error).toContain("there are: main");
  expect((await called("show", { target: "brot" })).error).toContain("nothing is called");
  expect((await called("toString", {})).error).toContain("no tool");
});

test("the agent's doings are said, and never take the keyboard", async () => {
  controller.focus("conversation-4");
  const wish = controller.focusWish.value;
  const focused = controller.focused.value;
  await called("split_pane", { instanceId: "conversation", direction: "right", paneId: "files" });
  expect(controller.announcement.value).toBe("Files opened to the right of Conversation");
  expect([controller.focusWish.value, controller.focused.value]).toEqual([wish, focused]);
});

test("the manifest names the verbs, and the commands that are for the agent", async () => {
  const tools = manifest(layoutTools(controller));
  expect(tools.filter((tool) => tool.kind === "layout")).toHaveLength(16);
  expect(tools.filter((tool) => tool.kind === "command")).toEqual([
    expect.objectContaining({ name: "chat.new", description: "Begin a chat.", sideEffect: true }),
  ]);
  await called("chat.new", { title: "x" });
  expect(ran).toEqual([{ title: "x" }]);
});

test("a change that meets one from elsewhere is made again to what that one made", async () => {
  await called("open_pane", { id: "files" });
  const now = await memory.read("main");
  await memory.put("main", { revision: now.revision, layout: { ...(now.layout as Layout), next: 50 } });
  await controller.hear("main", now.revision + 1);
  expect(ids()).toContain("files-50");
  await called("create_workspace", { name: "Other" });
  expect(panesOf((await memory.read("main")).layout as Layout).map((pane) => pane.id)).toContain("files-50");
});

test("a change that is refused for its revision is stored before another workspace is shown", async () => {
  const now = await memory.read("main");
  await called("open_pane", { id: "files" });
  await memory.put("main", { revision: now.revision, layout: { ...(now.layout as Layout), next: 50 } });
  await called("create_workspace", { name: "Other" });
  expect(panesOf((await memory.read("main")).layout as Layout).map((pane) => pane.id)).toContain("files-50");
});
