// The stored sessions as the node has them: read page by page, kept up to date by what the socket tells.

import { batch, effect, signal } from "@preact/signals";

import { currentSession } from "../conversation";
import { api } from "../net/api";
import { socket } from "../net/socket";
import type { SessionsChanged } from "../wire.gen";
import { watchDoing } from "./doing";
import { type Listed, type Session, withChange, withPage } from "./order";
import { begun, isUnread, keepSeen, readSeen, withSeen } from "./seen";

/** A session that a search found; the excerpt is blank when its title alone has the words. */
export type Hit = Session & { excerpt: string };

const PAGE = 100;
const PAGE_MAX = 1_000;
const ROOT = "/api/chat/sessions";

/** Null until the node has told. */
export const listed = signal<Listed | null>(null);
export const showsArchived = signal(false);
export const query = signal("");
/** What the search found; null while nothing is searched for. */
export const hits = signal<readonly Hit[] | null>(null);
/** What last went wrong. */
export const problem = signal<string | null>(null);
const seen = signal(readSeen());

let isWatching = false;
let reading: Promise<void> = Promise.resolve();
let wantsMore = false;

/** Keep the list as it is with the node; begun once, by the first pane that shows it. */
export function watchSessions(): void {
  if (isWatching) return;
  isWatching = true;
  socket.on("sessions", "changed", take);
  watchDoing();
  effect(() => {
    if (socket.state.value === "open") void readAnew();
  });
  effect(() => {
    // What is in view counts as seen, at once and when the owner comes back to it.
    const shown = listed.value?.sessions.find(({ id }) => id === currentSession.value);
    if (shown && !document.hidden) markSeen(shown);
  });
  document.addEventListener("visibilitychange", () => {
    const shown = listed.peek()?.sessions.find(({ id }) => id === currentSession.peek());
    if (shown && !document.hidden) markSeen(shown);
  });
  let waiting: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const words = query.value.trim();
    clearTimeout(waiting);
    if (words === "") hits.value = null;
    else waiting = setTimeout(() => void search(words), 120);
  });
}

export function hasNews({ id, lastMessageAt }: Session): boolean {
  return id !== currentSession.value && isUnread(seen.value, id, lastMessageAt);
}

export function showArchived(archived: boolean): void {
  batch(() => {
    showsArchived.value = archived;
    listed.value = null;
  });
  void readAnew();
}

/** Read what stands behind the known part, once, however often it is wished for meanwhile. */
export async function readMore(): Promise<void> {
  if (wantsMore) return;
  wantsMore = true;
  await reading;
  wantsMore = false;
  const known = listed.peek();
  const last = known?.sessions.at(-1);
  if (!known?.hasMore || !last) return;
  await read(`&after=${encodeURIComponent(last.id)}`, PAGE, (page) => withPage(listed.peek() ?? known, page, PAGE));
}

/** Read the part that is shown again. */
export async function readAnew(): Promise<void> {
  const size = Math.min(PAGE_MAX, Math.max(PAGE, listed.peek()?.sessions.length ?? 0));
  await read("", size, (page) => withPage({ sessions: [], hasMore: false }, page, size));
  const words = query.peek().trim();
  if (words) await search(words);
}

function read(rest: string, size: number, take: (page: readonly Session[]) => Listed): Promise<void> {
  reading = reading.then(() => readPage(rest, size, take));
  return reading;
}

async function readPage(rest: string, size: number, take: (page: readonly Session[]) => Listed): Promise<void> {
  const archived = showsArchived.peek();
  try {
    const page = await api<Session[]>("GET", `${ROOT}?archived=${archived}&limit=${size}${rest}`);
    if (archived !== showsArchived.peek()) return;
    batch(() => {
      listed.value = take(page);
      problem.value = null;
      if (!archived) remember(begun(seen.peek(), Math.max(0, ...page.map(({ lastMessageAt }) => lastMessageAt))));
    });
  } catch (error) {
    problem.value = error instanceof Error ? error.message : String(error);
  }
}

async function search(words: string): Promise<void> {
  try {
    const found = await api<Hit[]>("GET", `${ROOT}?q=${encodeURIComponent(words)}`);
    if (query.peek().trim() === words) hits.value = found;
  } catch (error) {
    problem.value = error instanceof Error ? error.message : String(error);
  }
}

function take({ sessions, gone, hasMore }: SessionsChanged): void {
  batch(() => {
    if (listed.peek()) listed.value = withChange(listed.peek()!, { sessions, gone }, showsArchived.peek());
    const found = new Map(sessions.map((session) => [session.id, session]));
    hits.value =
      hits.peek()?.flatMap((hit) => (gone.includes(hit.id) ? [] : [{ ...hit, ...found.get(hit.id) }])) ?? null;
  });
  if (hasMore) void readAnew();
}

function markSeen({ id, lastMessageAt }: Session): void {
  remember(withSeen(seen.peek(), id, lastMessageAt));
}

function remember(next: ReturnType<typeof readSeen>): void {
  if (next === seen.peek()) return;
  seen.value = next;
  keepSeen(next);
}
