// One pane: its place on the screen, and what it keeps while another is in front.

import { Component, type ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

import { paneKind } from "../panes/registry";
import type { LayoutController } from "./controller";
import type { Area } from "./geometry";
import type { Pane } from "./model";
import { box } from "./view";

/** The control of each pane that had the keyboard last. */
const lastFocused = new Map<string, WeakRef<Element>>();

export function PaneSection({
  controller,
  pane,
  area,
  level,
  front,
}: {
  controller: LayoutController;
  pane: Pane;
  area: Area | null;
  level: number;
  front: boolean;
}) {
  const kind = paneKind(pane.kind);
  const isShown = front && area !== null;
  const wasShown = useRef(false);
  wasShown.current ||= isShown;
  if (!kind) return null;
  const View = kind.component;
  const hasFocus = controller.active.value?.id === pane.id;
  return (
    <section
      id={`pane-${pane.id}`}
      class="pane"
      role="tabpanel"
      aria-labelledby={`tab-${pane.id}`}
      tabIndex={-1}
      data-pane={pane.id}
      data-kind={pane.kind}
      data-active={hasFocus || undefined}
      data-hidden={!isShown || undefined}
      style={{ ...(area && box(area)), zIndex: level }}
      onFocusIn={(event) => {
        controller.focused.value = pane.id;
        if (event.target instanceof Element && event.target !== event.currentTarget) {
          lastFocused.set(pane.id, new WeakRef(event.target));
        }
      }}
      onPointerDown={() => front && raise(controller, pane.id)}
    >
      {wasShown.current && (
        <Guarded title={kind.title}>
          <View instanceId={pane.id} params={pane.params} />
        </Guarded>
      )}
    </section>
  );
}

/** Bring a floating pane that is pressed before the others. */
function raise(controller: LayoutController, paneId: string): void {
  controller.focused.value = paneId;
  const floats = controller.layout.peek().floats;
  const mine = floats.find((float) => float.group.panes.some((pane) => pane.id === paneId));
  if (mine && mine !== floats.at(-1)) controller.focus(paneId);
}

/** Give the keyboard to a pane: to the control that had it last, else to the one that wants it, else to the pane. */
export function focusWithin(host: HTMLElement, paneId: string): void {
  const section = host.querySelector<HTMLElement>(`#pane-${CSS.escape(paneId)}`);
  const last = lastFocused.get(paneId)?.deref();
  const known = last instanceof HTMLElement && section?.contains(last) ? last : null;
  known?.focus({ preventScroll: true });
  if (known && document.activeElement === known) return;
  (section?.querySelector<HTMLElement>("[data-autofocus]") ?? section)?.focus({ preventScroll: true });
}

/** Keeps what fails in one pane from taking the others along. */
class Guarded extends Component<{ title: string; children: ComponentChildren }, { problem: string | null }> {
  override state = { problem: null };

  static override getDerivedStateFromError(problem: unknown): { problem: string } {
    return { problem: problem instanceof Error ? problem.message : String(problem) };
  }

  override render() {
    if (this.state.problem === null) return this.props.children;
    return (
      <div class="pane-failed" role="alert">
        <p>
          {this.props.title} failed: {this.state.problem}
        </p>
        <button type="button" onClick={() => this.setState({ problem: null })}>
          Show it again
        </button>
      </div>
    );
  }
}
