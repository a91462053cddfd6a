// The palette: type to find a command or anything that can be shown.

import { computed, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

import { Icon, type IconName } from "../shell/icons";
import { shownKeys } from "./keys";
import { ranked } from "./match";
import { commands, isAvailable } from "./registry";
import { type Target, targets } from "./targets";

const SHOWN_MAX = 60;

interface Choice {
  id: string;
  title: string;
  detail: string;
  icon: IconName;
  keys: string;
  run: () => unknown;
}

const query = signal("");
const found = signal<readonly Target[]>([]);
const index = signal(0);
let dialog: HTMLDialogElement | null = null;

const choices = computed<Choice[]>(() => {
  const all = [
    ...commands().filter(isAvailable).map(commandChoice),
    ...found.value.map((target) => targetChoice(target)),
  ];
  return ranked(query.value, all, (choice) => [choice.title, `${choice.detail} ${choice.title}`]).slice(0, SHOWN_MAX);
});

function commandChoice({ id, title, run }: ReturnType<typeof commands>[number]): Choice {
  return { id: `command ${id}`, title, detail: "", icon: "command", keys: shownKeys(id), run };
}

function targetChoice({ kind, id, title, icon, show }: Target): Choice {
  return { id: `${kind} ${id}`, title, detail: kind, icon, keys: "", run: () => show(true) };
}

/** Open the palette at once: a letter that is typed right after the key that opens it belongs to it. */
export function openPalette(): void {
  if (!dialog || dialog.open) return;
  query.value = "";
  index.value = 0;
  dialog.showModal();
  void targets().then((all) => {
    found.value = all;
  });
}

export function Palette() {
  const own = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    dialog = own.current;
  }, []);
  const shown = choices.value;
  const at = Math.min(index.value, shown.length - 1);
  useLayoutEffect(() => {
    list.current?.children[at]?.scrollIntoView?.({ block: "nearest" });
  }, [at]);
  return (
    <dialog ref={own} class="palette" aria-label="Commands and everything else" onClick={closeOutside}>
      <input
        type="text"
        role="combobox"
        aria-label="Find a command, a pane, a session, a peer, a setting"
        aria-expanded="true"
        aria-controls="palette-choices"
        aria-autocomplete="list"
        aria-activedescendant={shown[at] ? optionId(at) : undefined}
        placeholder="Find a command, a session, a peer, a setting"
        autocomplete="off"
        spellcheck={false}
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value;
          index.value = 0;
        }}
        onKeyDown={(event) => steer(event, shown, at)}
      />
      <ul ref={list} id="palette-choices" role="listbox" aria-label="Found" tabIndex={-1}>
        {shown.map((choice, position) => (
          <li
            key={choice.id}
            id={optionId(position)}
            role="option"
            aria-selected={position === at}
            onClick={() => choose(choice)}
          >
            <Icon name={choice.icon} />
            <span class="palette-title">{choice.title}</span>
            <span class="palette-detail">{choice.detail}</span>
            {choice.keys && <kbd>{choice.keys}</kbd>}
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p class="palette-none">Nothing fits.</p>}
    </dialog>
  );
}

function optionId(position: number): string {
  return `palette-choice-${position}`;
}

function steer(event: KeyboardEvent, shown: readonly Choice[], at: number): void {
  const chosen = shown[at];
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 8, shown.length - 1), PageUp: Math.max(at - 8, 0) }[
    event.key
  ];
  if (to !== undefined && shown.length > 0) {
    event.preventDefault();
    index.value = (to + shown.length) % shown.length;
  } else if (event.key === "Enter" && !event.isComposing && chosen) {
    event.preventDefault();
    choose(chosen);
  }
}

/** Close first: what the choice gives the keyboard to keeps it. */
function choose(choice: Choice): void {
  dialog?.close();
  void choice.run();
}

function closeOutside(event: MouseEvent): void {
  if (event.target === event.currentTarget) dialog?.close();
}
