// The pane of sessions: find one, open one, begin one.

import { useEffect } from "preact/hooks";

import { shownKeys } from "../commands/keys";
import { command } from "../commands/registry";
import { Icon } from "../shell/icons";
import { MenuButton } from "../shell/menu";
import { chooseFile } from "./actions";
import { hits, listed, problem, query, readAnew, showArchived, showsArchived, watchSessions } from "./list";
import { Rows } from "./rows";
import "./sessions.css";

export function Sessions() {
  useEffect(watchSessions, []);
  return (
    <div class="sessions">
      <h2 class="visually-hidden">Sessions</h2>
      <header>
        <button type="button" class="new-session" data-autofocus title={`New conversation (${shownKeys("chat.new")})`} onClick={() => void command("chat.new")?.run()}>
          <Icon name="plus" />
          New conversation
        </button>
        <MenuButton label="More for sessions" items={menu}>
          <Icon name="menu" />
        </MenuButton>
      </header>
      <Search />
      {showsArchived.value && hits.value === null && (
        <p class="archive-head">
          Archived
          <button type="button" class="plain" onClick={() => showArchived(false)}>Back to the list</button>
        </p>
      )}
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value} <button type="button" onClick={() => void readAnew()}>Try again</button>
        </p>
      )}
      <List />
    </div>
  );
}

function Search() {
  return (
    <label class="session-search">
      <Icon name="search" />
      <span class="visually-hidden">Find in all conversations</span>
      <input
        type="search"
        placeholder="Find in all conversations"
        autocomplete="off"
        spellcheck={false}
        value={query.value}
        onInput={(event) => (query.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && query.value) {
            event.preventDefault();
            query.value = "";
          } else if (event.key === "ArrowDown") {
            event.preventDefault();
            event.currentTarget.closest(".sessions")?.querySelector<HTMLElement>(".session-open[tabindex='0']")?.focus();
          }
        }}
      />
    </label>
  );
}

function List() {
  const found = hits.value;
  const known = listed.value;
  if (found) {
    return (
      <>
        <p class="found" role="status">{found.length === 0 ? `Nothing holds “${query.value.trim()}”.` : found.length === 1 ? "1 conversation" : `${found.length} conversations`}</p>
        <Rows key="found" label="Found conversations" sessions={found} hasMore={false} />
      </>
    );
  }
  if (known === null) return <p>{problem.value ? "" : "Reading…"}</p>;
  if (known.sessions.length === 0) return <p>{showsArchived.value ? "Nothing is archived." : "What you talk about with your agent is kept here, on this machine."}</p>;
  const label = showsArchived.value ? "Archived conversations" : "Conversations";
  return <Rows key={label} label={label} sessions={known.sessions} hasMore={known.hasMore} />;
}

function menu() {
  return [
    { title: "Conversations", checked: !showsArchived.value, run: () => showArchived(false) },
    { title: "Archived conversations", checked: showsArchived.value, run: () => showArchived(true) },
    null,
    { title: "Import a conversation…", run: chooseFile },
  ];
}
