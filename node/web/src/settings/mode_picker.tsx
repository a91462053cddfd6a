// How much the agent may do unasked, each mode with what it means.

import { told } from "./editor";
import type { Setting } from "./groups";
import { put } from "./store";

const MODES: readonly { id: string; title: string; text: string }[] = [
  { id: "plan", title: "Plan", text: "It reads and thinks; nothing is changed and nothing goes out." },
  { id: "default", title: "Ask before acting", text: "It reads unasked, and asks before it does anything else." },
  { id: "acceptEdits", title: "Accept edits", text: "It also changes files unasked, and asks for the rest." },
  { id: "autonomous", title: "Act without asking", text: "It does what it thinks right. Ruinous commands and your rules still ask or stop it." },
];

export function ModePicker({ setting: { key, value }, id }: { setting: Setting; id: string }) {
  return (
    <div class="mode-picker" role="radiogroup" id={id} tabIndex={-1} aria-label="Mode" {...told(key, id)}>
      {MODES.map((mode) => (
        <label key={mode.id} data-chosen={value === mode.id}>
          <input type="radio" name={id} checked={value === mode.id} onChange={() => void put(key, mode.id)} />
          <span>
            <strong>{mode.title}</strong>
            <span>{mode.text}</span>
          </span>
        </label>
      ))}
    </div>
  );
}
