// A block of code: its language, a button that copies it, and colours once it is whole.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { Later } from "../net/later";
import { Icon } from "../shell/icons";
import { visible } from "../shell/visible";

const highlighter = new Later(async () => (await import("./highlight")).highlighted);
/** Longer code keeps one colour: highlighting it would hold the page up. */
const HIGHLIGHT_MAX_CHARS = 60_000;
const SAID_MS = 1_500;

export function CodeBlock({ text, language, isWhole }: { text: string; language: string; isWhole: boolean }) {
  const wants = isWhole && language !== "" && text.length <= HIGHLIGHT_MAX_CHARS;
  useEffect(() => {
    if (wants) highlighter.want();
  }, [wants]);
  const highlight = wants ? highlighter.part.value : null;
  const shown = useMemo(() => {
    const seen = visible(text);
    return highlight?.(seen, language) ?? seen;
  }, [highlight, text, language]);
  return (
    <figure class="code">
      <figcaption>
        <span>{language || "text"}</span>
        <CopyButton text={text} label="Copy code" />
      </figcaption>
      {/* It scrolls sideways, so it has to be reachable without a mouse. */}
      <pre tabIndex={0} role="group" aria-label={`Code${language && `, ${language}`}`}>
        <code>{shown}</code>
      </pre>
    </figure>
  );
}

/** `children` is what it shows beside its icon. */
export function CopyButton({ text, label, children }: { text: string; label: string; children?: ComponentChildren }) {
  const [said, say] = useState("");
  const copy = async () => {
    say(await navigator.clipboard.writeText(text).then(() => "Copied", () => "Not allowed to copy"));
    setTimeout(() => say(""), SAID_MS);
  };
  return (
    <button type="button" class="plain copy" aria-label={label} title={label} onClick={() => void copy()}>
      <Icon name={said === "Copied" ? "check" : "copy"} />
      {said === "" && children}
      <span role="status">{said}</span>
    </button>
  );
}
