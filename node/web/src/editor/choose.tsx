// An empty editor: documents by their names or folder by folder, notes, and texts that were never saved.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { ranked } from "../commands/match";
import { askText } from "../shell/ask_text";
import { Icon } from "../shell/icons";
import { capital, plainly } from "../shell/plainly";
import { type Folder, listFolder, setWorkspace } from "./documents";
import { everything, isPartOnly, lookForAll } from "./everything";
import { keptScratch } from "./kept";
import { newText, openDocument } from "./opening";

const FOUND_MAX = 60;
const LINE_MAX_CHARS = 60;
const PATH_MAX_CHARS = 1_000;

export function Choose({ instanceId }: { instanceId: string }) {
  const query = useSignal("");
  const all = everything();
  const open = (id: string) => openDocument(id, { focus: true, into: instanceId });
  const found = query.value.trim() === "" ? null : ranked(query.value, all, (uri) => [titleOf(uri)]).slice(0, FOUND_MAX);
  return (
    <div class="choose">
      <h2 class="visually-hidden">Open a file or note</h2>
      <div class="choose-head">
        <input
          type="search"
          data-autofocus
          aria-label="Find a file or note"
          placeholder="Find a file or note"
          autocomplete="off"
          spellcheck={false}
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            const first = found?.[0];
            if (event.key === "Enter" && !event.isComposing && first) open(first);
          }}
        />
        <button type="button" onClick={() => newText(instanceId)}>
          <Icon name="plus" /> New text
        </button>
      </div>
      {found ? <Found found={found} open={open} /> : <Shelves all={all} open={open} />}
    </div>
  );
}

type Open = (id: string) => unknown;

function titleOf(uri: string): string {
  return uri.replace(/^(?:file|note):/, "");
}

function Found({ found, open }: { found: readonly string[]; open: Open }) {
  return (
    <>
      <Entries label="Found" entries={found.map((uri) => ({ id: uri, title: titleOf(uri), note: uri.startsWith("note:") ? "note" : "" }))} open={open} />
      {found.length === 0 && <p role="status">No file or note has this in its name.</p>}
      {isPartOnly.value && <p>There are more files than are searched here; go through the folders for the others.</p>}
    </>
  );
}

function Shelves({ all, open }: { all: readonly string[]; open: Open }) {
  const notes = all.filter((uri) => uri.startsWith("note:"));
  const scratch = keptScratch();
  return (
    <div class="shelves">
      <Files open={open} />
      {notes.length > 0 && (
        <section>
          <h3>Notes</h3>
          <Entries label="Notes" entries={notes.slice(0, FOUND_MAX).map((uri) => ({ id: uri, title: titleOf(uri) }))} open={open} />
        </section>
      )}
      {scratch.length > 0 && (
        <section>
          <h3>Never saved</h3>
          <Entries label="Never saved" entries={scratch.map(({ id, text }) => ({ id, title: firstLine(text) }))} open={open} />
        </section>
      )}
    </div>
  );
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.slice(0, LINE_MAX_CHARS) || "Untitled";
}

function Entries({ label, entries, open }: { label: string; entries: readonly { id: string; title: string; note?: string }[]; open: Open }) {
  return (
    <ul aria-label={label}>
      {entries.map(({ id, title, note }) => (
        <li key={id}>
          <button type="button" class="plain-row" onClick={() => open(id)}>
            <Icon name="file" />
            <span class="row-title">{title}</span>
            {note && <small>{note}</small>}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The workspace, one folder at a time. */
function Files({ open }: { open: Open }) {
  const path = useSignal("");
  const folder = useSignal<Folder | null>(null);
  const hidden = useSignal(false);
  const problem = useSignal("");
  const look = async (to: string) => {
    try {
      folder.value = await listFolder(to, hidden.value);
      path.value = to;
      problem.value = "";
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  useEffect(() => void look(""), []);
  const listed = folder.value;
  if (listed && listed.root === null) return <NoFolder folder={listed} onSet={() => void look("")} />;
  return (
    <section>
      <h3>Files</h3>
      <nav class="steps" aria-label="Folders above">
        {[["", listed?.root ?? "Workspace"] as const, ...stepsOf(path.value)].map(([to, name]) => (
          <button key={to} type="button" class="plain-row" aria-current={to === path.value ? "location" : undefined} onClick={() => void look(to)}>
            {name}
          </button>
        ))}
      </nav>
      {problem.value && (
        <p role="alert">
          {problem.value} <button type="button" onClick={() => void look("")}>Go to the top</button>
        </p>
      )}
      <ul aria-label="Files">
        {listed?.entries.map((entry) => (
          <li key={entry.path}>
            <button type="button" class="plain-row" onClick={() => void (entry.folder ? look(entry.path) : open(`file:${entry.path}`))}>
              <Icon name={entry.folder ? "files" : "file"} />
              <span class="row-title">{entry.name}</span>
              {entry.folder && <span class="visually-hidden">folder</span>}
            </button>
          </li>
        ))}
      </ul>
      <label class="with-hidden">
        <input
          type="checkbox"
          checked={hidden.value}
          onChange={(event) => {
            hidden.value = event.currentTarget.checked;
            void look(path.value);
          }}
        />
        Hidden files, too
      </label>
      {listed?.entries.length === 0 && <p>Nothing is in this folder, apart from what is hidden.</p>}
      {listed?.more && <p>There is more in this folder than is listed here.</p>}
    </section>
  );
}

function stepsOf(path: string): (readonly [string, string])[] {
  const steps = path === "" ? [] : path.split("/");
  return steps.map((step, index) => [steps.slice(0, index + 1).join("/"), step] as const);
}

function NoFolder({ folder, onSet }: { folder: Folder; onSet: () => void }) {
  const problem = useSignal("");
  const choose = async () => {
    const said = await askText("The folder to edit in", {
      label: "Its whole path. Your agent's relative paths begin there, too",
      button: "Use it",
      value: folder.home ?? "",
      maxChars: PATH_MAX_CHARS,
    });
    if (!said) return;
    await setWorkspace(said).catch((error: unknown) => {
      problem.value = error instanceof Error ? error.message : String(error);
    });
    void lookForAll();
    onSet();
  };
  return (
    <section>
      <h3>Files</h3>
      <p>{plainly(capital(folder.problem ?? "no folder is set"))}. Notes and new texts work without one.</p>
      {problem.value && <p role="alert">{problem.value}</p>}
      <button type="button" onClick={() => void choose()}>
        <Icon name="files" /> Choose a folder…
      </button>
    </section>
  );
}
