// Sharing another folder. The page sees no folders of this machine, so its path is typed.

import { useState } from "preact/hooks";

import { useDoing } from "../peers/doing";
import { Problem } from "../peers/problem";
import { share } from "./shares";
import { Whom } from "./whom";

const PATH_MAX_CHARS = 4_000;

export function AddShare() {
  const doing = useDoing();
  const [folder, setFolder] = useState("");
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const add = async () => {
    if (!(await doing.run(() => share(folder.trim(), chosen)))) return;
    // Who goes on to the next folder while this one is read keeps what is typed.
    setFolder((now) => (now === folder ? "" : now));
    setChosen((now) => (now === chosen ? null : now));
  };
  return (
    <form
      class="add-share"
      aria-labelledby="add-share-title"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <h3 id="add-share-title">Share a folder</h3>
      <label class="field">
        Its path on this machine
        <input
          type="text"
          data-autofocus
          value={folder}
          placeholder="~/bakery/handbook"
          maxLength={PATH_MAX_CHARS}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setFolder(event.currentTarget.value)}
        />
      </label>
      <p class="soft">
        Hidden files, links that lead elsewhere, and what looks like keys or passwords are left out. Peers see file names below
        the folder's own name, never where it lies.
      </p>
      <Whom chosen={chosen} choose={setChosen} />
      <button type="submit" class="primary" disabled={doing.isBusy || folder.trim() === "" || chosen?.length === 0}>
        {doing.isBusy ? "Reading its files…" : "Share it"}
      </button>
      <Problem of={doing} />
    </form>
  );
}
