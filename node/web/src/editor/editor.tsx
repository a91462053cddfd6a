// The editor's pane: one document with what can be done to it, or a place to choose one.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { shownKeys } from "../commands/keys";
import type { PaneProps } from "../panes/registry";
import { Icon } from "../shell/icons";
import { type Buffer, bufferOf } from "./buffers";
import { Choose } from "./choose";
import { Conflict } from "./conflict";
import { save, shownIn } from "./opening";
import { ProposalBar } from "./proposal_bar";
import "./editor.css";

export function Editor({ instanceId, params }: PaneProps) {
  const id = shownIn(params);
  return id === null ? <Choose instanceId={instanceId} /> : <Open key={id} buffer={bufferOf(id)} />;
}

function Open({ buffer }: { buffer: Buffer }) {
  useEffect(() => void buffer.lookAgain(), []);
  const conflict = buffer.conflict.value;
  return (
    <div class="editor">
      <Head buffer={buffer} />
      {buffer.problem.value && <Problem buffer={buffer} />}
      {buffer.proposal.value && <ProposalBar buffer={buffer} proposal={buffer.proposal.value} />}
      <Host buffer={buffer} />
      <p class="editor-foot">
        <span>{buffer.language === "text" ? "plain text" : buffer.language}</span>
        <span>Tab indents; Escape, then Tab leaves</span>
      </p>
      {conflict && <Conflict buffer={buffer} conflict={conflict} />}
    </div>
  );
}

function Head({ buffer }: { buffer: Buffer }) {
  const isDirty = buffer.isDirty.value;
  const note = buffer.note.value || (isDirty ? "Not saved" : "");
  return (
    <header class="editor-head">
      <h2 title={buffer.uri ?? undefined}>{buffer.uri?.replace(/^file:/, "") ?? buffer.name}</h2>
      {buffer.isPrivate.value && (
        <span class="editor-private" title="Hidden, or named like a secret: it never goes along with a message">
          <Icon name="lock" /> not for the agent
        </span>
      )}
      <span class="editor-note" role="status">
        {note}
      </span>
      <button type="button" disabled={!isDirty} title={`Save (${shownKeys("editor.save")})`} onClick={() => void save(buffer)}>
        {buffer.uri === null ? "Save as…" : "Save"}
      </button>
    </header>
  );
}

function Problem({ buffer }: { buffer: Buffer }) {
  return (
    <p class="editor-problem" role="alert">
      <Icon name="warning" /> {buffer.problem.value}
      {!buffer.surface.value && (
        <button type="button" onClick={() => buffer.retry()}>
          Try again
        </button>
      )}
    </p>
  );
}

/** The place of the writing surface, which outlives it. */
function Host({ buffer }: { buffer: Buffer }) {
  const host = useRef<HTMLDivElement>(null);
  const surface = buffer.surface.value;
  useLayoutEffect(() => {
    if (!surface || !host.current) return;
    const { dom } = surface.view;
    host.current.append(dom);
    surface.view.requestMeasure();
    // The pane may have had the keyboard before there was anything to write in.
    if (document.activeElement === host.current.closest("[data-pane]")) surface.focus();
    return () => dom.remove();
  }, [surface]);
  return <div ref={host} class="editor-host" aria-busy={!surface && buffer.problem.value === ""} />;
}
