// What fits at the cursor: commands after a slash, and after an @ peers, sessions and panes.

import { useEffect, useRef } from "preact/hooks";

import { api } from "../net/api";
import { Icon, type IconName } from "../shell/icons";
import { slashCommands } from "./slash";
import { mentionSources } from "./surroundings";

export interface Suggestion {
  icon: IconName;
  title: string;
  detail: string;
  /** Takes the place of what was typed. */
  text: string;
  /** What class it is of, where that matters. */
  kind?: string;
  /** Other ways to type it. */
  alsoTyped?: readonly string[];
  /** It is a whole message already. */
  isWhole?: boolean;
}

export interface Suggested {
  /** Where in the text the typed word begins. */
  from: number;
  to: number;
  list: readonly Suggestion[];
}

const SHOWN_MAX = 8;
/** There are fewer; all of them can be walked through. */
const COMMANDS_MAX = 100;

/** Find what fits before the cursor; null where nothing is asked for. */
export async function suggest(text: string, cursor: number): Promise<Suggested | null> {
  const before = text.slice(0, cursor);
  const command = /^\/([\w-]*|\?)$/.exec(before);
  if (command) return listed(0, cursor, commandsLike(command[1] ?? ""), COMMANDS_MAX);
  const mention = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (!mention) return null;
  const wanted = (mention[1] ?? "").toLowerCase();
  return listed(cursor - wanted.length - 1, cursor, await mentionsLike(wanted));
}

function listed(from: number, to: number, list: readonly Suggestion[], max = SHOWN_MAX): Suggested | null {
  return list.length === 0 ? null : { from, to, list: list.slice(0, max) };
}

function commandsLike(wanted: string): readonly Suggestion[] {
  return slashCommands()
    .filter(({ name, aliases }) => [name, ...aliases].some((one) => one.startsWith(wanted)))
    .map(({ name, aliases, kind, arguments: takes, hint }) => ({
      icon: "command",
      title: `/${name} ${takes}`.trim(),
      detail: hint,
      kind,
      text: takes ? `/${name} ` : `/${name}`,
      alsoTyped: aliases.map((alias) => `/${alias}`),
      isWhole: takes === "",
    }));
}

async function mentionsLike(wanted: string): Promise<readonly Suggestion[]> {
  const sources = [peers(), sessions(), ...mentionSources.value.map((source) => source())];
  const found = await Promise.allSettled(sources);
  return found
    .flatMap((one) => (one.status === "fulfilled" ? one.value : []))
    .filter(({ title }) => title.toLowerCase().includes(wanted));
}

async function peers(): Promise<Suggestion[]> {
  const all = await api<{ nodeId: string; name: string; label: string; connected: boolean }[]>("GET", "/api/network/peers");
  return all.map(({ name, label, connected }) => ({
    icon: "peers",
    title: label || name,
    detail: connected ? "peer" : "peer, not connected",
    text: `@${name} `,
  }));
}

async function sessions(): Promise<Suggestion[]> {
  const all = await api<{ id: string; title: string }[]>("GET", "/api/chat/sessions");
  return all.map(({ id, title }) => ({ icon: "sessions", title: title || id, detail: "session", text: `session “${title}” (${id}) ` }));
}

export function Suggestions({ id, list, chosen, onChoose }: { id: string; list: readonly Suggestion[]; chosen: number; onChoose: (index: number) => void }) {
  const box = useRef<HTMLUListElement>(null);
  useEffect(() => box.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen, list]);
  return (
    <ul ref={box} id={id} class="suggestions" role="listbox" aria-label="Suggestions">
      {list.map(({ icon, title, detail, kind }, index) => (
        <li
          key={index}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
          // A press must not take the keyboard away from the text.
          onPointerDown={(event) => {
            event.preventDefault();
            onChoose(index);
          }}
        >
          <Icon name={icon} />
          <span>{title}</span>
          <small>{detail}</small>
          {kind && <small class="kind">{kind}</small>}
        </li>
      ))}
    </ul>
  );
}
