// What fits at the cursor: commands after a slash, and after an @ whatever can be named.

import { useEffect, useRef } from "preact/hooks";

import { Icon, type IconName } from "../shell/icons";
import { slashCommands } from "./slash";

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

/** Find what fits before the cursor; null where nothing is asked for. */
export async function suggest(text: string, cursor: number): Promise<Suggested | null> {
  const before = text.slice(0, cursor);
  const command = /^\/([\w-]*|\?)$/.exec(before);
  if (command) return listed(0, cursor, commandsLike(command[1]?.toLowerCase() ?? ""));
  const mention = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (!mention) return null;
  const wanted = mention[1] ?? "";
  const { mentionsLike } = await import("./mentions");
  return listed(cursor - wanted.length - 1, cursor, await mentionsLike(wanted));
}

function listed(from: number, to: number, list: readonly Suggestion[]): Suggested | null {
  return list.length === 0 ? null : { from, to, list };
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

export function Suggestions({ id, list, chosen, onChoose }: { id: string; list: readonly Suggestion[]; chosen: number; onChoose: (index: number) => void }) {
  const box = useRef<HTMLUListElement>(null);
  useEffect(() => box.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen, list]);
  return (
    <ul
      ref={box}
      id={id}
      class="suggestions"
      role="listbox"
      aria-label="Suggestions"
      tabIndex={0}
      // A press, also on the scroll bar, must not take the keyboard away from the text.
      onMouseDown={(event) => event.preventDefault()}
    >
      {list.map(({ icon, title, detail, kind }, index) => (
        <li
          key={index}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
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
