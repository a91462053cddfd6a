// Every command with its keys, each of which can be changed; the owner's own are kept in the setting `ui.keys`.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { api } from "../net/api";
import { KEYS_SETTING, chordOf, isFree, keysOf, ownKeys, shown } from "./keys";
import { type Command, commands } from "./registry";

/** The command whose keys are to be pressed next. */
export const waiting = signal<string | null>(null);
const problem = signal("");

export function stopWaiting(): void {
  waiting.value = null;
  problem.value = "";
}

async function save(keys: Readonly<Record<string, string>>): Promise<void> {
  try {
    ownKeys.value = (await api<{ value: Record<string, string> }>("PUT", KEYS_SETTING, { value: keys })).value;
  } catch (error) {
    problem.value = error instanceof Error ? error.message : String(error);
  }
}

/** What keys do while something is written; these stay as they are. */
const WRITING = [
  ["Send the message", "Enter"],
  ["Begin a new line", "Shift+Enter"],
  ["Stop the agent", "Escape"],
  ["Change what waits, or take the last message up again", "ArrowUp"],
  ["List commands; name peers, sessions, files, panes", "/ @"],
] as const;

export function KeyList({ id }: { id?: string }) {
  useEffect(() => stopWaiting, []);
  // Those with keys come first; a row that gets or loses some stays where it is while it is looked at.
  const [withKeys] = useState(() => new Set(commands().filter((one) => keysOf(one.id) !== "").map((one) => one.id)));
  const all = commands().toSorted((one, other) => Number(withKeys.has(other.id)) - Number(withKeys.has(one.id)));
  return (
    <div class="key-list" id={id} tabIndex={-1} onKeyDown={take}>
      <p class="shortcuts-hint" role="status">
        {problem.value || (waiting.value ? "Press the new keys; Backspace leaves it without, Escape as it was." : "")}
      </p>
      <div class="shortcuts-list" tabIndex={0} role="group" aria-label="All commands">
        <table>
          <tbody>
            <tr>
              <th scope="rowgroup" colSpan={2}>In the composer</th>
            </tr>
            {WRITING.map(([title, keys]) => (
              <tr key={keys}>
                <th scope="row">{title}</th>
                <td><kbd>{shown(keys)}</kbd></td>
              </tr>
            ))}
          </tbody>
          <tbody>
            <tr>
              <th scope="rowgroup" colSpan={2}>Anywhere; press the keys of a line to choose others</th>
            </tr>
            {all.map((command) => (
              <Row key={command.id} command={command} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Row({ command }: { command: Command }) {
  const keys = keysOf(command.id);
  const isWaiting = waiting.value === command.id;
  const isOwn = command.id in ownKeys.value;
  return (
    <tr>
      <th scope="row">{command.title}</th>
      <td>
        <button
          type="button"
          class="plain"
          aria-label={`Keys of ${command.title}: ${keys ? shown(keys) : "none"}`}
          onClick={() => {
            problem.value = "";
            waiting.value = command.id;
          }}
        >
          {isWaiting ? "…" : keys ? <kbd>{shown(keys)}</kbd> : <span class="no-keys">none</span>}
        </button>
        {isOwn && (
          <button type="button" class="plain" onClick={() => void putBack(command.id)}>
            Usual
          </button>
        )}
      </td>
    </tr>
  );
}

function putBack(id: string): Promise<void> {
  const { [id]: _, ...others } = ownKeys.value;
  return save(others);
}

/** Take the pressed chord for the command that waits for one. */
function take(event: KeyboardEvent): void {
  const id = waiting.value;
  const chord = chordOf(event);
  if (id === null || chord === null) return;
  event.preventDefault();
  event.stopPropagation();
  waiting.value = null;
  if (chord === "Escape") return;
  if (chord === "Backspace") return void save({ ...ownKeys.value, [id]: "" });
  const other = commands().find((one) => one.id !== id && keysOf(one.id) === chord);
  if (!isFree(chord)) problem.value = `${shown(chord)} is needed for typing; take it with Ctrl or Alt.`;
  else if (other) problem.value = `${shown(chord)} is already ${other.title}.`;
  else void save({ ...ownKeys.value, [id]: chord });
}
