// The list of shortcuts, where each can be changed; the owner's own are kept in the setting `ui.keys`.

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

import { chordOf, isFree, keysOf, ownKeys, shown } from "./keys";
import { type Command, commands } from "./registry";

const waiting = signal<string | null>(null);
const problem = signal("");
let dialog: HTMLDialogElement | null = null;

export function openShortcuts(): void {
  waiting.value = null;
  problem.value = "";
  if (dialog && !dialog.open) dialog.showModal();
}

/** Fetch the owner's keys from the node. */
export async function loadKeys(): Promise<void> {
  const response = await fetch("/api/settings/ui.keys");
  if (response.ok) ownKeys.value = (await response.json()).value;
}

async function save(keys: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch("/api/settings/ui.keys", { method: "PUT", body: JSON.stringify({ value: keys }) });
  const answer = await response.json();
  if (response.ok) ownKeys.value = answer.value;
  else problem.value = answer.error;
}

export function Shortcuts() {
  const own = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog = own.current;
  }, []);
  return (
    <dialog ref={own} class="shortcuts" aria-labelledby="shortcuts-title" onKeyDown={take} onCancel={keepOpen}>
      <header>
        <h2 id="shortcuts-title">Shortcuts</h2>
        <button type="button" onClick={() => own.current?.close()}>
          Close
        </button>
      </header>
      <p class="shortcuts-hint" role="status">
        {problem.value || (waiting.value ? "Press the new keys; Backspace leaves it without, Escape as it was." : "")}
      </p>
      <div class="shortcuts-list" tabIndex={0} role="group" aria-label="All commands">
        <table>
          <tbody>
            {commands().map((command) => (
              <Row key={command.id} command={command} />
            ))}
          </tbody>
        </table>
      </div>
    </dialog>
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
          {isWaiting ? "…" : keys ? <kbd>{shown(keys)}</kbd> : "–"}
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

/** Escape ends the waiting for keys before it closes the list. */
function keepOpen(event: Event): void {
  if (waiting.value !== null) event.preventDefault();
}
