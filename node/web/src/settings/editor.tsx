// The fitting control for a setting: it sends what was chosen at once, and what was typed when it is complete.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { type Setting, nameOf } from "./groups";
import { type Kind, bounds, kindOf, readTyped, typedOf } from "./kinds";
import { amend, problems, put, refuse } from "./store";

/** Values that say too little by themselves. */
const IN_WORDS: Readonly<Record<string, string>> = {
  plan: "Plan: reads only",
  default: "Ask before acting",
  acceptEdits: "Accept edits, ask for the rest",
  autonomous: "Act without asking",
  auto: "Automatic",
  light: "Light",
  dark: "Dark",
  loopback: "This machine only",
  lan: "The local network",
  ask: "Ask the agent",
  shared: "Read shared folders",
  notes: "Read notes",
  model: "Use the model",
};

interface EditorProps {
  setting: Setting;
  id: string;
}

export function Editor({ setting, id }: EditorProps) {
  const kind = kindOf(setting.schema);
  switch (kind.kind) {
    case "flag":
      return <Flag setting={setting} id={id} />;
    case "choice":
      return <Choice setting={setting} id={id} options={kind.options} />;
    case "choices":
      return <Choices setting={setting} id={id} options={kind.options} />;
    case "fixed":
      return <output id={id}>{String(setting.value)}</output>;
    default:
      return <Typed setting={setting} id={id} kind={kind} />;
  }
}

function Flag({ setting: { key, value }, id }: EditorProps) {
  return (
    <label class="switch">
      <input type="checkbox" role="switch" id={id} checked={value === true} {...told(key, id)} onChange={(event) => void put(key, event.currentTarget.checked)} />
      <span aria-hidden="true">{value === true ? "On" : "Off"}</span>
    </label>
  );
}

function Choice({ setting: { key, value }, id, options }: EditorProps & { options: readonly string[] }) {
  return (
    <select id={id} value={String(value)} {...told(key, id)} onChange={(event) => void put(key, event.currentTarget.value)}>
      {options.map((option) => (
        <option key={option} value={option}>{IN_WORDS[option] ?? option}</option>
      ))}
    </select>
  );
}

function Choices({ setting: { key, value }, id, options }: EditorProps & { options: readonly string[] }) {
  const chosen = Array.isArray(value) ? value : [];
  const choose = (option: string, isChosen: boolean) =>
    void amend<readonly string[]>(key, (before) => options.filter((one) => (one === option ? isChosen : before.includes(one))));
  return (
    <div class="choices" role="group" id={id} tabIndex={-1} aria-label={nameOf(key)} {...told(key, id)}>
      {options.map((option) => (
        <label key={option}>
          <input type="checkbox" checked={chosen.includes(option)} onChange={(event) => choose(option, event.currentTarget.checked)} />
          {IN_WORDS[option] ?? option}
        </label>
      ))}
    </div>
  );
}

/** Enter and leaving send what was typed; Escape takes it back. */
function Typed({ setting, id, kind }: EditorProps & { kind: Kind }) {
  const there = typedOf(kind, setting.value);
  const [typed, setTyped] = useState(there);
  // What did not fit is forgotten with the control that shows it.
  useEffect(() => () => refuse(setting.key, null), [setting.key]);
  /** What was sent last: Enter sends, and leaving after it does not send the same again. */
  const sent = useRef(there);
  const shown = useRef(there);
  // Another value is shown, but not in the place of what was typed while it was on its way.
  useLayoutEffect(() => {
    if (typed === sent.current || typed === shown.current) setTyped(there);
    sent.current = shown.current = there;
  }, [there]);
  const send = () => {
    if (typed === sent.current) return;
    sent.current = typed;
    if (typed === there) return refuse(setting.key, null);
    const read = readTyped(kind, typed);
    if ("problem" in read) refuse(setting.key, read.problem);
    else void put(setting.key, read.value);
  };
  const isLong = kind.kind === "lines" || kind.kind === "json";
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && (!isLong || event.ctrlKey || event.metaKey)) send();
    else if (event.key === "Escape" && typed !== there) {
      setTyped(there);
      sent.current = there;
      refuse(setting.key, null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const common = { id, value: typed, spellcheck: false, onBlur: send, onKeyDown, ...told(setting.key, id) };
  if (isLong) {
    return <textarea {...common} rows={Math.min(8, Math.max(2, typed.split("\n").length))} placeholder={kind.kind === "lines" ? "One on each line" : "JSON"} onInput={(event) => setTyped(event.currentTarget.value)} />;
  }
  return (
    <input
      {...common}
      type="text"
      autocomplete="off"
      inputMode={kind.kind === "number" ? "decimal" : "text"}
      size={kind.kind === "number" ? 12 : 32}
      title={kind.kind === "number" ? bounds(kind.schema) : undefined}
      maxLength={kind.kind === "text" ? kind.maxLength : 30}
      onInput={(event) => setTyped(event.currentTarget.value)}
    />
  );
}

/** What ties a control to its description, and to what is wrong with it. */
export function told(key: string, id: string) {
  const isWrong = problems.value.has(key);
  return { "aria-invalid": isWrong ? ("true" as const) : undefined, "aria-describedby": isWrong ? `${id}-about ${id}-problem` : `${id}-about` };
}
