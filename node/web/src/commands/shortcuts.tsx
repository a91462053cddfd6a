// The list of shortcuts as a dialog, from wherever the owner is.

import { useLayoutEffect, useRef } from "preact/hooks";

import { Later } from "../net/later";

const list = new Later(() => import("./key_list"));
let dialog: HTMLDialogElement | null = null;

export function openShortcuts(): void {
  list.want();
  list.part.peek()?.stopWaiting();
  if (dialog && !dialog.open) dialog.showModal();
}

export function Shortcuts() {
  const own = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog = own.current;
  }, []);
  const KeyList = list.part.value?.KeyList;
  return (
    <dialog ref={own} class="shortcuts" aria-labelledby="shortcuts-title" onCancel={keepOpen}>
      <header>
        <h2 id="shortcuts-title">Shortcuts</h2>
        <button type="button" onClick={() => own.current?.close()}>
          Close
        </button>
      </header>
      {KeyList && <KeyList />}
    </dialog>
  );
}

/** Escape ends the waiting for keys before it closes the list. */
function keepOpen(event: Event): void {
  if (list.part.peek()?.waiting.peek() != null) event.preventDefault();
}
