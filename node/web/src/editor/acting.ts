// What the agent does with the editor when it calls one of its tools.

import { layout } from "../shell/cockpit";
import { Refusal, paneOf } from "../layout/model";
import { ToolFailure } from "../layout/tools";
import { api } from "../net/api";
import { type Buffer, bufferOf, openBuffer } from "./buffers";
import { addressOf } from "./documents";
import { proposed } from "./edits";
import { activeBuffer, editorOf, editors, openDocument, shownIn } from "./opening";
import type { Outcome } from "./proposal";

type Args = Readonly<Record<string, unknown>>;

const READ_MAX_CHARS = 16_000;
const SUMMARY_MAX_CHARS = 200;
/** The page answers this much before the node stops waiting. */
const MARGIN_MS = 3_000;
const TIMEOUT_S = 30;

export function list(): object {
  return { buffers: editors().flatMap(({ id, params }) => state(id, shownIn(params))) };
}

function state(instanceId: string, id: string | null): object[] {
  const buffer = id === null ? undefined : openBuffer(id);
  if (!buffer || buffer.isPrivate.peek()) return [];
  const text = buffer.text();
  return [
    {
      instanceId,
      uri: buffer.uri,
      title: buffer.name,
      language: buffer.language,
      lines: text.split("\n").length,
      characters: text.length,
      unsaved: buffer.isDirty.peek(),
      ...(buffer.proposal.peek() && { proposal: "the owner has not decided yet" }),
      ...(buffer.lastOutcome && { lastProposal: buffer.lastOutcome }),
    },
  ];
}

export async function open({ path }: Args): Promise<object> {
  if (typeof path !== "string" || path.trim() === "") throw new ToolFailure("path has to be a text");
  const id = addressOf(path.trim());
  const buffer = bufferOf(id);
  await buffer.ready;
  if (buffer.problem.peek() && !buffer.surface.peek()) throw new ToolFailure(buffer.problem.peek());
  refusePrivate(buffer);
  const pane = openDocument(id, { focus: false });
  if (pane instanceof Refusal) throw new ToolFailure(pane.text);
  layout.announce(`${buffer.name} opened`);
  return state(pane, id)[0] ?? {};
}

function refusePrivate(buffer: Buffer): void {
  if (buffer.isPrivate.peek()) throw new ToolFailure(`${buffer.name} is hidden or named like a secret; only its owner opens it`);
}

/** Return the buffer that a call is about; the one that the owner works at when it names none. */
async function meant({ uri, instanceId }: Args): Promise<Buffer> {
  const buffer = named(uri, instanceId);
  if (!buffer) {
    const open = editors().flatMap(({ params }) => shownIn(params) ?? []);
    throw new ToolFailure(`no such buffer is open; open are: ${open.join(", ") || "none"}; editor.open opens one`);
  }
  await buffer.ready;
  refusePrivate(buffer);
  if (!buffer.surface.peek()) throw new ToolFailure(buffer.problem.peek() || `${buffer.name} is not there`);
  return buffer;
}

function named(uri: unknown, instanceId: unknown): Buffer | undefined {
  if (typeof uri === "string" && uri !== "") {
    const id = addressOf(uri);
    return editorOf(id) && bufferOf(id);
  }
  if (typeof instanceId !== "string" || instanceId === "") return activeBuffer();
  const id = shownIn(paneOf(layout.layout.peek(), instanceId)?.params ?? {});
  return id === null ? undefined : bufferOf(id);
}

export async function read(args: Args): Promise<object> {
  const buffer = await meant(args);
  const lines = buffer.text().split("\n");
  const from = Math.min(numberOr(args.fromLine, 1), lines.length);
  const to = Math.min(Math.max(numberOr(args.toLine, lines.length), from), lines.length);
  const content = lines.slice(from - 1, to).join("\n");
  const cut = content.length > READ_MAX_CHARS;
  const { uri, language } = buffer;
  return { uri, language, lines: lines.length, fromLine: from, toLine: to, content: content.slice(0, READ_MAX_CHARS), ...(cut && { cut }) };
}

function numberOr(value: unknown, other: number): number {
  return typeof value === "number" && value >= 1 ? Math.floor(value) : other;
}

export async function proposeEdit(args: Args): Promise<object> {
  const buffer = await meant(args);
  if (buffer.proposal.peek()) throw new ToolFailure(`the owner has not decided about your last proposal for ${buffer.name} yet`);
  const text = proposed(buffer.text(), args);
  const summary = typeof args.summary === "string" ? args.summary.slice(0, SUMMARY_MAX_CHARS) : "";
  const patience = patienceMs();
  const proposal = buffer.propose(text, summary);
  if (!proposal) throw new ToolFailure("this changes nothing: the buffer holds this text already");
  const pane = editorOf(buffer.id);
  if (pane) layout.show(pane.id, false);
  layout.announce(`Proposed for ${buffer.name}: ${proposal.count === 1 ? "one change" : `${proposal.count} changes`} to decide`);
  return { uri: buffer.uri, ...(await proposal.settled(await patience)), note: noteOf(proposal.outcome()) };
}

function noteOf({ decision }: Outcome): string {
  if (decision === "not decided yet") return "Shown to the owner, who has not decided yet; editor.list tells later. Do not propose it again.";
  if (decision === "rejected") return "The owner rejected it; the text is as it was.";
  return "In the editor, not on the disk: the owner saves it.";
}

/** Return how long to wait for the owner: a little less than the node waits for the page. */
async function patienceMs(): Promise<number> {
  const setting = await api<{ value: number }>("GET", "/api/settings/agent.toolTimeoutS").catch(() => ({ value: TIMEOUT_S }));
  const ms = setting.value * 1_000;
  return Math.max(ms - MARGIN_MS, ms / 2);
}
