// The question what shall count when a document was changed elsewhere: how the two differ, and the choice.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import type { Buffer } from "./buffers";
import type { Stale } from "./documents";

export function Conflict({ buffer, conflict }: { buffer: Buffer; conflict: Stale }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const { current } = conflict;
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let view: { destroy: () => void } | null = null;
    let isGone = false;
    void import("./surface").then(({ differences }) => {
      if (current && host.current && !isGone) view = differences(host.current, current.content, buffer.surface.peek()?.fileText() ?? "");
    });
    return () => {
      isGone = true;
      view?.destroy();
    };
  }, [current]);
  const later = () => {
    buffer.conflict.value = null;
    buffer.surface.peek()?.focus();
  };
  return (
    <dialog ref={dialog} class="conflict" aria-labelledby="conflict-title" onClose={later}>
      <h2 id="conflict-title">{current ? `${buffer.name} was changed elsewhere` : `${buffer.name} was deleted elsewhere`}</h2>
      <p>
        {current
          ? "Struck out is what is on the disk, marked as new is what you wrote. Nothing was saved yet."
          : "What you wrote is still here; saving makes the file again."}
      </p>
      {current && <div ref={host} class="conflict-differences" />}
      <footer>
        <button type="button" onClick={() => dialog.current?.close()}>
          Decide later
        </button>
        {current && (
          <button type="button" onClick={() => buffer.takeTheirs()}>
            Reload
          </button>
        )}
        <button type="button" class="primary" onClick={() => void buffer.keepMine()}>
          {current ? "Keep mine" : "Save it again"}
        </button>
      </footer>
    </dialog>
  );
}
