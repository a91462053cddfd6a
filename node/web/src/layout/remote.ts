// The workspaces as the node keeps them, over `/api/layout`.

import type { Layout as StoredLayout } from "../wire.gen";
import type { Layout } from "./model";

export interface Workspace {
  readonly id: string;
  readonly title: string;
  readonly revision: number;
}

export interface Stored extends Workspace {
  /** Null: what is stored does not fit any more. */
  readonly layout: Layout | null;
}

/** Somebody else changed the workspace meanwhile; this is how it is now. */
export class Stale extends Error {
  constructor(readonly current: Stored) {
    super("the workspace was changed meanwhile");
  }
}

export class Gone extends Error {}

/** What the node says no to, in its own words. */
export class Refused extends Error {}

export interface Remote {
  list(): Promise<{ workspaces: readonly Workspace[]; active: string | null }>;
  read(id: string): Promise<Stored>;
  /** Store a change to what was there at `revision`; 0 for a workspace that is not there yet. */
  put(id: string, change: { revision: number; title?: string; layout?: Layout }): Promise<Workspace>;
  create(title: string, layout: Layout): Promise<Workspace>;
  remove(id: string): Promise<void>;
  /** Let it be the one that a new page shows first. */
  remember(id: string): Promise<void>;
}

export const remote: Remote = {
  list: () => call("GET", "/api/layout"),
  read: async (id) => read(await call("GET", `/api/layout/${id}`)),
  put: (id, change) => call("PUT", `/api/layout/${id}`, change),
  create: (title, layout) => call("POST", "/api/layout", { title, layout }),
  remove: (id) => call("DELETE", `/api/layout/${id}`),
  remember: (id) => call("PUT", "/api/settings/ui.workspace", { value: id }),
};

/** Browsers refuse more than 64 KiB. */
const KEEPALIVE_MAX_CHARS = 16_000;

/** Take what the node's model says as what the operations work on; the two agree, or this does not compile. */
function read({ layout, ...workspace }: Workspace & { layout: StoredLayout | null }): Stored {
  return { ...workspace, layout };
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const text = body === undefined ? "" : JSON.stringify(body);
  // A change that is made while the page closes is still sent, if it is as small as browsers want it then.
  const keepalive = method === "PUT" && text.length < KEEPALIVE_MAX_CHARS;
  const response = await fetch(path, { method, keepalive, ...(text && { body: text }) });
  const answer = response.status === 204 ? undefined : await response.json();
  if (response.ok) return answer as T;
  if (answer.code === "layout_stale") throw new Stale(read(answer));
  if (response.status === 404) throw new Gone(answer.error);
  throw new Refused(answer.error ?? response.statusText);
}
