// One bubble: the command, what it said, and the question that it asks before it does something.

import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../shell/icons";
import { type Block, type Bubble, type Confirm, removeBubble } from "./bubbles";
import { runCommand } from "./slash";
import type { ConversationView } from "./views";
import "./bubble.css";

export function BubbleView({ bubble, view }: { bubble: Bubble; view: ConversationView }) {
  const { line, shown, confirm, problem, progress, isRunning } = bubble;
  return (
    <section class="bubble" aria-label={`What ${firstWord(line)} says`} aria-busy={isRunning}>
      <header>
        <code>{line}</code>
        <small>only here</small>
        {isRunning ? (
          <button type="button" class="plain" onClick={bubble.stop}>
            Stop
          </button>
        ) : (
          <button type="button" class="plain" aria-label="Take away" title="Take away" onClick={() => removeBubble(view.id, bubble.id)}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <div role="status">
        {shown.map((block, index) => (
          <BlockView key={index} block={block} />
        ))}
        {isRunning && <p class="soft">{progress || "working…"}</p>}
      </div>
      {problem !== null && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {confirm && <Question confirm={confirm} bubble={bubble} view={view} />}
    </section>
  );
}

function BlockView({ block }: { block: Block }) {
  if (block.rows) return <TableView head={block.head ?? []} rows={block.rows} />;
  return <pre>{block.ticket ?? block.text}</pre>;
}

function TableView({ head, rows }: { head: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <div class="bubble-table" role="group" tabIndex={0} aria-label="Table">
      <table>
        {head.length > 0 && (
          <thead>
            <tr>
              {head.map((name, index) => (
                // A column of marks has no name of its own.
                <th key={index} scope="col" aria-label={name || "mark"}>
                  {name.toLowerCase()}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The keyboard begins on Cancel; the command's own line says what is confirmed. */
function Question({ confirm, bubble, view }: { confirm: Confirm; bubble: Bubble; view: ConversationView }) {
  const cancel = useRef<HTMLButtonElement>(null);
  useEffect(() => cancel.current?.focus(), []);
  const leave = () => {
    removeBubble(view.id, bubble.id);
    cancel.current?.closest("[data-pane]")?.querySelector<HTMLElement>(".writing textarea")?.focus();
  };
  return (
    <div class="bubble-question" role="group" aria-label={confirm.question} onKeyDown={({ key }) => key === "Escape" && leave()}>
      <p>{confirm.question}</p>
      <button type="button" ref={cancel} onClick={leave}>
        Cancel
      </button>
      <button
        type="button"
        class="alarming"
        onClick={() => {
          leave();
          void runCommand(view, confirm.line);
        }}
      >
        {confirm.action}
      </button>
    </div>
  );
}

function firstWord(line: string): string {
  return line.split(/\s/, 1)[0] ?? line;
}
