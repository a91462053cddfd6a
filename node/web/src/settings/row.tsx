// One setting: its name, what it means, its control, what is wrong with it, and the way back to the default.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { mayFocus } from "../layout/keyboard";
import { plainly } from "../shell/plainly";
import { Editor } from "./editor";
import { type Setting, isDefault, nameOf } from "./groups";
import { inWords } from "./kinds";
import { problems, reset } from "./store";
import { bringIntoView } from "./view";

interface RowProps {
  setting: Setting;
  /** Whether somebody came here for it: it is brought into view and takes the keyboard. */
  isWanted?: boolean;
  /** Its control, where the schema's own is not good enough. */
  children?: ComponentChildren;
}

export function idOf(key: string): string {
  return `setting-${key.replaceAll(".", "-")}`;
}

export function SettingRow({ setting, isWanted = false, children }: RowProps) {
  const { key, description } = setting;
  const box = useRef<HTMLDivElement>(null);
  const id = idOf(key);
  useEffect(() => {
    if (!isWanted) return;
    bringIntoView(box.current);
    if (!mayFocus(box.current)) return;
    box.current?.querySelector<HTMLElement>(`#${id}, input, select, textarea, button`)?.focus({ preventScroll: true });
  }, [isWanted]);
  return (
    <div ref={box} class="setting" data-key={key} data-wanted={isWanted || undefined}>
      <div class="setting-head">
        <label for={id}>{nameOf(key)}</label>
        <code>{key}</code>
        {!isDefault(setting) && (
          <button type="button" class="plain" title={`Back to the default: ${inWords(setting.default)}`} onClick={() => void reset(key)}>
            Reset<span class="visually-hidden"> {nameOf(key)}</span> to {inWords(setting.default).slice(0, 40)}
          </button>
        )}
      </div>
      <p id={`${id}-about`}>{plainly(description)}</p>
      {children ?? <Editor setting={setting} id={id} />}
      <p id={`${id}-problem`} class="problem" role="alert">{problems.value.get(key)}</p>
    </div>
  );
}
