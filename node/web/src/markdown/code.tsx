// A block of code: its language, a button that copies it, and colours once it is whole.

import { signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";

import { Icon } from "../shell/icons";

type Highlighted = typeof import("./highlight").highlighted;

const highlighter = signal<Highlighted | null>(null);
let isFetching = false;
/** Longer code keeps one colour: highlighting it would hold the page up. */
const HIGHLIGHT_MAX_CHARS = 60_000;
const SAID_MS = 1_500;

function fetchHighlighter(): void {
  if (isFetching) return;
  isFetching = true;
  import("./highlight").then(
    (module) => {
      highlighter.value = module.highlighted;
    },
    () => {
      isFetching = false; // code without colours is code still; the next block tries again
    },
  );
}

export function CodeBlock({ text, language, isWhole }: { text: string; language: string; isWhole: boolean }) {
  const wants = isWhole && language !== "" && text.length <= HIGHLIGHT_MAX_CHARS;
  useEffect(() => {
    if (wants) fetchHighlighter();
  }, [wants]);
  const highlight = wants ? highlighter.value : null;
  const shown = useMemo(() => highlight?.(text, language) ?? text, [highlight, text, language]);
  return (
    <figure class="code">
      <figcaption>
        <span>{language || "text"}</span>
        <CopyButton text={text} label="Copy code" />
      </figcaption>
      {/* It scrolls sideways, so it has to be reachable without a mouse. */}
      <pre tabIndex={0} role="region" aria-label={`Code${language && `, ${language}`}`}>
        <code>{shown}</code>
      </pre>
    </figure>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, say] = useState("");
  const copy = async () => {
    say(await navigator.clipboard.writeText(text).then(() => "Copied", () => "Not allowed to copy"));
    setTimeout(() => say(""), SAID_MS);
  };
  return (
    <button type="button" class="plain copy" aria-label={label} title={label} onClick={() => void copy()}>
      <Icon name={said === "Copied" ? "check" : "copy"} />
      <span role="status">{said}</span>
    </button>
  );
}
