// The owner's documents as the node keeps them: files of the workspace, and notes.

import { ApiError, api } from "../net/api";

export interface Document {
  /** `file:docs/plan.md` or `note:inbox`. */
  readonly uri: string;
  readonly content: string;
  readonly revision: string;
  readonly language: string;
  /** Hidden, or named like a secret: nothing for the agent. */
  readonly private: boolean;
}

export interface Folder {
  /** Null while the owner has set no workspace. */
  readonly root: string | null;
  readonly home?: string;
  readonly problem?: string;
  readonly entries: readonly { readonly name: string; readonly path: string; readonly folder: boolean }[];
  readonly more: boolean;
}

export interface Everything {
  readonly notes: readonly string[];
  readonly files: readonly string[];
  readonly more: boolean;
}

/** The document is not what was changed any more; null: it is gone. */
export class Stale extends Error {
  constructor(
    message: string,
    readonly current: Document | null,
  ) {
    super(message);
  }
}

export function readDocument(uri: string): Promise<Document> {
  return api("GET", `/api/files/content?uri=${encodeURIComponent(uri)}`);
}

/** Store a whole document, a new one without a revision; rejects with `Stale` when it is another by now. */
export async function writeDocument(uri: string, content: string, revision: string | null): Promise<Document> {
  try {
    return await api("PUT", "/api/files/content", { uri, content, revision });
  } catch (problem) {
    if (!(problem instanceof ApiError) || problem.code !== "stale") throw problem;
    const current = await readDocument(uri).catch((gone: unknown) => {
      if (gone instanceof ApiError && gone.code === "not_found") return null;
      throw gone;
    });
    throw new Stale(problem.message, current);
  }
}

export function listFolder(path: string, hidden: boolean): Promise<Folder> {
  return api("GET", `/api/files?path=${encodeURIComponent(path)}&hidden=${hidden}`);
}

export function listEverything(): Promise<Everything> {
  return api("GET", "/api/files/all");
}

export function setWorkspace(folder: string): Promise<unknown> {
  return api("PUT", "/api/settings/agent.workspace", { value: folder });
}

/** Return what a document is called: a file by its last step, a note by its name. */
export function nameOf(uri: string): string {
  const path = uri.replace(/^(?:file|note):/, "");
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Return the address that somebody means: one as it is, else a path from the workspace on. */
export function addressOf(text: string): string {
  return /^(?:file|note):/.test(text) ? text : `file:${text.replace(/^\.\//, "")}`;
}
