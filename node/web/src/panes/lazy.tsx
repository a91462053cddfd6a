// Panes whose code comes when they are first opened; all but the conversation should be such.

import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { Later } from "../net/later";
import { socket } from "../net/socket";
import type { PaneProps } from "./registry";

/** Return a pane's component that fetches the real one: `lazy(async () => (await import("./view")).Files)`. */
export function lazy(fetch: () => Promise<ComponentType<PaneProps>>): ComponentType<PaneProps> {
  const view = new Later(fetch);
  return function Lazy(props: PaneProps) {
    // Tried again with each change of the connection: what could not be fetched was missing with it.
    const connection = socket.state.value;
    useEffect(() => view.want(), [connection]);
    const View = view.part.value;
    return View ? <View {...props} /> : <Coming view={view} />;
  };
}

function Coming({ view }: { view: Later<unknown> }) {
  const place = useRef<HTMLDivElement>(null);
  // The pane may have taken the keyboard while it was empty; then what it holds takes it on.
  useLayoutEffect(() => {
    const pane = place.current?.closest<HTMLElement>(".pane");
    return () => void (pane && queueMicrotask(() => passOn(pane)));
  }, []);
  return (
    <div ref={place} class="pane-coming" aria-busy={!view.isMissing.value}>
      {view.isMissing.value && (
        <p role="alert">
          This pane could not be fetched from the node.{" "}
          <button type="button" onClick={() => view.want()}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

function passOn(pane: HTMLElement): void {
  if (document.activeElement === pane) pane.querySelector<HTMLElement>("[data-autofocus]")?.focus({ preventScroll: true });
}
